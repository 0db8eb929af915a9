#include "platform/base/worker_thread.h"

#include <gtest/gtest.h>

#include <atomic>

namespace lanting {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{60'000};

TEST(WorkerThread, StopEndsASleepAndAWait) {
  for (auto pause : {&WorkerThread::Sleep, &WorkerThread::Wait}) {
    std::atomic<int> rounds{0};
    WorkerThread thread;
    thread.Start([&] {
      while (!thread.stopping()) {
        ++rounds;
        (thread.*pause)(kLong);
      }
    });
    while (rounds == 0) std::this_thread::yield();
    thread.Stop();
    thread.Stop();
    EXPECT_EQ(rounds, 1);
  }
}

TEST(WorkerThread, AWakeIsNotLostWhenItComesBeforeTheWait) {
  std::atomic<int> rounds{0};
  WorkerThread thread;
  thread.Wake();
  thread.Start([&] {
    while (!thread.stopping()) {
      ++rounds;
      thread.Wait(kLong);
    }
  });
  while (rounds < 2) std::this_thread::yield();  // the first Wait returned at once
  thread.Wake();
  while (rounds < 3) std::this_thread::yield();
  EXPECT_FALSE(thread.stopping());
}

TEST(WorkerThread, AWakeDoesNotEndASleep) {
  std::atomic<bool> slept{false};
  WorkerThread thread;
  thread.Start([&] {
    thread.Sleep(milliseconds(50));
    slept = true;
  });
  for (auto end = std::chrono::steady_clock::now() + milliseconds(20); std::chrono::steady_clock::now() < end;) {
    thread.Wake();
    EXPECT_FALSE(slept && std::chrono::steady_clock::now() < end);
  }
}

TEST(WorkerThread, StopsThoughItNeverStarted) { WorkerThread().Stop(); }

}  // namespace
}  // namespace lanting
