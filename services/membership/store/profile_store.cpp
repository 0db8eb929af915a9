#include "membership/store/profile_store.h"

#include "membership/domain/channel.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/store/columns.h"
#include "membership/store/history.h"
#include "membership/store/member_store.h"
#include "membership/store/sql_member.h"
#include "membership/store/sql_profile.h"

namespace lanting::membership::profile_store {
namespace {

std::string Join(const std::vector<std::string>& texts) {
  std::string joined;
  for (const auto& text : texts) joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

std::map<std::string, std::string> Detail(const TagChange& change) {
  std::map<std::string, std::string> detail;
  if (!change.added.empty()) detail["added"] = Join(change.added);
  if (!change.removed.empty()) detail["removed"] = Join(change.removed);
  return detail;
}

}  // namespace

void Update(pg::Tx& tx, idempotency::Work& work, const Member& m, const ProfileChange& change, const Writer& writer) {
  auto note = [&](HistoryKind kind, const std::map<std::string, std::string>& detail) {
    AddHistory(tx, m.community, m.id, kind, detail, writer.actor, writer.now);
  };
  if (!change.fields.empty()) note(HistoryKind::kUpdated, {{"fields", Join(change.fields)}});
  if (!change.tags.empty()) note(HistoryKind::kTagged, Detail(change.tags));
  const auto& p = m.person;
  work.OnConflict("member_external_id_key", errors::ExternalIdTaken(p.external_id));
  work.Do(sql::kUpdateMember, tx.tenant(), m.id, m.community,
          p.external_id.empty() ? std::nullopt : std::optional(p.external_id), p.display_name, p.expectation,
          columns::Json(p.staff.attributes), static_cast<std::int32_t>(p.staff.customer_class), p.staff.fan_score,
          p.staff.values_fit, p.consent.time, p.consent.statement, m.version, m.update_time, change.tags.removed,
          change.tags.added);
}

void AddIdentity(pg::Tx& tx, idempotency::Work& work, const Member& m, const ChannelIdentity& identity,
                 const Writer& writer) {
  AddHistory(tx, m.community, m.id, HistoryKind::kUpdated, {{"fields", "identities"}}, writer.actor, writer.now);
  work.OnConflict("member_identity_pkey", errors::IdentityTaken(ChannelName(identity.channel), identity.user_id));
  work.Do(sql::kAddIdentity, tx.tenant(), m.id, m.community, m.version, m.update_time,
          static_cast<std::int32_t>(identity.channel), identity.user_id);
}

void RemoveIdentity(pg::Tx& tx, idempotency::Work& work, const Member& m, Channel channel, const Writer& writer) {
  AddHistory(tx, m.community, m.id, HistoryKind::kUpdated, {{"fields", "identities"}}, writer.actor, writer.now);
  work.Do(sql::kRemoveIdentity, tx.tenant(), m.id, m.community, m.version, m.update_time,
          static_cast<std::int32_t>(channel));
}

std::vector<TaggedMember> LockTags(pg::Tx& tx, const Id& community, const std::vector<Id>& members) {
  tx.Run(sql::kLockMembers, tx.tenant(), community, members);
  std::vector<TaggedMember> found;
  for (const auto& row : tx.Run(sql::kTagsOfMembers, tx.tenant(), community, members)) {
    Member member{.id = pg::GetId(row["id"]),
                  .community = community,
                  .state = static_cast<MemberState>(pg::GetInt(row["state"])),
                  .version = pg::GetInt(row["version"])};
    member.person.tags = pg::GetStringArray(row["tags"]);
    found.push_back({std::move(member), {}});
  }
  return found;
}

void PutTags(idempotency::Work& work, const Id& tenant, const Id& community, const std::vector<TaggedMember>& members,
             const Writer& writer) {
  std::vector<Id> changed, history, came_member, gone_member;
  std::vector<std::string> details, came, gone;
  for (const auto& [member, change] : members) {
    if (change.empty()) continue;
    changed.push_back(member.id);
    history.push_back(Id::New(writer.now));
    details.push_back(columns::Json(Detail(change)));
    for (const auto& tag : change.added) came.push_back(tag), came_member.push_back(member.id);
    for (const auto& tag : change.removed) gone.push_back(tag), gone_member.push_back(member.id);
  }
  if (changed.empty()) return;
  work.Do(sql::kTagMembers, tenant, community, writer.now, changed, came_member, came, gone_member, gone, details,
          history, writer.actor);
}

std::vector<TagMembers> ListTags(pg::Tx& tx, const Id& community, const std::string& after, int limit) {
  std::vector<TagMembers> tags;
  const std::vector<pg::Param> params = {pg::ToParam(tx.tenant()), pg::ToParam(community), pg::ToParam(after),
                                         pg::ToParam(limit)};
  for (const auto& row : tx.RunDynamic(sql::kListTags, params))
    tags.push_back({pg::GetString(row["tag"]), pg::GetInt32(row["members"])});
  return tags;
}

Expectations ListExpectations(pg::Tx& tx, const Id& community, int limit) {
  const auto counts = tx.Run(sql::kCountExpectations, tx.tenant(), community)[0];
  Expectations found{.active = pg::GetInt32(counts["active"]), .stated = pg::GetInt32(counts["stated"])};
  for (const auto& row : tx.Run(sql::kListExpectations, tx.tenant(), community, limit))
    found.texts.push_back(pg::GetString(row["expectation"]));
  return found;
}

std::optional<std::string> MemberLocale(pg::Tx& tx, const Id& community, const Id& member) {
  const auto rows = tx.Run(sql::kMemberLocale, tx.tenant(), member, community);
  if (rows.empty()) return std::nullopt;
  return pg::GetString(rows[0]["locale"]);
}

void CreateNote(idempotency::Work& work, const Id& tenant, const MemberNote& n) {
  work.Do(sql::kCreateNote, tenant, n.member, n.id, n.community, n.text, n.author, n.author_name, n.create_time);
}

bool LockNote(pg::Tx& tx, const Id& community, const Id& member, const Id& note) {
  return !tx.Run(sql::kLockNote, tx.tenant(), member, note, community).empty();
}

void DeleteNote(idempotency::Work& work, const Id& tenant, const Id& member, const Id& note) {
  work.Do(sql::kDeleteNote, tenant, member, note);
}

MemberNote ReadNote(const pqxx::row& row) {
  return {.id = pg::GetId(row["id"]),
          .member = pg::GetId(row["member_id"]),
          .community = pg::GetId(row["community_id"]),
          .text = pg::GetString(row["text"]),
          .author = pg::GetString(row["author"]),
          .author_name = pg::GetString(row["author_name"]),
          .create_time = pg::GetTime(row["create_time"])};
}

}  // namespace lanting::membership::profile_store
