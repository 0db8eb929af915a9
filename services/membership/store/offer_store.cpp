#include "membership/store/offer_store.h"

#include <algorithm>

#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/domain/offer.h"
#include "membership/events/publish_member.h"
#include "membership/events/publish_offer.h"
#include "membership/store/columns.h"
#include "membership/store/history.h"
#include "membership/store/member_store.h"
#include "membership/store/sql_member.h"
#include "membership/store/sql_offer.h"

namespace lanting::membership {
namespace {

// The locked community's language, and the member.
struct Offered {
  Member member;
  std::string locale;
  bool open;
};

Result<Offered> LockOffered(pg::Tx& tx, const Id& community, const Id& id) {
  const auto queue = tx.Run(sql::kLockQueue, tx.tenant(), community);
  if (queue.empty()) return errors::MemberNotFound(names::Member(community, id));
  ASSIGN_OR_RETURN(auto member, LockMember(tx, community, id));
  return Offered{std::move(member), pg::GetString(queue[0]["locale"]), pg::GetInt(queue[0]["state"]) == 1};
}

std::string LapseDetail(bool declined) { return columns::Json({{"declined", declined ? "true" : "false"}}); }

// Those who go to the end of the queue.
struct Requeued {
  std::vector<Id> ids, groups;
  std::vector<std::int64_t> tickets;
  std::vector<Id> lines;
  std::vector<std::string> details;
};

// The third offer ran out: two facts, so two versions.
void LeaveUnanswered(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, Member member,
                     const std::string& reason) {
  AddHistory(tx, member.community, member.id, HistoryKind::kOfferLapsed, {{"declined", "false"}}, "", context.now);
  tx.Run(sql::kBumpMember, tx.tenant(), member.id);
  tx.Run(sql::kLeave, tx.tenant(), member.id, member.community, member.group, context.now, reason);
  member.state = MemberState::kLeft;
  ++member.version;
  work.Publish(events::MemberLeft(member, false, context));
}

}  // namespace

Result<Member> AcceptOffer(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community,
                           const Id& id) {
  ASSIGN_OR_RETURN(auto offered, LockOffered(tx, community, id));
  auto& member = offered.member;
  if (!offered.open) return errors::CommunityArchived(names::Community(community));
  RETURN_IF_ERROR(CheckAccept(member, context.now));
  const auto tag = pg::GetString(tx.Run(sql::kGroupTag, tx.tenant(), member.group)[0]["tag"]);
  auto& tags = member.person.tags;
  if (!tag.empty() && std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
  member.state = MemberState::kActive;
  member.offer_expire_time.reset();
  member.missed_offers = 0;
  member.join_time = member.update_time = context.now;
  ++member.version;
  work.Publish(events::MemberJoined(member, true, context));
  work.Do(sql::kAcceptOffer, tx.tenant(), id, community, context.now, tag);
  return member;
}

Result<Member> DeclineOffer(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community,
                            const Id& id) {
  ASSIGN_OR_RETURN(auto offered, LockOffered(tx, community, id));
  RETURN_IF_ERROR(CheckOffered(offered.member));
  AddHistory(tx, community, id, HistoryKind::kOfferLapsed, {{"declined", "true"}}, "", context.now);
  tx.Run(sql::kBumpMember, tx.tenant(), id);
  ++offered.member.version;
  work.Publish(events::OfferLapsed(offered.member, true, context));
  return RemoveMember(tx, work, context, community, id, DeclinedReason(offered.locale));
}

Result<int> LapseOffers(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community) {
  const auto queue = tx.Run(sql::kLockQueue, tx.tenant(), community);
  if (queue.empty()) return 0;
  const auto expired = tx.Run(sql::kExpiredOffers, tx.tenant(), community, context.now, kMaxLapses);
  if (expired.empty()) return 0;
  auto ticket = pg::GetInt(queue[0]["next_ticket"]);
  const auto reason = UnansweredReason(pg::GetString(queue[0]["locale"]));
  Requeued back;
  for (const auto& row : expired) {
    Member member{.id = pg::GetId(row["id"]),
                  .community = community,
                  .group = pg::GetId(row["group_id"]),
                  .version = pg::GetInt(row["version"]) + 1};
    work.Publish(events::OfferLapsed(member, false, context));
    if (LeavesAfter(pg::GetInt32(row["missed_offers"]))) {
      LeaveUnanswered(tx, work, context, member, reason);
      continue;
    }
    back.ids.push_back(member.id);
    back.groups.push_back(member.group);
    back.tickets.push_back(ticket++);
    back.lines.push_back(Id::New(context.now));
    back.details.push_back(LapseDetail(false));
  }
  if (!back.ids.empty()) {
    tx.Run(sql::kRequeue, tx.tenant(), community, back.ids, back.groups, back.tickets, context.now, back.lines,
           back.details);
  }
  RETURN_IF_ERROR(PromoteWaiting(tx, work, context, community));
  return static_cast<int>(expired.size());
}

std::vector<OfferedPlace> OfferedPlaces(pg::Tx& tx, int limit) {
  std::vector<OfferedPlace> found;
  for (const auto& row : tx.Run(sql::kOfferedPlaces, limit)) {
    found.push_back(
        {{pg::GetId(row["tenant_id"]), pg::GetId(row["community_id"])}, pg::GetTime(row["offer_expire_time"])});
  }
  return found;
}

}  // namespace lanting::membership
