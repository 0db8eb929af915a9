// Offers of places to those who wait: accepted, declined, run out. How they are made: PromoteWaiting (join_store.h).
// Each takes the lock of the community.
#pragma once

#include <vector>

#include "membership/store/join_store.h"

namespace lanting::membership {

// The person takes the place that is kept for them, and is in. MEMBER_NOT_FOUND, NOT_OFFERED, OFFER_EXPIRED.
Result<Member> AcceptOffer(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community,
                           const Id& member);

// The person leaves, and the place goes to the next. MEMBER_NOT_FOUND, NOT_OFFERED.
Result<Member> DeclineOffer(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community,
                            const Id& member);

// Most offers that are taken back in one transaction.
inline constexpr int kMaxLapses = 200;

// Takes back what ran out: those people go to the end of the queue, in the order in which their offers ran out, or
// leave after the third; the places go to the next in the same transaction. How many; when it is kMaxLapses there may
// be more.
Result<int> LapseOffers(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community);

struct OfferedPlace {
  CommunityOfTenant community;
  Time expire_time;
};
// Of all tenants, the first to run out first, at most `limit`. For a transaction of no tenant.
std::vector<OfferedPlace> OfferedPlaces(pg::Tx& tx, int limit);

}  // namespace lanting::membership
