#include "platform/base/worker_thread.h"

namespace lanting {

void WorkerThread::Start(std::function<void()> run) {
  if (!thread_.joinable()) thread_ = std::thread(std::move(run));
}

void WorkerThread::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void WorkerThread::Wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

bool WorkerThread::stopping() const {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void WorkerThread::Sleep(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, most, [this] { return stopping_; });
}

void WorkerThread::Wait(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, most, [this] { return stopping_ || woken_; });
  woken_ = false;
}

}  // namespace lanting
