// PromotionWorker: lets people in from the waiting list wherever they wait beside a free place, of all tenants. Whoever
// frees or makes a place does so at once; this is for what a process left undone when it died between two transactions.
// Any number of processes may run one.
#pragma once

#include <chrono>

#include "platform/base/clock.h"
#include "platform/base/worker_thread.h"
#include "platform/pg/pool.h"

namespace lanting::membership {

struct PromotionWorkerOptions {
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

  // One sweep, in this thread; the number of people let in. Also for tests.
  int RunOnce();

 private:
  Result<int> Promote(const Id& tenant, const Id& community);

  pg::Pool& pool_;
  const Clock& clock_;
  PromotionWorkerOptions options_;
  WorkerThread thread_;
};

}  // namespace lanting::membership
