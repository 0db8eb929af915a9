#include "membership/domain/templates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

class EveryTemplate : public testing::TestWithParam<std::tuple<Template, std::string>> {
 protected:
  const TemplateDefaults& defaults() const { return DefaultsOf(std::get<0>(GetParam()), std::get<1>(GetParam())); }
};

// Whatever the advice wants fixed before the first member joins is there, and fits the API's own limits.
TEST_P(EveryTemplate, FixesEverythingWithinTheLimits) {
  const auto& d = defaults();
  EXPECT_EQ(d.id, std::get<0>(GetParam()));
  EXPECT_NE(d.structure, Structure::kUnspecified);
  auto within = [](const std::string& text, std::size_t max) {
    auto length = Utf8Length(text);
    return length && *length > 3 && *length <= max;
  };
  EXPECT_TRUE(within(d.display_name, 100));
  EXPECT_TRUE(within(d.description, 1000));
  EXPECT_TRUE(within(d.vision, 1000));
  EXPECT_TRUE(within(d.house_rules, 10000));
  EXPECT_TRUE(within(d.question, 500));
  EXPECT_TRUE(within(d.declarations.naming_convention, 200));
  EXPECT_TRUE(within(d.declarations.reward_terms, 2000));
  EXPECT_TRUE(within(d.declarations.penalty_terms, 2000));
  EXPECT_EQ(d.declarations.promo_percent_max, 10);  // R87
  EXPECT_GT(*d.declarations.shares_per_week, 0);    // R105
  EXPECT_GT(*d.declarations.silent_days, 0);        // R50
  EXPECT_GT(*d.declarations.grace_days, 0);
  EXPECT_TRUE(d.declarations.shares_per_day && d.declarations.shares_per_month);
}

// The rules that members accept say the numbers that the platform will hold them to (R51).
TEST_P(EveryTemplate, RulesStateTheCullThatIsDeclared) {
  const auto& d = defaults();
  EXPECT_THAT(d.house_rules, testing::HasSubstr(std::to_string(*d.declarations.silent_days)));
  EXPECT_THAT(d.house_rules, testing::HasSubstr(std::to_string(*d.declarations.grace_days)));
  EXPECT_THAT(d.house_rules, testing::HasSubstr(d.declarations.naming_convention.substr(0, 6)));
}

TEST_P(EveryTemplate, NumbersDoNotDependOnTheLanguage) {
  auto strip = [](Declarations d) {
    d.naming_convention = d.reward_terms = d.penalty_terms = "";
    return d;
  };
  const auto id = std::get<0>(GetParam());
  EXPECT_EQ(strip(DefaultsOf(id, "en").declarations), strip(DefaultsOf(id, "zh-CN").declarations));
  EXPECT_EQ(DefaultsOf(id, "en").structure, DefaultsOf(id, "zh-CN").structure);
}

INSTANTIATE_TEST_SUITE_P(All, EveryTemplate,
                         testing::Combine(testing::Values(Template::kSocialRing, Template::kLearningPyramid,
                                                          Template::kNetworking, Template::kMemberBenefits),
                                          testing::Values("zh-CN", "en")));

TEST(Templates, LanguagesDiffer) {
  EXPECT_EQ(DefaultsOf(Template::kSocialRing, "en").display_name, "Social ring");
  EXPECT_EQ(DefaultsOf(Template::kSocialRing, "zh-CN").display_name, "社交环形社群");
  EXPECT_EQ(DefaultsOf(Template::kSocialRing, "").display_name, "社交环形社群");
}

TEST(Templates, StructureFollowsTheAdvice) {  // R6-R9
  EXPECT_EQ(DefaultsOf(Template::kSocialRing, "").structure, Structure::kRing);
  EXPECT_EQ(DefaultsOf(Template::kLearningPyramid, "").structure, Structure::kPyramid);
}

}  // namespace
}  // namespace lanting::membership
