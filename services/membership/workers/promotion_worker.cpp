#include "membership/workers/promotion_worker.h"

#include <algorithm>
#include <set>

#include "membership/store/application_store.h"
#include "membership/store/offer_store.h"
#include "platform/obs/log.h"

namespace lanting::membership {
namespace {

constexpr int kCommunitiesAtOnce = 100;
constexpr int kOffersAtOnce = 1000;
constexpr int kAttemptsAtOnce = 1000;

}  // namespace

PromotionWorker::PromotionWorker(pg::Pool& pool, const Clock& clock, PromotionWorkerOptions options)
    : pool_(pool), clock_(clock), options_(options), pause_(options.poll) {}

void PromotionWorker::Start() {
  thread_.Start([this] {
    while (!thread_.stopping()) {
      RunOnce();
      thread_.Sleep(pause_);
    }
  });
}

void PromotionWorker::Stop() { thread_.Stop(); }

int PromotionWorker::RunOnce() {
  ForgetAttempts();
  pause_ = SweepOffers();
  auto found = pg::ReadTenant(
      pool_, Id(), DeadlineIn(options_.timeout),
      [](pg::Tx& tx) -> Result<std::vector<CommunityOfTenant>> { return WaitingCommunities(tx, kCommunitiesAtOnce); });
  if (!found.ok()) {
    obs::Debug("promotions wait for the database", {{"reason", found.error().internal}});
    return 0;
  }
  int promoted = 0;
  for (const auto& community : *found) promoted += Repeat(community, kMaxPromotions, PromoteWaiting);
  return promoted;
}

void PromotionWorker::ForgetAttempts() {
  auto forgotten = pg::InTenantTx(pool_, Id(), DeadlineIn(options_.timeout), [](pg::Tx& tx) -> Result<int> {
    return application_store::ForgetOldAttempts(tx, kAttemptsAtOnce);
  });
  if (!forgotten.ok()) obs::Debug("old attempts wait for the database", {{"reason", forgotten.error().internal}});
}

std::chrono::milliseconds PromotionWorker::SweepOffers() {
  auto offered =
      pg::ReadTenant(pool_, Id(), DeadlineIn(options_.timeout),
                     [](pg::Tx& tx) -> Result<std::vector<OfferedPlace>> { return OfferedPlaces(tx, kOffersAtOnce); });
  if (!offered.ok()) {
    obs::Debug("offers wait for the database", {{"reason", offered.error().internal}});
    return options_.poll;
  }
  const Time now = clock_.Now();
  std::set<std::pair<Id, Id>> swept;
  for (const auto& [community, expire_time] : *offered) {
    if (expire_time > now) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(expire_time - now);
      return std::min(options_.poll, left);
    }
    if (!swept.emplace(community.tenant, community.community).second) continue;
    Repeat(community, kMaxLapses, LapseOffers);
  }
  return options_.poll;
}

int PromotionWorker::Repeat(const CommunityOfTenant& community, int most, Step step) {
  int total = 0;
  for (int count = most; count == most && !thread_.stopping();) {
    auto result = pg::InTenantTx(pool_, community.tenant, DeadlineIn(options_.timeout), [&](pg::Tx& tx) -> Result<int> {
      idempotency::Work work;
      ASSIGN_OR_RETURN(int done, step(tx, work, {clock_.Now(), ""}, community.community));
      if (!work.empty()) work.Apply(tx);
      return done;
    });
    if (!result.ok()) {
      obs::Warn("promotion interrupted",
                {{"community", community.community.ToString()}, {"reason", result.error().reason}});
    }
    count = result.ok() ? *result : 0;
    total += count;
    if (count > 0) idempotency::WakeRelay();
  }
  return total;
}

}  // namespace lanting::membership
