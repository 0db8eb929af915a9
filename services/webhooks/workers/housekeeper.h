// Housekeeper: the gauges of what waits, the end of old deliveries, and secrets that were sealed with an old key. Any
// number of processes may run one.
#pragma once

#include <chrono>

#include "platform/base/clock.h"
#include "platform/base/worker_thread.h"
#include "platform/crypto/secret_box.h"
#include "platform/pg/pool.h"

namespace prometheus {
class Gauge;
}

namespace lanting::webhooks {

struct HousekeeperOptions {
  std::chrono::hours keep{30 * 24};  // deliveries, from when they were made
  std::chrono::milliseconds observe_every{15'000};
  std::chrono::milliseconds clean_every{600'000};
  int purge_batch = 1000;
  std::chrono::milliseconds timeout{10'000};
};

class Housekeeper {
 public:
  // All must outlive this.
  Housekeeper(pg::Pool& pool, const Clock& clock, const crypto::SecretBox& box, HousekeeperOptions options = {});

  void Start();
  void Stop() { thread_.Stop(); }

  // --- one round each, also for tests ---
  void Observe();
  std::int64_t Purge();  // how many deliveries are gone
  int Reseal();          // how many secrets are sealed anew

 private:
  pg::Pool& pool_;
  const Clock& clock_;
  const crypto::SecretBox& box_;
  const HousekeeperOptions options_;
  prometheus::Gauge &pending_, &oldest_age_;
  WorkerThread thread_;
};

}  // namespace lanting::webhooks
