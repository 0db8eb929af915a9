// The process itself: its arguments, its exit codes, and what it says of settings that are wrong.
#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "platform/http/server.h"
#include "platform/testing/child.h"

namespace lanting::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Ended {
  int code;
  std::string said;
};

class GatewayProcess : public ::testing::Test {
 protected:
  GatewayProcess() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gateway-XXXXXX").string();
    log_ = mkdtemp(pattern.data()) + std::string("/log");
  }
  ~GatewayProcess() override { std::filesystem::remove_all(std::filesystem::path(log_).parent_path()); }

  std::string Said() const {
    std::stringstream text;
    text << std::ifstream(log_).rdbuf();
    return text.str();
  }
  // Runs until it ends by itself, or has said `until` and is then asked to end.
  Ended Run(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& settings,
            const std::string& until = "") {
    std::filesystem::remove(log_);
    std::vector<std::string> command{LANTING_GATEWAY};
    command.insert(command.end(), arguments.begin(), arguments.end());
    testing::Child child(command, settings, log_);
    bool asked = false;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!child.Ended() && std::chrono::steady_clock::now() < deadline) {
      if (!asked && !until.empty() && Said().find(until) != std::string::npos) {
        child.Signal(SIGTERM);
        asked = true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return {child.Ended() ? child.ExitCode() : -1, Said()};
  }

  std::string log_;
};

const std::pair<const std::string, std::string> kUpstreams{"LANTING_UPSTREAMS", "lanting.membership.v1=127.0.0.1:1"};

TEST_F(GatewayProcess, UnknownArgumentsAreRefused) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--port=80"}, {"serve"}, {""}, {"--help", "more"}, {"--version", "--help"}}) {
    const Ended ended = Run(arguments, {kUpstreams});
    EXPECT_EQ(ended.code, 64) << arguments[0];
    EXPECT_THAT(ended.said, StartsWith("usage: lanting-gateway [--help | --version]")) << arguments[0];
  }
}

TEST_F(GatewayProcess, SaysItsVersionAndItsSettings) {
  const Ended version = Run({"--version"}, {});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.said, "lanting-gateway " LANTING_VERSION "\n");
  const Ended help = Run({"--help"}, {kUpstreams});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.said, HasSubstr("LANTING_ADMIN_ADDRESS=127.0.0.1:9200"));
}

TEST_F(GatewayProcess, WrongSettingsEndWith78AndAreAllNamed) {
  const Ended ended = Run({}, {{"LANTING_UPSTREAMS", "membership"}, {"LANTING_HTTP_THREADS", "many"}});
  EXPECT_EQ(ended.code, 78);
  EXPECT_THAT(ended.said, HasSubstr(R"("msg":"bad setting","setting":"LANTING_HTTP_THREADS=many: )"));
  EXPECT_THAT(ended.said, HasSubstr(R"("msg":"bad setting","setting":"LANTING_UPSTREAMS: 'membership' is not )"));
  const Ended nobody = Run({}, {{"LANTING_UPSTREAMS", "lanting.nobody.v1=127.0.0.1:1"}});
  EXPECT_EQ(nobody.code, 78);
  EXPECT_THAT(nobody.said, HasSubstr(R"("msg":"bad setting","setting":"LANTING_UPSTREAMS: no service in package)"));
}

TEST_F(GatewayProcess, ServesUntilItIsAskedToEndAndAPortInUseIsNoFaultOfTheSettings) {
  std::map<std::string, std::string> settings{
      kUpstreams, {"LANTING_HTTP_ADDRESS", "127.0.0.1:0"}, {"LANTING_ADMIN_ADDRESS", "127.0.0.1:0"}};
  EXPECT_EQ(Run({}, settings, R"("msg":"serving")").code, 0);
  http::Server other({}, [](std::shared_ptr<http::Exchange>) {});
  settings["LANTING_HTTP_ADDRESS"] = "127.0.0.1:" + std::to_string(other.port());
  const Ended ended = Run({}, settings);
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.said, HasSubstr(R"("msg":"cannot start","cause":"cannot listen on )"));
}

TEST_F(GatewayProcess, TakesNewSettingsOnSighupOrKeepsTheOldOnes) {
  const std::string file = std::filesystem::path(log_).parent_path() / "settings";
  const auto write = [&](const std::string& text) { std::ofstream(file) << text; };
  const auto says = [&](const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (Said().find(text) == std::string::npos && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return Said().find(text) != std::string::npos;
  };
  write("LANTING_UPSTREAMS=lanting.membership.v1=127.0.0.1:1\n");
  testing::Child child({LANTING_GATEWAY},
                       {{"LANTING_SETTINGS_FILE", file},
                        {"LANTING_HTTP_ADDRESS", "127.0.0.1:0"},
                        {"LANTING_ADMIN_ADDRESS", "127.0.0.1:0"}},
                       log_);
  ASSERT_TRUE(says(R"("msg":"serving")")) << Said();
  write("LANTING_UPSTREAMS=lanting.nobody.v1=127.0.0.1:1\nLANTING_TYPO=1\n");
  child.Signal(SIGHUP);
  EXPECT_TRUE(says("settings file: LANTING_TYPO is not a setting")) << Said();
  EXPECT_TRUE(says("settings not taken")) << Said();
  write("LANTING_UPSTREAMS=lanting.nobody.v1=127.0.0.1:1\n");
  child.Signal(SIGHUP);
  EXPECT_TRUE(says("no service in package 'lanting.nobody.v1'")) << Said();
  EXPECT_THAT(Said(), Not(HasSubstr("settings taken")));
  write("LANTING_UPSTREAMS=lanting.membership.v1=127.0.0.1:2\nLANTING_HTTP_THREADS=2\n");
  child.Signal(SIGHUP);
  EXPECT_TRUE(says(R"("msg":"settings taken")")) << Said();
  EXPECT_THAT(Said(), HasSubstr("need another start"));
  child.Signal(SIGTERM);
  EXPECT_TRUE(says(R"("msg":"draining")")) << Said();
}

}  // namespace
}  // namespace lanting::gateway
