// Whether a product should have a community at all (R203), and what to do instead when it should not (R204). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "membership/domain/community.h"

namespace lanting::membership {

// Numbers of the proto enums.
enum class Frequency : std::int16_t { kDaily = 1, kWeekly = 2, kMonthly = 3, kYearly = 4, kOnce = 5 };
enum class Degree : std::int16_t { kNone = 1, kLow = 2, kMedium = 3, kHigh = 4 };
enum class ValueKind : std::int16_t { kLearning = 1, kPartners = 2, kBenefits = 3, kCompany = 4 };
enum class Suitability : std::int16_t { kYes = 1, kWithConditions = 2, kNo = 3 };
enum class Strategy : std::int16_t { kOpenCommunity = 1, kSeedFirst = 2, kJoinOthers = 3 };

struct SuitabilityQuestion {
  ProductKind product = ProductKind::kUnspecified;
  Frequency frequency = Frequency::kMonthly;
  Degree involvement = Degree::kMedium;
  Degree shared_topic = Degree::kMedium;
  int users = 0, fans = 0, hours_per_week = 0;
  std::vector<ValueKind> values;
  int value_times_per_week = 0;
  bool has_gate = false;
};

struct SuitabilityReason {
  std::string requirement;  // "R203"
  int points = 0;
  std::string text, advice;  // in the language asked for
};

struct SuitabilityAnswer {
  Suitability suitable = Suitability::kNo;
  int score = 0;                           // 0 to 100
  std::vector<SuitabilityReason> reasons;  // what counts most first
  Strategy strategy = Strategy::kJoinOthers;
  std::string advice;
  // Meaningful unless suitable is kNo.
  Template recommended = Template::kSocialRing;
  Structure structure = Structure::kRing;
};

// Any locale but "en" gets Simplified Chinese.
//
// NO when the score is below 40; whatever the score, also when there is nothing to talk about but a product that is
// bought once a year or less. YES from 70 on, unless something is missing without which no community lives: somebody
// to run it, value for its members, a gate. WITH_CONDITIONS in between.
SuitabilityAnswer CheckSuitability(const SuitabilityQuestion& question, std::string_view locale);

}  // namespace lanting::membership
