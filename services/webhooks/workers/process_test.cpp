// The process as it is started: its binary stands beside this test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <thread>

#include "platform/base/clock.h"
#include "platform/testing/child.h"
#include "platform/testing/pg_fixture.h"
#include "webhooks/migrations.gen.h"

namespace lanting::webhooks {
namespace {

using Settings = std::map<std::string, std::string>;

// Exit code of the process started with this environment; -1 if it was still running after a minute.
int ExitCode(const Settings& settings, const std::vector<std::string>& arguments = {}) {
  const std::string binary = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "lanting-webhooks";
  std::vector<std::string> command{binary};
  command.insert(command.end(), arguments.begin(), arguments.end());
  testing::Child process(command, settings);
  for (auto deadline = DeadlineIn(std::chrono::minutes(1)); Remaining(deadline).count() > 0;) {
    if (process.Ended()) return process.ExitCode();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return -1;
}

Settings Good(const std::string& pg_url, const std::string& relay_url) {
  return {{"LANTING_PG_URL", pg_url},
          {"LANTING_PG_RELAY_URL", relay_url},
          {"LANTING_REDIS_URL", "unix:///nonexistent.sock"},
          {"LANTING_INTROSPECT_KEY", std::string(32, 'k')},
          {"LANTING_SECRETS_KEY", std::string(64, '7')},
          {"LANTING_GRPC_ADDRESS", "127.0.0.1:0"},
          {"LANTING_ADMIN_ADDRESS", "127.0.0.1:0"},
          {"LANTING_LOG_LEVEL", "error"}};
}

TEST(Process, RefusesARoleThatIsolationDoesNotBind) {
  testing::PgDatabase db{{{"webhooks", kMigrations}}};
  for (auto role : {testing::PgRole::kSuperuser, testing::PgRole::kOwner})
    EXPECT_EQ(ExitCode(Good(db.Url("webhooks", role), db.Url("webhooks", testing::PgRole::kRelay))), 78);
}

TEST(Process, KnowsHelpAndVersionAlone) {
  EXPECT_EQ(ExitCode({}, {"--help"}), 0);
  EXPECT_EQ(ExitCode({}, {"--version"}), 0);
  EXPECT_EQ(ExitCode({}, {"--bogus"}), 64);
}

TEST(Process, RefusesWrongSettings) {
  const auto good = Good("postgresql://nobody@127.0.0.1:1/x", "postgresql://nobody@127.0.0.1:1/x");
  for (const auto& [name, value] : Settings{{"LANTING_SECRETS_KEY", ""},
                                            {"LANTING_SECRETS_KEY ", "too short"},
                                            {"LANTING_SECRETS_OLD_KEYS", "none"},
                                            {"LANTING_INTROSPECT_KEY", ""},
                                            {"LANTING_UPSTREAMS", "lanting.content.v1=127.0.0.1:1"},
                                            {"LANTING_WORKERS", "many"}}) {
    auto settings = good;
    settings[name.substr(0, name.find(' '))] = value;
    EXPECT_EQ(ExitCode(settings), 78) << name;
  }
}

}  // namespace
}  // namespace lanting::webhooks
