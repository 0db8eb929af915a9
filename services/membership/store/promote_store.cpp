// The half of join_store.h that lets people in from the waiting list.
#include <algorithm>

#include "membership/domain/names.h"
#include "membership/domain/offer.h"
#include "membership/events/publish_member.h"
#include "membership/events/publish_offer.h"
#include "membership/store/columns.h"
#include "membership/store/join_store.h"
#include "membership/store/sql_offer.h"

namespace lanting::membership {
namespace {

// Who gets a place where, first come first served.
struct Promotions {
  std::vector<Member> members;
  std::vector<Id> ids, taken;  // of the members, and the group of each
  // Of the groups that took people.
  std::vector<Id> group_ids;
  std::vector<std::int32_t> joined, filled;
};

void CountPlaces(Promotions& to, idempotency::Work& work, const JoinContext& context, const Id& community,
                 const pqxx::result& groups, const std::vector<FreePlaces>& places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto n = static_cast<std::int32_t>(std::count(to.taken.begin(), to.taken.end(), places[i].group));
    if (n == 0) break;
    const auto row = groups[static_cast<pqxx::result::size_type>(i)];
    JoinGroup group{.community = community,
                    .capacity = pg::GetInt32(row["capacity"]),
                    .member_count = pg::GetInt32(row["member_count"]) + n,
                    .version = pg::GetInt(row["version"]) + 1,
                    .new_members = n};
    to.group_ids.push_back(places[i].group);
    to.joined.push_back(n);
    to.filled.push_back(group.full() || group.became_near_full() ? 1 : 0);
    if (group.full()) {
      work.Publish(events::GroupFull(community, places[i].group, group.capacity, group.version, context));
    } else if (group.became_near_full()) {
      work.Publish(events::GroupNearFull(community, places[i].group, group.capacity, group.member_count, group.version,
                                         context));
    }
  }
}

// Each is in, or is offered the place until `until`.
void PublishPlaces(idempotency::Work& work, const JoinContext& context, std::optional<Time> until, Promotions& p) {
  for (auto& member : p.members) {
    if (!until) {
      work.Publish(events::MemberJoined(member, true, context));
      continue;
    }
    member.state = MemberState::kOffered;
    member.offer_expire_time = until;
    work.Publish(events::PlaceOffered(member, context));
  }
}

void Offer(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community, Time until,
           const Promotions& p) {
  std::vector<Id> lines;
  std::vector<std::string> details;
  for (const auto& member : p.members) {
    lines.push_back(Id::New(context.now));
    details.push_back(columns::Json({{"group", names::Group(community, member.group)}, {"until", InstantText(until)}}));
  }
  work.Do(sql::kOffer, tx.tenant(), community, p.ids, p.taken, context.now, p.group_ids, p.joined, p.filled, until,
          lines, details);
}

}  // namespace

std::vector<CommunityOfTenant> WaitingCommunities(pg::Tx& tx, int limit) {
  std::vector<CommunityOfTenant> found;
  for (const auto& row : tx.Run(sql::kWaitingCommunities, limit)) {
    found.push_back({pg::GetId(row["tenant_id"]), pg::GetId(row["id"])});
  }
  return found;
}

Result<int> PromoteWaiting(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community) {
  const auto queue = tx.Run(sql::kLockQueue, tx.tenant(), community);
  if (queue.empty()) return 0;
  const auto waiting = tx.Run(sql::kFirstWaiting, tx.tenant(), community, kMaxPromotions);
  if (waiting.empty()) return 0;
  const auto groups = tx.Run(sql::kFreePlaces, tx.tenant(), community, static_cast<std::int32_t>(waiting.size()));
  std::vector<FreePlaces> places;
  for (const auto& row : groups)
    places.push_back({pg::GetId(row["id"]), pg::GetInt32(row["capacity"]) - pg::GetInt32(row["member_count"])});
  Promotions p;
  p.taken = DecidePromotions(places, waiting.size());
  if (p.taken.empty()) return 0;

  for (std::size_t i = 0; i < p.taken.size(); ++i) {
    const auto row = waiting[static_cast<pqxx::result::size_type>(i)];
    p.members.push_back({.id = pg::GetId(row["id"]),
                         .community = community,
                         .group = p.taken[i],
                         .source = static_cast<JoinSource>(pg::GetInt(row["source"])),
                         .referrer = pg::GetOptionalId(row["referrer_id"]).value_or(Id()),
                         .version = pg::GetInt(row["version"]) + 1});
    p.ids.push_back(p.members.back().id);
  }
  const int minutes = pg::GetInt32(queue[0]["offer_minutes"]);
  const auto until = minutes > 0 ? std::optional(OfferUntil(context.now, minutes)) : std::nullopt;
  PublishPlaces(work, context, until, p);
  CountPlaces(p, work, context, community, groups, places);
  if (until) {
    Offer(tx, work, context, community, *until, p);
  } else {
    work.Do(sql::kPromote, tx.tenant(), community, p.ids, p.taken, context.now, p.group_ids, p.joined, p.filled);
  }
  return static_cast<int>(p.taken.size());
}

}  // namespace lanting::membership
