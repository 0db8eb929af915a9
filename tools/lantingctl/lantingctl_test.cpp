// The program itself, as an operator runs it: what it says about wrong usage, and what it finds in Redis.
#include <gmock/gmock.h>
#include <poll.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/base/clock.h"
#include "platform/inbox/dead_letter.h"
#include "platform/redis/stream.h"
#include "platform/testing/child.h"
#include "platform/testing/redis_fixture.h"

namespace lanting::ctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Outcome {
  int code = -1;
  std::string text;  // stdout and stderr
};

class LantingctlTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "lantingctl-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  Outcome Run(std::vector<std::string> args) {
    const auto log = dir_ / ("run" + std::to_string(++runs_));
    args.insert(args.begin(), LANTINGCTL);
    testing::Child child(args, {}, log.string());
    const auto deadline = DeadlineIn(std::chrono::seconds(60));
    while (!child.Ended()) {
      if (Remaining(deadline).count() <= 0) return {.text = "still runs after a minute"};
      ::poll(nullptr, 0, 5);
    }
    std::stringstream text;
    text << std::ifstream(log).rdbuf();
    return {child.ExitCode(), text.str()};
  }

 private:
  std::filesystem::path dir_;
  int runs_ = 0;
};

TEST_F(LantingctlTest, NamesTheUnexpectedArgumentBeforeWhatIsMissing) {
  for (const auto& [args, unexpected] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"bogus"}, "bogus"},
           {{"help"}, "help"},
           {{"tenant", "bogus"}, "bogus"},
           {{"tenant", "list", "兰亭"}, "兰亭"},
           {{"tenant", "create", "--nme", "Orchid Pavilion"}, "--nme"},
           {{"import", "--comunity", "x", "people.csv"}, "--comunity"}}) {
    const auto run = Run(args);
    EXPECT_EQ(run.code, 64) << run.text;
    EXPECT_THAT(run.text,
                AllOf(StartsWith("lantingctl: unexpected argument: " + unexpected), Not(HasSubstr("required"))));
  }
  EXPECT_THAT(Run({"tenant", "bogus"}).text, HasSubstr("create, list, get"));
  EXPECT_THAT(Run({"tenant"}).text, HasSubstr("needs a command: create, list, get"));
  EXPECT_THAT(Run({"tenant", "create"}).text, HasSubstr("--name is required"));
}

TEST_F(LantingctlTest, SaysWrongUsageAsJsonWhereverTheFlagStands) {
  for (const auto& args : std::vector<std::vector<std::string>>{{"--json", "bogus"}, {"bogus", "--json"}}) {
    const auto run = Run(args);
    EXPECT_EQ(run.code, 64);
    EXPECT_THAT(run.text, StartsWith("{\"reason\":\"WRONG_USAGE\",\"message\":\"unexpected argument: bogus;"));
  }
  EXPECT_THAT(Run({"tenant", "list", "--json"}).text,
              AllOf(StartsWith("{\"reason\":\"WRONG_USAGE\""), HasSubstr("LANTING_ADMIN_KEY")));
}

TEST_F(LantingctlTest, PrintsTheVersionOfTheBuild) {
  const auto run = Run({"--version"});
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.text, "lantingctl " LANTING_VERSION "\n");
}

TEST_F(LantingctlTest, ListsDeadLettersOfKnownConsumersAndRefusesOthers) {
  testing::RedisFixture redis;
  const auto run = [&](std::vector<std::string> args) {
    args.insert(args.begin(), {"--redis", redis.url(), "dlq"});
    return Run(args);
  };
  EXPECT_THAT(run({"--consumer", "nope", "list"}).text, HasSubstr("known: none."));
  EXPECT_THAT(run({"list"}).text, HasSubstr("No service consumes events"));

  redis::Client client({.url = redis.url()});
  ASSERT_TRUE(client.Command({"XGROUP", "CREATE", redis::StreamKey("membership", 3), "notify", "0", "MKSTREAM"}).ok());
  inbox::DeadLetters letters(client, "incentives");
  ASSERT_TRUE(letters.Add({.stream = redis::StreamKey("membership", 3), .reason = "CANNOT_PARSE", .attempts = 1}).ok());

  const auto unknown = run({"--consumer", "nope", "list"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.text, HasSubstr("There is no consumer nope in this Redis; known: incentives, notify."));
  EXPECT_EQ(run({"--consumer", "nope", "purge", "--all"}).code, 1);

  const auto none = run({"--consumer", "notify", "list"});
  EXPECT_EQ(none.code, 0);
  EXPECT_THAT(none.text, Not(HasSubstr("CANNOT_PARSE")));
  const auto all = run({"list"});
  EXPECT_EQ(all.code, 0);
  EXPECT_THAT(all.text, AllOf(HasSubstr("incentives"), HasSubstr("CANNOT_PARSE")));
  EXPECT_EQ(run({"purge", "--all"}).code, 64);
  EXPECT_THAT(run({"--consumer", "incentives", "purge", "--all"}).text, HasSubstr("purged 1"));
}

TEST_F(LantingctlTest, StatusSaysWhetherRedisAnswers) {
  testing::RedisFixture redis;
  const auto status = [&] { return Run({"--redis", redis.url(), "--json", "status", "--admin", "127.0.0.1:1"}).text; };
  EXPECT_THAT(status(), HasSubstr("{\"address\":\"redis "));
  EXPECT_THAT(status(), HasSubstr("\"state\":\"ready\""));
  redis.Stop();
  EXPECT_THAT(status(), Not(HasSubstr("\"state\":\"ready\"")));
}

}  // namespace
}  // namespace lanting::ctl
