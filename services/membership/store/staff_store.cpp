#include "membership/store/staff_store.h"

#include "membership/domain/names.h"
#include "membership/domain/staff_errors.h"
#include "membership/store/sql_staff.h"

namespace lanting::membership::staff_store {
namespace {

constexpr int kMaxGroups = 1000;

std::int32_t ChannelOf(const Staff& s) { return s.contact ? static_cast<std::int32_t>(s.contact->channel) : 0; }
std::string UserOf(const Staff& s) { return s.contact ? s.contact->user_id : ""; }

void ExpectConflict(idempotency::Work& work, const Staff& s) {
  work.OnConflict("staff_member_role_key", errors::StaffAssigned(NameOf(s.role)));
}

}  // namespace

Staff Read(const pqxx::row& row) {
  Staff s{.id = pg::GetId(row["id"]),
          .community = pg::GetId(row["community_id"]),
          .role = static_cast<StaffRole>(pg::GetInt(row["role"])),
          .display_name = pg::GetString(row["display_name"]),
          .member = pg::GetOptionalId(row["member_id"]).value_or(Id()),
          .grade = pg::GetString(row["grade"]),
          .create_time = pg::GetTime(row["create_time"]),
          .update_time = pg::GetTime(row["update_time"]),
          .end_time = pg::GetOptionalTime(row["end_time"]),
          .version = pg::GetInt(row["version"])};
  if (const auto channel = pg::GetInt(row["contact_channel"]); channel != 0) {
    s.contact = {static_cast<Channel>(channel), pg::GetString(row["contact_user_id"])};
  }
  for (const auto& group : pg::GetStringArray(row["groups"])) s.groups.push_back(*Id::ParseUuid(group));
  return s;
}

std::optional<Staff> Get(pg::Tx& tx, const Id& community, const Id& staff) {
  auto rows = tx.Run(sql::kGetStaff, tx.tenant(), community, staff);
  if (rows.empty()) return std::nullopt;
  return Read(rows[0]);
}

std::vector<Staff> Active(pg::Tx& tx, const Id& community) {
  std::vector<Staff> all;
  for (const auto& row : tx.Run(sql::kActiveStaff, tx.tenant(), community, kMaxStaff)) all.push_back(Read(row));
  return all;
}

Numbers Count(pg::Tx& tx, const Id& community, StaffRole role) {
  const auto rows = tx.Run(sql::kCountStaff, tx.tenant(), community, static_cast<std::int32_t>(role));
  return {pg::GetInt32(rows[0]["all_roles"]), pg::GetInt32(rows[0]["of_role"])};
}

Result<void> CheckReferences(pg::Tx& tx, const Staff& s) {
  if (!s.member.IsNil() && tx.Run(sql::kMemberOfCommunity, tx.tenant(), s.community, s.member).empty()) {
    return errors::MemberNotFound(names::Member(s.community, s.member));
  }
  if (s.groups.empty()) return {};
  const auto unknown = tx.Run(sql::kUnknownGroups, tx.tenant(), s.community, s.groups);
  if (!unknown.empty()) return errors::GroupNotFound(names::Group(s.community, pg::GetId(unknown[0]["id"])));
  return {};
}

std::vector<Id> OpenMainGroups(pg::Tx& tx, const Id& community) {
  std::vector<Id> groups;
  for (const auto& row : tx.Run(sql::kOpenMainGroups, tx.tenant(), community, kMaxGroups)) {
    groups.push_back(pg::GetId(row["id"]));
  }
  return groups;
}

void Create(idempotency::Work& work, const Id& tenant, const Staff& s) {
  ExpectConflict(work, s);
  work.Do(sql::kCreateStaff, tenant, s.community, s.id, static_cast<std::int32_t>(s.role), s.display_name, s.member,
          ChannelOf(s), UserOf(s), s.groups, s.grade, s.version, s.create_time);
}

void Update(idempotency::Work& work, const Id& tenant, const Staff& s) {
  ExpectConflict(work, s);
  work.Do(sql::kUpdateStaff, tenant, s.community, s.id, s.display_name, s.member, ChannelOf(s), UserOf(s), s.groups,
          s.grade, s.version, s.update_time, s.end_time);
}

}  // namespace lanting::membership::staff_store
