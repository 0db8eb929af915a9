// PingWaiter: answers the calls that wait for the outcome of a ping. The sender of any process may be the one that
// sends it, so the outcome is looked for in the database; Wake() spares the wait when it was this process's.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "lanting/webhooks/v1/webhook.pb.h"
#include "platform/base/worker_thread.h"
#include "platform/pg/pool.h"

namespace lanting::webhooks {

class PingWaiter {
 public:
  using Done = std::function<void(Result<v1::Delivery>)>;

  explicit PingWaiter(pg::Pool& pool) : pool_(pool) {}
  ~PingWaiter() { Stop(); }

  void Start();
  // Answers what waits as it is.
  void Stop();
  void Wake() { thread_.Wake(); }

  // `done` is called once, with the delivery when it is not PENDING any more, or as it is at `deadline`. Beyond a
  // hundred that wait: OVERLOADED.
  void Await(const Id& tenant, const Id& webhook, const Id& delivery, Deadline deadline, Done done);

 private:
  struct Waiting {
    Id tenant, webhook, delivery;
    Deadline deadline;
    Done done;
  };
  // True if it was answered.
  bool Look(const Waiting& waiting);
  void LookAtAll();

  pg::Pool& pool_;
  std::mutex mutex_;
  std::vector<Waiting> waiting_;
  bool stopped_ = false;
  WorkerThread thread_;
};

}  // namespace lanting::webhooks
