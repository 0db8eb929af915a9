// KeyUsageWorker: writes down when keys were last used. Apart from every call: nobody waits for it, and it waits for
// nobody's lock but that of the rows it writes.
#pragma once

#include <chrono>

#include "membership/store/key_usage.h"
#include "platform/base/clock.h"
#include "platform/base/worker_thread.h"
#include "platform/pg/pool.h"

namespace lanting::membership {

struct KeyUsageWorkerOptions {
  std::chrono::milliseconds poll{5000};
  // For each transaction: one a tenant.
  std::chrono::milliseconds timeout{5000};
};

class KeyUsageWorker {
 public:
  // All must outlive this.
  KeyUsageWorker(pg::Pool& pool, KeyUsage& usage, const Clock& clock, KeyUsageWorkerOptions options = {});

  void Start();
  // Writes what is still to be written, as far as the database answers at once.
  void Stop();

  // One round, in this thread; how many keys were written. Also for tests.
  int RunOnce(bool all = false);

 private:
  bool Write(const Id& tenant, const KeyUsage::Batch& batch);

  pg::Pool& pool_;
  KeyUsage& usage_;
  const Clock& clock_;
  KeyUsageWorkerOptions options_;
  WorkerThread thread_;
};

}  // namespace lanting::membership
