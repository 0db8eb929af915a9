#include "platform/rpc/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

#include "platform/rpc/process.h"

namespace lanting::rpc {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename F>
bool Eventually(F&& done) {
  for (auto end = DeadlineIn(std::chrono::seconds(10)); std::chrono::steady_clock::now() < end;) {
    if (done()) return true;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return done();
}

TEST(Readiness, FollowsItsChecks) {
  std::atomic<bool> postgres{false}, redis{true};
  std::mutex mutex;
  std::vector<bool> told;
  Readiness readiness(milliseconds(2));
  readiness.Add("postgres", [&]() -> Result<void> {
    if (postgres) return {};
    return errors::DependencyUnavailable("postgres", "connection refused");
  });
  readiness.Add("redis", [&]() -> Result<void> {
    if (!redis) throw std::runtime_error("broken pipe");
    return {};
  });
  EXPECT_THAT(readiness.NotReady(), ElementsAre("postgres", "redis")) << "nothing has passed yet";
  readiness.Start([&](bool ready) {
    std::lock_guard lock(mutex);
    told.push_back(ready);
  });
  auto heard = [&](std::vector<bool> expected) {
    return Eventually([&] {
      std::lock_guard lock(mutex);
      return told == expected;
    });
  };
  EXPECT_TRUE(heard({false}));
  EXPECT_THAT(readiness.NotReady(), ElementsAre("postgres"));
  postgres = true;
  EXPECT_TRUE(heard({false, true}));
  EXPECT_TRUE(readiness.Ready());
  redis = false;
  EXPECT_TRUE(heard({false, true, false}));
  EXPECT_THAT(readiness.NotReady(), ElementsAre("redis"));
  redis = true;
  EXPECT_TRUE(heard({false, true, false, true}));
}

TEST(Readiness, FatalIsToldOnceAndTransientFailuresAreNot) {
  std::atomic<bool> connected{false};
  std::atomic<int> fatal{0}, rounds{0};
  std::string why;
  Readiness readiness(milliseconds(1));
  readiness.Add(
      "role",
      [&]() -> Result<void> {
        ++rounds;
        if (!connected) return errors::DependencyUnavailable("postgres", "starting up");
        return Error{.code = Code::kFailedPrecondition, .reason = "INTERNAL", .message = "the role is a superuser"};
      },
      Readiness::Failure::kFatal);
  readiness.Start({}, [&](const std::string& cause) {
    why = cause;
    ++fatal;
  });
  EXPECT_TRUE(Eventually([&] { return rounds >= 5; }));
  EXPECT_EQ(fatal, 0);
  connected = true;
  EXPECT_TRUE(Eventually([&] { return fatal == 1; }));
  int seen = rounds;
  EXPECT_TRUE(Eventually([&] { return rounds >= seen + 5; }));
  readiness.Stop();
  EXPECT_EQ(fatal, 1);
  EXPECT_THAT(why, HasSubstr("role: the role is a superuser"));
}

// In a child, since signals belong to a whole process.
int ExitCodeOf(void (*child)(Process&)) {
  pid_t pid = fork();
  if (pid == 0) {
    Process process;
    child(process);
    _exit(process.Wait() + 40);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(Process, EndsBySignalOrFailure) {
  EXPECT_EQ(ExitCodeOf([](Process&) { kill(getpid(), SIGTERM); }), 40);
  EXPECT_EQ(ExitCodeOf([](Process&) { kill(getpid(), SIGINT); }), 40);
  EXPECT_EQ(ExitCodeOf([](Process& process) { process.Fail("the role is a superuser"); }), 41);
  EXPECT_EQ(ExitCodeOf([](Process& process) {
              kill(getpid(), SIGTERM);
              process.Wait();
              kill(getpid(), SIGTERM);
              pause();
            }),
            -SIGTERM)
      << "the second signal kills";
}

}  // namespace
}  // namespace lanting::rpc
