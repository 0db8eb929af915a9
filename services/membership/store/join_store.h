// The one way into a community: CreateMember, BatchCreateMembers, invite links, approved applications and imports all
// end here, so that capacity, the waiting list and uniqueness are decided in one place.
//
// Whoever changes places (groups' counts and capacities, the waiting list, members' states, uses of links) or decides
// by them holds the lock of the community row; rows of groups and links are never locked before it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "membership/domain/join.h"
#include "membership/events/cause.h"
#include "platform/base/result.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership {

using JoinContext = events::Cause;

// Items that stand or fall together.
struct JoinRequest {
  JoinContext context;
  std::vector<JoinItem> items;
};

// Loads what the items need (communities locked FOR NO KEY UPDATE in the order of their ids, so that batches cannot
// deadlock), lets domain/join decide item by item in order, and fills `work` with one effect, and the events, for the
// items that were let in or put on the waiting list. The result has one entry per item, in order; an item that is
// refused (duplicate, rules not accepted, unknown community, ...) has no effect and does not hurt the others. An Error
// of the whole call means that nothing may be applied.
Result<std::vector<Result<Member>>> Join(pg::Tx& tx, idempotency::Work& work, const JoinContext& context,
                                         const std::vector<JoinItem>& items);

// A dry run of Join, chunk by chunk: takes no lock and writes nothing, but counts what it let in, so that its later
// answers are those that Join would give, as long as nobody else joins meanwhile. Needs no more than a READ ONLY
// transaction.
class JoinTrial {
 public:
  // For at most `items` items in all.
  explicit JoinTrial(int items) : items_(items) {}
  std::vector<Result<Member>> Join(pg::Tx& tx, const JoinContext& context, const std::vector<JoinItem>& items);

 private:
  const int items_;
  std::optional<JoinView> view_;
};

// The two halves of Join, for callers with something to do between them (api/join_batcher.h looks up remembered replies
// once the communities are locked). One round trip; none when there is nothing to load.
JoinView LoadJoinView(pg::Tx& tx, const std::vector<const JoinRequest*>& requests);
// Decides in order, and says the effect and the events. The answer has one entry per request, and in it one per item; a
// request with a refused item has no effect at all.
std::vector<std::vector<Result<Member>>> DecideJoin(const Id& tenant, JoinView& view, idempotency::Work& work,
                                                    const std::vector<const JoinRequest*>& requests);

// Most people who come in from the waiting list in one transaction.
inline constexpr int kMaxPromotions = 1000;

// Lets people in from the waiting list of a community, first come first served, as far as its main groups have places,
// those of this transaction included; a community with offers (offer_minutes) keeps the places for them instead, and
// they accept or decline (store/offer_store.h). The number of people who got a place; when it is kMaxPromotions there
// may be more: call again in another transaction. Says the effect of `work` (what else the transaction does goes
// through tx.Run before) and the events; neither if nobody gets one. Takes the lock of the community. An unknown
// community has nobody waiting.
Result<int> PromoteWaiting(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community);

struct CommunityOfTenant {
  Id tenant, community;
};
// Communities of all tenants with people waiting beside a free place, at most `limit`. For a transaction of no tenant.
std::vector<CommunityOfTenant> WaitingCommunities(pg::Tx& tx, int limit);

// The lock that whoever changes places takes first. False if there is no such community.
bool LockCommunity(pg::Tx& tx, const Id& community);

}  // namespace lanting::membership
