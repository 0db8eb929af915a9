#include "membership/store/member_store.h"

#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/events/publish_member.h"
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
  for (const auto& text : pg::GetStringArray(row["identities"])) {
    auto colon = text.find(':');
    m.person.identities.push_back({static_cast<Channel>(std::stoi(text.substr(0, colon))), text.substr(colon + 1)});
  }
  return m;
}

Result<Member> GetMember(pg::Tx& tx, const Id& community, const Id& member) {
  auto rows = tx.Run(sql::kGetMember, tx.tenant(), member, community);
  if (rows.empty()) return errors::MemberNotFound(names::Member(community, member));
  auto found = ReadMember(rows.front());
  found.waiting_position = pg::GetInt32(rows.front()["waiting_position"]);
  return found;
}

Result<Member> RemoveMember(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community,
                            const Id& id) {
  const auto name = names::Member(community, id);
  if (!LockCommunity(tx, community)) return errors::MemberNotFound(name);
  const auto rows = tx.Run(sql::kGetMemberRow, tx.tenant(), id, community);
  if (rows.empty()) return errors::MemberNotFound(name);
  auto member = ReadMember(rows.front());
  if (member.state == MemberState::kLeft) return errors::MemberGone(name);
  const bool was_active = member.state == MemberState::kActive;
  tx.Run(sql::kLeave, tx.tenant(), id, community, was_active ? member.group : Id(), context.now);
  member.state = MemberState::kLeft;
  member.person.identities.clear();
  member.waiting_ticket.reset();
  member.waiting_position = 0;
  member.update_time = context.now;
  ++member.version;
  work.Publish(events::MemberLeft(member, was_active, {context.now, context.traceparent}));
  if (was_active) {
    RETURN_IF_ERROR(PromoteWaiting(tx, work, context, community));
  }
  return member;
}

}  // namespace lanting::membership
