// Batcher: group commit for hot writes. Callers hand over items with a completion; a committer thread takes what has
// queued for one tenant (at most max_weight) and runs it as one transaction. No timer: the previous commit is the
// batching window. Items of different tenants never share a transaction.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/id.h"
#include "platform/base/result.h"
#include "platform/pg/batcher_metrics.h"

namespace lanting::pg {

struct BatcherOptions {
  std::string name;              // label of the metrics
  std::size_t threads = 2;       // committers; 2 is best on 2 cores (stack.md 4c)
  std::size_t max_weight = 200;  // most rows in a transaction
  // Most rows that wait: about two seconds of work, so that who is admitted is answered before its deadline. An item
  // beyond is refused with Overloaded.
  std::size_t max_queued = 20'000;
};

// Item needs `Id tenant; Deadline deadline; std::size_t weight;` and `void done(Result<Reply>)` as a member function
// object. `flush` gets items of one tenant and returns one Result per item, in order; if it returns an Error for the
// whole batch (a conflict, a constraint), each item is flushed alone, so one bad item cannot fail its neighbours; only
// UNAVAILABLE and RESOURCE_EXHAUSTED are given to all at once. `flush` may thus see an item twice: it must leave items
// as they are. It must not throw. At most one batch of a tenant is in flight at a time.
template <typename Item, typename Reply>
class Batcher {
 public:
  using Flush = std::function<Result<std::vector<Result<Reply>>>(std::vector<Item>& items)>;

  Batcher(BatcherOptions options, Flush flush);
  ~Batcher();  // finishes what has queued, then stops

  // Never blocks. done is called exactly once: from a committer thread (DeadlineExceeded without running if it waited
  // too long), or at once with Overloaded when the queue is full. An item heavier than the queue gets in when it is
  // empty.
  void Submit(Item item);

 private:
  static constexpr int kRetryAfterMs = 200;

  void Loop();
  std::vector<Item> Take(const Id& tenant);  // mutex held
  void Run(std::vector<Item> batch);

  BatcherOptions options_;
  Flush flush_;
  BatcherMetrics metrics_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::unordered_map<Id, std::deque<Item>> queues_;
  std::deque<Id> turn_;  // tenants with queued items and none in flight, round robin
  std::unordered_set<Id> in_flight_;
  std::size_t queued_ = 0;  // weight
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace lanting::pg

#include "platform/pg/batcher_impl.h"
