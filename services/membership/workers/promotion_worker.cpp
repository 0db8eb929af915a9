#include "membership/workers/promotion_worker.h"

#include "membership/store/join_store.h"
#include "platform/obs/log.h"

namespace lanting::membership {
namespace {

constexpr int kCommunitiesAtOnce = 100;

}  // namespace

PromotionWorker::PromotionWorker(pg::Pool& pool, const Clock& clock, PromotionWorkerOptions options)
    : pool_(pool), clock_(clock), options_(options) {}

void PromotionWorker::Start() {
  thread_.Start([this] {
    while (!thread_.stopping()) {
      RunOnce();
      thread_.Sleep(options_.poll);
    }
  });
}

void PromotionWorker::Stop() { thread_.Stop(); }

int PromotionWorker::RunOnce() {
  auto found = pg::ReadTenant(
      pool_, Id(), DeadlineIn(options_.timeout),
      [](pg::Tx& tx) -> Result<std::vector<CommunityOfTenant>> { return WaitingCommunities(tx, kCommunitiesAtOnce); });
  if (!found.ok()) {
    obs::Debug("promotions wait for the database", {{"reason", found.error().internal}});
    return 0;
  }
  int promoted = 0;
  for (const auto& [tenant, community] : *found) {
    for (int count = kMaxPromotions; count == kMaxPromotions && !thread_.stopping();) {
      auto result = Promote(tenant, community);
      if (!result.ok()) {
        obs::Warn("promotion interrupted", {{"community", community.ToString()}, {"reason", result.error().reason}});
      }
      count = result.ok() ? *result : 0;
      promoted += count;
    }
  }
  return promoted;
}

Result<int> PromotionWorker::Promote(const Id& tenant, const Id& community) {
  ASSIGN_OR_RETURN(int count,
                   pg::InTenantTx(pool_, tenant, DeadlineIn(options_.timeout), [&](pg::Tx& tx) -> Result<int> {
                     idempotency::Work work;
                     ASSIGN_OR_RETURN(int promoted, PromoteWaiting(tx, work, {clock_.Now(), ""}, community));
                     if (!work.empty()) work.Apply(tx);
                     return promoted;
                   }));
  if (count > 0) idempotency::WakeRelay();
  return count;
}

}  // namespace lanting::membership
