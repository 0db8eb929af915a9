#include "membership/domain/suitability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace lanting::membership {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

// A reading club around an audio-book app: everything is there.
SuitabilityQuestion ReadingClub() {
  return {.product = ProductKind::kApp,
          .frequency = Frequency::kDaily,
          .involvement = Degree::kMedium,
          .shared_topic = Degree::kHigh,
          .users = 2000,
          .fans = 120,
          .hours_per_week = 10,
          .values = {ValueKind::kLearning, ValueKind::kCompany},
          .value_times_per_week = 4,
          .has_gate = true};
}

const SuitabilityReason* Find(const SuitabilityAnswer& answer, const std::string& requirement) {
  auto found = std::find_if(answer.reasons.begin(), answer.reasons.end(),
                            [&](const auto& r) { return r.requirement == requirement; });
  return found == answer.reasons.end() ? nullptr : &*found;
}

struct Case {
  const char* name;
  void (*change)(SuitabilityQuestion&);
  Suitability suitable;
  Strategy strategy;
  Template recommended;
  const char* because;  // a requirement among the reasons
};

TEST(SuitabilityTest, Table) {
  using enum Suitability;
  using enum Template;
  const Case kCases[] = {
      {"everything is there", [](auto&) {}, kYes, Strategy::kOpenCommunity, kLearningPyramid, "R203"},
      {"too few fans: seed users first", [](auto& q) { q.fans = 12; }, kYes, Strategy::kSeedFirst, kLearningPyramid,
       "R79"},
      {"nobody runs it", [](auto& q) { q.hours_per_week = 0; }, kWithConditions, Strategy::kOpenCommunity,
       kLearningPyramid, "R30"},
      {"no gate", [](auto& q) { q.has_gate = false; }, kWithConditions, Strategy::kOpenCommunity, kLearningPyramid,
       "R19"},
      {"no value", [](auto& q) { q.values.clear(); }, kWithConditions, Strategy::kOpenCommunity, kSocialRing, "R112"},
      {"value that never comes", [](auto& q) { q.value_times_per_week = 0; }, kWithConditions, Strategy::kOpenCommunity,
       kLearningPyramid, "R112"},
      {"a wedding is bought once; couples have nothing else in common",
       [](auto& q) {
         q.product = ProductKind::kService, q.frequency = Frequency::kOnce, q.shared_topic = Degree::kNone;
       },
       kNo, Strategy::kJoinOthers, kSocialRing, "R203"},
      {"a car is bought rarely, but its drivers share a passion",
       [](auto& q) {
         q.product = ProductKind::kDurable, q.frequency = Frequency::kYearly, q.involvement = Degree::kHigh,
         q.values = {ValueKind::kCompany};
       },
       kYes, Strategy::kOpenCommunity, kSocialRing, "R2"},
      {"salt: bought monthly without a thought, nobody cares",
       [](auto& q) {
         q = {.product = ProductKind::kConsumable,
              .frequency = Frequency::kMonthly,
              .involvement = Degree::kNone,
              .shared_topic = Degree::kNone,
              .users = 50000,
              .hours_per_week = 5,
              .values = {ValueKind::kBenefits},
              .value_times_per_week = 1,
              .has_gate = true};
       },
       kNo, Strategy::kJoinOthers, kSocialRing, "R216"},
      {"a mothers' club of a nappy brand with discounts",
       [](auto& q) {
         q.product = ProductKind::kConsumable, q.frequency = Frequency::kWeekly,
         q.values = {ValueKind::kBenefits, ValueKind::kCompany};
       },
       kYes, Strategy::kOpenCommunity, kMemberBenefits, "R114"},
      {"copywriters who look for peers", [](auto& q) { q.values = {ValueKind::kPartners}; }, kYes,
       Strategy::kOpenCommunity, kNetworking, "R114"},
      {"promises ten pieces a week with four hours", [](auto& q) { q.hours_per_week = 4, q.value_times_per_week = 10; },
       kYes, Strategy::kOpenCommunity, kLearningPyramid, "R110"},
      {"many customers, hardly a fan", [](auto& q) { q.users = 9000, q.fans = 31; }, kYes, Strategy::kOpenCommunity,
       kLearningPyramid, "R41"},
      {"no product at all", [](auto& q) { q.product = ProductKind::kNone; }, kYes, Strategy::kOpenCommunity,
       kLearningPyramid, "R144"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    auto question = ReadingClub();
    c.change(question);
    const auto answer = CheckSuitability(question, "zh-CN");
    EXPECT_EQ(answer.suitable, c.suitable) << answer.score;
    EXPECT_EQ(answer.strategy, c.strategy);
    EXPECT_EQ(answer.recommended, c.recommended);
    EXPECT_THAT(answer.score, AllOf(Ge(0), Le(100)));
    EXPECT_NE(Find(answer, c.because), nullptr);
  }
}

TEST(SuitabilityTest, SaysWhyInBothLanguagesAndWhatCountsMostFirst) {
  auto question = ReadingClub();
  question.shared_topic = Degree::kNone;
  question.frequency = Frequency::kOnce;
  const auto chinese = CheckSuitability(question, "zh-CN"), english = CheckSuitability(question, "en");
  EXPECT_THAT(chinese.advice, HasSubstr("混社群"));
  EXPECT_THAT(english.advice, HasSubstr("Join the groups"));
  ASSERT_EQ(chinese.reasons.size(), english.reasons.size());
  EXPECT_EQ(chinese.reasons[0].requirement, "R2");
  for (std::size_t i = 0; i < chinese.reasons.size(); ++i) {
    const auto &zh = chinese.reasons[i], &en = english.reasons[i];
    EXPECT_EQ(zh.requirement, en.requirement);
    EXPECT_EQ(zh.points, en.points);
    EXPECT_FALSE(zh.text.empty());
    EXPECT_FALSE(en.text.empty());
    EXPECT_EQ(zh.advice.empty(), en.advice.empty());
    EXPECT_LE(std::abs(zh.points), std::abs(chinese.reasons[i > 0 ? i - 1 : 0].points));
  }
}

// Whatever is answered: more of a good thing never lowers the score.
TEST(SuitabilityTest, MoreIsNeverWorse) {
  for (auto frequency :
       {Frequency::kOnce, Frequency::kYearly, Frequency::kMonthly, Frequency::kWeekly, Frequency::kDaily}) {
    int before = -1;
    for (auto topic : {Degree::kNone, Degree::kLow, Degree::kMedium, Degree::kHigh}) {
      auto question = ReadingClub();
      question.frequency = frequency;
      question.shared_topic = topic;
      const int score = CheckSuitability(question, "en").score;
      EXPECT_GE(score, before);
      before = score;
    }
    before = -1;
    for (int hours : {0, 1, 3, 8, 20}) {
      auto question = ReadingClub();
      question.frequency = frequency;
      question.hours_per_week = hours;
      const int score = CheckSuitability(question, "en").score;
      EXPECT_GE(score, before) << hours;
      before = score;
    }
  }
}

}  // namespace
}  // namespace lanting::membership
