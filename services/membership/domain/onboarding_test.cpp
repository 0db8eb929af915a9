#include "membership/domain/onboarding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lanting::membership {
namespace {

using ::testing::HasSubstr;

const Time kNow = Time(std::chrono::hours(480'000));

Community Of(Template from, const std::string& locale) {
  Community community{.opened_from = from};
  community.locale = locale;
  community.declarations.naming_convention = "城市-昵称-爱好";
  return community;
}

std::vector<OnboardingStep> Steps() { return DefaultSteps(Of(Template::kSocialRing, "zh-CN")); }

TEST(DefaultStepsTest, OfEveryTemplateInBothLanguages) {
  for (int t = 1; t <= 4; ++t) {
    const auto chinese = DefaultSteps(Of(static_cast<Template>(t), "zh-CN"));
    const auto english = DefaultSteps(Of(static_cast<Template>(t), "en"));
    ASSERT_EQ(chinese.size(), 4u);
    EXPECT_TRUE(CheckSteps(chinese, "s").empty());
    for (std::size_t i = 0; i < chinese.size(); ++i) {
      EXPECT_EQ(chinese[i].key, english[i].key);
      EXPECT_NE(chinese[i].text, english[i].text);
      EXPECT_NE(chinese[i].text, "");
    }
    EXPECT_THAT(FindStep(chinese, "name")->text, HasSubstr("城市-昵称-爱好"));
    EXPECT_THAT(FindStep(chinese, "introduce")->text, HasSubstr("自我介绍"));
  }
}

TEST(OnboardingTest, IsCompleteWithItsRequiredSteps) {
  const auto steps = Steps();
  OnboardingRecord record;
  EXPECT_FALSE(IsComplete(steps, record));
  record.done = {{"name", kNow, "keys/a"}, {"introduce", kNow, "keys/a"}, {"rules", kNow, "keys/a"}};
  EXPECT_FALSE(IsComplete(steps, record)) << "the rules are accepted, not ticked off";
  record.rules_accept_time = kNow;
  EXPECT_TRUE(IsComplete(steps, record));
  EXPECT_EQ(DoneOf(*FindStep(steps, "rules"), record)->actor, "");
  EXPECT_EQ(DoneOf(*FindStep(steps, "name"), record)->actor, "keys/a");
  EXPECT_FALSE(DoneOf(*FindStep(steps, "hello"), record));
  EXPECT_TRUE(IsComplete({}, {}));
}

TEST(OnboardingTest, SomeStepsAreNobodysToTick) {
  const auto steps = Steps();
  EXPECT_TRUE(CheckManual(steps, "name").ok());
  EXPECT_EQ(CheckManual(steps, "rules").error().reason, "ONBOARDING_STEP_AUTOMATIC");
  EXPECT_EQ(CheckManual(steps, "dance").error().reason, "ONBOARDING_STEP_NOT_FOUND");
}

TEST(CheckStepsTest, KeysAndTriggersAreThereOnce) {
  auto steps = Steps();
  steps.push_back(steps[0]);
  const auto violations = CheckSteps(steps, "onboarding.steps");
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(violations[0].field, "onboarding.steps[4].key");
  EXPECT_EQ(violations[1].field, "onboarding.steps[4].trigger");
}

}  // namespace
}  // namespace lanting::membership
