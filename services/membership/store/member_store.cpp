#include "membership/store/member_store.h"

#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/events/publish_member.h"
#include "membership/store/columns.h"
#include "membership/store/sql_member.h"

namespace lanting::membership {
Member ReadMember(const pqxx::row& row) {
  Member m{.id = pg::GetId(row["id"]),
           .community = pg::GetId(row["community_id"]),
           .person = {.external_id = pg::GetString(row["external_id"]),
                      .display_name = pg::GetString(row["display_name"]),
                      .expectation = pg::GetString(row["expectation"]),
                      .accepted_rules_version = pg::GetInt32(row["accepted_rules_version"])},
           .state = static_cast<MemberState>(pg::GetInt(row["state"])),
           .group = pg::GetOptionalId(row["group_id"]).value_or(Id()),
           .source = static_cast<JoinSource>(pg::GetInt(row["source"])),
           .join_time = pg::GetTime(row["join_time"]),
           .create_time = pg::GetTime(row["create_time"]),
           .update_time = pg::GetTime(row["update_time"]),
           .version = pg::GetInt(row["version"])};
  if (!row["waiting_ticket"].is_null()) m.waiting_ticket = pg::GetInt(row["waiting_ticket"]);
  auto& staff = m.person.staff;
  staff.attributes = columns::ParseTexts(pg::GetString(row["attributes"]));
  staff.customer_class = static_cast<CustomerClass>(pg::GetInt(row["customer_class"]));
  if (!row["fan_score"].is_null()) staff.fan_score = pg::GetInt32(row["fan_score"]);
  if (!row["values_fit"].is_null()) staff.values_fit = pg::GetInt32(row["values_fit"]);
  m.person.consent = {pg::GetOptionalTime(row["consent_time"]), pg::GetString(row["consent_statement"])};
  m.person.tags = pg::GetStringArray(row["tags"]);
  for (const auto& id : pg::GetStringArray(row["topic_groups"])) m.topic_groups.push_back(*Id::ParseUuid(id));
  m.referrer = pg::GetOptionalId(row["referrer_id"]).value_or(Id());
  m.offer_expire_time = pg::GetOptionalTime(row["offer_expire_time"]);
  m.missed_offers = pg::GetInt32(row["missed_offers"]);
  m.merged_into = pg::GetOptionalId(row["merged_into"]).value_or(Id());
  m.leave_time = pg::GetOptionalTime(row["leave_time"]);
  m.leave_reason = pg::GetString(row["leave_reason"]);
  for (const auto& text : pg::GetStringArray(row["identities"])) {
    auto colon = text.find(':');
    m.person.identities.push_back({static_cast<Channel>(std::stoi(text.substr(0, colon))), text.substr(colon + 1)});
  }
  return m;
}

std::optional<Member> FindMember(pg::Tx& tx, const Id& community, const Id& member) {
  const auto rows = tx.Run(sql::kGetMemberRow, tx.tenant(), member, community);
  if (rows.empty()) return std::nullopt;
  return ReadMember(rows.front());
}

Result<Member> GetMember(pg::Tx& tx, const Id& community, const Id& member) {
  auto rows = tx.Run(sql::kGetMember, tx.tenant(), member, community);
  if (rows.empty()) return errors::MemberNotFound(names::Member(community, member));
  auto found = ReadMember(rows.front());
  found.waiting_position = pg::GetInt32(rows.front()["waiting_position"]);
  return found;
}

Result<Member> LockMember(pg::Tx& tx, const Id& community, const Id& member) {
  const bool found = !tx.Run(sql::kLockMember, tx.tenant(), member, community).empty();
  if (!found) return errors::MemberNotFound(names::Member(community, member));
  return ReadMember(tx.Run(sql::kGetMemberRow, tx.tenant(), member, community)[0]);
}

Result<Member> RemoveMember(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community,
                            const Id& id, const std::string& reason) {
  const auto name = names::Member(community, id);
  if (!LockCommunity(tx, community)) return errors::MemberNotFound(name);
  ASSIGN_OR_RETURN(auto member, LockMember(tx, community, id));
  if (member.state == MemberState::kLeft || member.state == MemberState::kMerged) return errors::MemberGone(name);
  const bool had_place = member.state != MemberState::kWaiting;
  const bool was_active = member.state == MemberState::kActive;
  tx.Run(sql::kLeave, tx.tenant(), id, community, had_place ? member.group : Id(), context.now, reason);
  member.state = MemberState::kLeft;
  member.person.identities.clear();
  member.waiting_ticket.reset();
  member.offer_expire_time.reset();
  member.leave_time = context.now;
  member.leave_reason = reason;
  member.waiting_position = 0;
  member.update_time = context.now;
  ++member.version;
  work.Publish(events::MemberLeft(member, was_active, {context.now, context.traceparent}));
  member.topic_groups.clear();
  if (had_place) {
    RETURN_IF_ERROR(PromoteWaiting(tx, work, context, community));
  }
  return member;
}

}  // namespace lanting::membership
