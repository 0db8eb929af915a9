// Executor: a bounded queue and the worker threads that empty it. The bound is what makes overload a quick refusal
// instead of a slow death.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace lanting::rpc {

struct ExecutorOptions {
  int threads = 8;
  std::size_t queue_capacity = 1024;  // waiting jobs, those at work not counted
};

class Executor {
 public:
  enum class Outcome { kAccepted, kFull, kStopping };

  explicit Executor(ExecutorOptions options);
  ~Executor();  // Stop()

  // Never blocks. Jobs must not throw.
  Outcome Submit(std::function<void()> job);
  std::size_t depth() const { return depth_.load(std::memory_order_relaxed); }
  // Refuses new jobs, runs those in the queue, joins the workers. A job must not call it.
  void Stop();

 private:
  void Work();

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::atomic<std::size_t> depth_{0};
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace lanting::rpc
