#include "membership/domain/onboarding.h"

#include <algorithm>
#include <set>

#include "membership/domain/profile_errors.h"

namespace lanting::membership {
namespace {

// The questions of the self-introduction: who they are, what they bring, what they hope to get (R16, R17).
const char* Introduction(Template from, bool english) {
  switch (from) {
    case Template::kSocialRing:
      return english ? "Introduce yourself: who you are, what you like, what you can share, what you hope to get here."
                     : "做自我介绍：我是谁、我喜欢什么、我能分享什么、我希望得到什么。";
    case Template::kLearningPyramid:
      return english
                 ? "Introduce yourself: your trade, what you are learning now, the time you have each week, what you "
                   "hope to get here."
                 : "做自我介绍：我的专业、我正在学什么、每周能投入多少时间、我希望得到什么。";
    case Template::kNetworking:
      return english
                 ? "Introduce yourself: what you do, what you can offer to others, whom or what you are looking for."
                 : "做自我介绍：我做什么、我能提供什么资源、我在找什么样的人或合作。";
    case Template::kMemberBenefits:
      return english ? "Introduce yourself: which of our products you use, how you like it, which benefit you hope for."
                     : "做自我介绍：我在用哪款产品、用得怎么样、我最期待哪种福利。";
  }
  return "";
}

std::string NameYourself(const Community& community, bool english) {
  const auto& convention = community.declarations.naming_convention;
  if (english) return "Change your name in the group to " + convention + ".";
  return "把群名片改成“" + convention + "”。";
}

}  // namespace

std::vector<OnboardingStep> DefaultSteps(const Community& community) {
  const bool english = community.locale == "en";
  return {{.key = "rules",
           .text = english ? "Read the house rules and accept them." : "阅读并接受群规。",
           .required = true,
           .due_days = 1,
           .trigger = OnboardingTrigger::kHouseRulesAccepted},
          {.key = "name", .text = NameYourself(community, english), .required = true, .due_days = 3},
          {.key = "introduce", .text = Introduction(community.opened_from, english), .required = true, .due_days = 3},
          {.key = "hello",
           .text = english ? "Say hello to somebody who came before you, or answer a newcomer."
                           : "和一位老成员打个招呼，或回应一位新人。",
           .due_days = 7}};
}

std::vector<FieldViolation> CheckSteps(const std::vector<OnboardingStep>& steps, const std::string& field) {
  std::vector<FieldViolation> violations;
  std::set<std::string> keys;
  std::set<OnboardingTrigger> triggers;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto at = field + "[" + std::to_string(i) + "]";
    if (!keys.insert(steps[i].key).second)
      violations.push_back({at + ".key", "DUPLICATE_VALUE", "Each step has a key of its own."});
    if (steps[i].trigger != OnboardingTrigger::kNone && !triggers.insert(steps[i].trigger).second)
      violations.push_back({at + ".trigger", "DUPLICATE_VALUE", "A trigger does one step."});
  }
  return violations;
}

const OnboardingStep* FindStep(const std::vector<OnboardingStep>& steps, const std::string& key) {
  const auto found = std::find_if(steps.begin(), steps.end(), [&](const auto& step) { return step.key == key; });
  return found == steps.end() ? nullptr : &*found;
}

std::optional<OnboardingRecord::Done> DoneOf(const OnboardingStep& step, const OnboardingRecord& record) {
  if (step.trigger == OnboardingTrigger::kHouseRulesAccepted) {
    if (!record.rules_accept_time) return std::nullopt;
    return OnboardingRecord::Done{step.key, *record.rules_accept_time, ""};
  }
  const auto& done = record.done;
  const auto found = std::find_if(done.begin(), done.end(), [&](const auto& d) { return d.step == step.key; });
  return found == done.end() ? std::nullopt : std::optional(*found);
}

bool IsComplete(const std::vector<OnboardingStep>& steps, const OnboardingRecord& record) {
  return std::all_of(steps.begin(), steps.end(),
                     [&](const auto& step) { return !step.required || DoneOf(step, record).has_value(); });
}

Result<void> CheckManual(const std::vector<OnboardingStep>& steps, const std::string& key) {
  const auto* step = FindStep(steps, key);
  if (step == nullptr) return errors::OnboardingStepNotFound(key);
  if (step->trigger != OnboardingTrigger::kNone) return errors::OnboardingStepAutomatic(key);
  return {};
}

}  // namespace lanting::membership
