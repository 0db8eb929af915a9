#include "platform/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace lanting::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Reader With(std::map<std::string, std::string> environment) {
  return Reader([environment = std::move(environment)](const char* name) -> const char* {
    auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

struct IntCase {
  const char* text;
  long value;
  bool fault;
};

TEST(ConfigTest, IntegersAreStrictAndBounded) {
  for (const IntCase& c : std::vector<IntCase>{{"1", 1, false},
                                               {"256", 256, false},
                                               {"", 8, false},
                                               {"0", 8, true},
                                               {"257", 8, true},
                                               {"-1", 8, true},
                                               {"abc", 8, true},
                                               {"12x", 8, true},
                                               {" 12", 8, true},
                                               {"+12", 8, true},
                                               {"0x10", 8, true},
                                               {"1.5", 8, true},
                                               {"99999999999999999999", 8, true}}) {
    auto env = With({{"LANTING_WORKERS", c.text}});
    EXPECT_EQ(env.Int("LANTING_WORKERS", 8, {1, 256}, "handler threads"), c.value) << c.text;
    EXPECT_EQ(env.Faults().size(), c.fault ? 1u : 0u) << c.text;
  }
}

TEST(ConfigTest, AFaultNamesTheSettingItsValueAndTheBounds) {
  auto env = With({{"LANTING_WORKERS", "abc"}});
  env.Int("LANTING_WORKERS", 8, {1, 256}, "handler threads");
  EXPECT_THAT(env.Faults(), ElementsAre("LANTING_WORKERS=abc: not an integer between 1 and 256"));
}

TEST(ConfigTest, BooleansTakeFourSpellings) {
  struct {
    const char* text;
    bool value, fault;
  } cases[] = {{"true", true, false}, {"1", true, false},  {"false", false, false}, {"0", false, false},
               {"", true, false},     {"yes", true, true}, {"TRUE", true, true}};
  for (const auto& c : cases) {
    auto env = With({{"LANTING_FLAG", c.text}});
    EXPECT_EQ(env.Bool("LANTING_FLAG", true, "a switch"), c.value) << c.text;
    EXPECT_EQ(env.Faults().size(), c.fault ? 1u : 0u) << c.text;
  }
}

TEST(ConfigTest, AllFaultsAreReportedAtOnce) {
  auto env = With({{"LANTING_WORKERS", "0"}, {"LANTING_TIMEOUT_MS", "soon"}});
  env.Secret("LANTING_PG_URL", std::nullopt, "database");
  env.Int("LANTING_WORKERS", 8, {1, 256}, "handler threads");
  EXPECT_EQ(env.Millis("LANTING_TIMEOUT_MS", 500, {1, 60'000}, "deadline"), std::chrono::milliseconds(500));
  EXPECT_THAT(env.Faults(), ElementsAre(HasSubstr("LANTING_PG_URL: required"), HasSubstr("LANTING_WORKERS=0"),
                                        HasSubstr("LANTING_TIMEOUT_MS=soon")));
}

TEST(ConfigTest, SecretsAreUsableButNeverShown) {
  auto env = With({{"LANTING_PG_URL", "postgresql://app:hunter2@db/lanting"}, {"LANTING_REGION", "上海"}});
  EXPECT_EQ(env.Secret("LANTING_PG_URL", std::nullopt, "database"), "postgresql://app:hunter2@db/lanting");
  EXPECT_EQ(env.String("LANTING_REGION", "local", "where it runs"), "上海");
  EXPECT_EQ(env.String("LANTING_ZONE", "a", "zone"), "a");
  EXPECT_THAT(env.Faults(), IsEmpty());
  EXPECT_EQ(env.Describe(),
            "LANTING_PG_URL=***  # database\nLANTING_REGION=上海  # where it runs\nLANTING_ZONE=a  # zone\n");
}

TEST(ConfigTest, ReadsTheRealEnvironment) {
  setenv("LANTING_CONFIG_TEST", "from-environment", 1);
  Reader env;
  EXPECT_EQ(env.String("LANTING_CONFIG_TEST", "default", ""), "from-environment");
  unsetenv("LANTING_CONFIG_TEST");
}

}  // namespace
}  // namespace lanting::config
