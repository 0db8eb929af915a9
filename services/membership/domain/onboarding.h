// How newcomers settle in (R16): the steps of a community, and where a member stands with them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "membership/domain/community.h"
#include "platform/base/clock.h"
#include "platform/base/id.h"
#include "platform/base/result.h"

namespace lanting::membership {

// Numbers of the proto enum.
enum class OnboardingTrigger : std::int16_t { kNone = 0, kHouseRulesAccepted = 1 };

struct OnboardingStep {
  std::string key, text;
  bool required = false;
  int due_days = 0;  // after the day of the join; 0: never
  OnboardingTrigger trigger = OnboardingTrigger::kNone;
  friend bool operator==(const OnboardingStep&, const OnboardingStep&) = default;
};

struct Onboarding {
  Id community;
  std::vector<OnboardingStep> steps;
  std::int64_t version = 0;  // 0: never written
  std::optional<Time> update_time;
};

// What the template of the community brings, in its language: introduce yourself (R16, R17), name yourself, accept the
// rules, say hello.
std::vector<OnboardingStep> DefaultSteps(const Community& community);

// A key that is there twice, and a trigger: violations below `field`.
std::vector<FieldViolation> CheckSteps(const std::vector<OnboardingStep>& steps, const std::string& field);

// What is known of a member's onboarding.
struct OnboardingRecord {
  struct Done {
    std::string step;
    Time time;
    std::string actor;
  };
  std::vector<Done> done;
  std::optional<Time> rules_accept_time;  // of the first version that they accepted
  std::optional<Time> complete_time;      // once: stays when a step is reopened
};

const OnboardingStep* FindStep(const std::vector<OnboardingStep>& steps, const std::string& key);

// When a step was done, and by whom; nullopt while it is open.
std::optional<OnboardingRecord::Done> DoneOf(const OnboardingStep& step, const OnboardingRecord& record);

// Whether every required step is done; of no steps, all are.
bool IsComplete(const std::vector<OnboardingStep>& steps, const OnboardingRecord& record);

// Whether the step may be completed and reopened by a call: ONBOARDING_STEP_NOT_FOUND, ONBOARDING_STEP_AUTOMATIC.
Result<void> CheckManual(const std::vector<OnboardingStep>& steps, const std::string& key);

}  // namespace lanting::membership
