// PromotionWorker: takes back the offers of places that ran out, at their time, and lets people in from the waiting
// list wherever they wait beside a free place; of all tenants. Whoever frees or makes a place does the latter at once;
// here it is for what a process left undone when it died between two transactions. It also forgets attempts at gates
// that came back. Any number of processes may run one.
#pragma once

#include <chrono>

#include "membership/store/join_store.h"
#include "platform/base/clock.h"
#include "platform/base/worker_thread.h"
#include "platform/pg/pool.h"

namespace lanting::membership {

struct PromotionWorkerOptions {
  // It wakes sooner for an offer that runs out before.
  std::chrono::milliseconds poll{5000};
  // For each transaction.
  std::chrono::milliseconds timeout{5000};
};

class PromotionWorker {
 public:
  PromotionWorker(pg::Pool& pool, const Clock& clock, PromotionWorkerOptions options = {});

  void Start();
  // Returns after the transaction at hand.
  void Stop();

  // One sweep, in this thread; the number of people who got a place, or were offered one, other than that of a lapsed
  // offer. Also for tests.
  int RunOnce();

 private:
  void ForgetAttempts();
  // Takes back what ran out, and says how long until the next offer does.
  std::chrono::milliseconds SweepOffers();
  // Step by step while `step` does as much as `most`; how much it did in all.
  using Step = Result<int> (*)(pg::Tx&, idempotency::Work&, const JoinContext&, const Id&);
  int Repeat(const CommunityOfTenant& community, int most, Step step);

  pg::Pool& pool_;
  const Clock& clock_;
  PromotionWorkerOptions options_;
  std::chrono::milliseconds pause_;  // until the next round
  WorkerThread thread_;
};

}  // namespace lanting::membership
