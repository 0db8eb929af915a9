#include "platform/rpc/executor.h"

#include <algorithm>

namespace lanting::rpc {

Executor::Executor(ExecutorOptions options) : capacity_(options.queue_capacity) {
  for (int i = 0; i < std::max(1, options.threads); ++i) threads_.emplace_back([this] { Work(); });
}

Executor::~Executor() { Stop(); }

Executor::Outcome Executor::Submit(std::function<void()> job) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return Outcome::kStopping;
    if (queue_.size() >= capacity_) return Outcome::kFull;
    queue_.push_back(std::move(job));
    depth_.store(queue_.size(), std::memory_order_relaxed);
  }
  wake_.notify_one();
  return Outcome::kAccepted;
}

void Executor::Stop() {
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  wake_.notify_all();
  for (auto& thread : threads) thread.join();
}

void Executor::Work() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
      depth_.store(queue_.size(), std::memory_order_relaxed);
    }
    job();
  }
}

}  // namespace lanting::rpc
