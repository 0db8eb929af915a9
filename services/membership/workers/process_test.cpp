// The process as it is started: its binary stands beside this test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <thread>

#include "membership/migrations.gen.h"
#include "platform/base/clock.h"
#include "platform/testing/child.h"
#include "platform/testing/pg_fixture.h"

namespace lanting::membership {
namespace {

// Exit code of the process started with this environment; -1 if it was still running after 20 s.
int ExitCode(const std::map<std::string, std::string>& settings, const std::vector<std::string>& arguments = {}) {
  const std::string binary = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "lanting-membership";
  std::vector<std::string> command{binary};
  command.insert(command.end(), arguments.begin(), arguments.end());
  lanting::testing::Child process(command, settings);
  for (auto deadline = DeadlineIn(std::chrono::seconds(20)); Remaining(deadline).count() > 0;) {
    if (process.Ended()) return process.ExitCode();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return -1;
}

TEST(Process, RefusesARoleThatIsolationDoesNotBind) {
  lanting::testing::PgDatabase db{{{"membership", kMigrations}}};
  for (auto role : {lanting::testing::PgRole::kSuperuser, lanting::testing::PgRole::kOwner}) {
    EXPECT_EQ(ExitCode({{"LANTING_PG_URL", db.Url("membership", role)},
                        {"LANTING_PG_RELAY_URL", db.Url("membership", lanting::testing::PgRole::kRelay)},
                        {"LANTING_REDIS_URL", "unix:///nonexistent.sock"},
                        {"LANTING_ADMIN_KEY", std::string(32, 'k')},
                        {"LANTING_GRPC_ADDRESS", "127.0.0.1:0"},
                        {"LANTING_ADMIN_ADDRESS", "127.0.0.1:0"},
                        {"LANTING_LOG_LEVEL", "error"}}),
              78);
  }
}

TEST(Process, KnowsHelpAndVersionAlone) {
  EXPECT_EQ(ExitCode({}, {"--help"}), 0);
  EXPECT_EQ(ExitCode({}, {"--version"}), 0);
  EXPECT_EQ(ExitCode({}, {"--bogus"}), 64);
  EXPECT_EQ(ExitCode({}, {"--help", "me"}), 64);
}

TEST(Process, RefusesWrongSettings) { EXPECT_EQ(ExitCode({{"LANTING_WORKERS", "many"}}), 78); }

}  // namespace
}  // namespace lanting::membership
