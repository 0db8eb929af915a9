// WorkerThread: one thread that works in rounds, sleeps between them, and ends when told to.
//
//   thread_.Start([this] {
//     while (!thread_.stopping()) {
//       RunOnce();
//       thread_.Wait(options_.poll);
//     }
//   });
//
// Declared as the last member, so that it has ended before what it works with goes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace lanting {

class WorkerThread {
 public:
  WorkerThread() = default;
  ~WorkerThread() { Stop(); }
  WorkerThread(const WorkerThread&) = delete;

  // Once; a second call while it runs does nothing.
  void Start(std::function<void()> run);
  // Ends every Sleep and Wait, and returns when the thread has ended. May be called again, also if it was never
  // started.
  void Stop();
  // Ends the Wait at hand, or the next one.
  void Wake();

  bool stopping() const;
  // --- for the thread itself ---
  void Sleep(std::chrono::milliseconds most);  // until then or Stop
  void Wait(std::chrono::milliseconds most);   // until then, Wake or Stop

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false, woken_ = false;
  std::thread thread_;
};

}  // namespace lanting
