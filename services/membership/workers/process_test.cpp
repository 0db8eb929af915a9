// The process as it is started: its binary stands beside this test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <map>
#include <thread>

#include "membership/migrations.gen.h"
#include "platform/base/clock.h"
#include "platform/testing/pg_fixture.h"

namespace lanting::membership {
namespace {

// Exit code of the process started with this environment; -1 if it was still running after 20 s and had to be killed.
int ExitCode(const std::map<std::string, std::string>& settings) {
  const std::string binary = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "lanting-membership";
  std::vector<std::string> environment;
  for (const auto& [name, value] : settings) environment.push_back(name + "=" + value);
  std::vector<char*> envp;
  for (auto& entry : environment) envp.push_back(entry.data());
  envp.push_back(nullptr);
  char* argv[] = {const_cast<char*>(binary.c_str()), nullptr};
  pid_t pid = 0;
  if (posix_spawn(&pid, binary.c_str(), nullptr, nullptr, argv, envp.data()) != 0) {
    ADD_FAILURE() << binary << " cannot be started";
    return -2;
  }
  int status = 0;
  for (auto deadline = DeadlineIn(std::chrono::seconds(20)); Remaining(deadline).count() > 0;) {
    if (waitpid(pid, &status, WNOHANG) == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : -3;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
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

TEST(Process, RefusesWrongSettings) { EXPECT_EQ(ExitCode({{"LANTING_WORKERS", "many"}}), 78); }

}  // namespace
}  // namespace lanting::membership
