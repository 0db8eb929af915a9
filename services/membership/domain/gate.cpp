#include "membership/domain/gate.h"

#include <algorithm>
#include <set>

#include "membership/domain/errors.h"
#include "membership/domain/gate_answers.h"
#include "membership/domain/gate_errors.h"
#include "membership/domain/templates.h"
#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

constexpr std::chrono::seconds kMinRetryAfter = std::chrono::minutes(1), kMaxRetryAfter = std::chrono::hours(24 * 365);
constexpr int kStrongQuizQuestions = 5, kStrongQuizPercent = 80, kStrongDays = 30;

const char* NameOf(GateKind kind) {
  static constexpr const char* kNames[] = {"",         "QUESTIONS", "INVITE_LINK",  "QUIZ",   "KEYWORD",
                                           "REFERRAL", "TWO_STEP",  "PREREQUISITE", "PAYMENT"};
  return kNames[static_cast<int>(kind)];
}

int Scored(const Gate& gate) {
  return static_cast<int>(std::count_if(gate.questions.begin(), gate.questions.end(),
                                        [](const Question& q) { return !q.accepted_answers.empty(); }));
}

class Violations {
 public:
  void Add(std::string field, std::string reason, std::string description) {
    all_.push_back({"gate." + std::move(field), std::move(reason), std::move(description)});
  }
  // For a field that the kind has no use for.
  void Unused(bool set, const std::string& field, const std::string& kinds) {
    if (set) Add(field, "CONFLICTING_VALUES", "is for gates of kind " + kinds + " only.");
  }
  Result<void> Finish() {
    if (!all_.empty()) return lanting::errors::InvalidFields(std::move(all_));
    return {};
  }

 private:
  std::vector<FieldViolation> all_;
};

void CheckQuestions(const Gate& gate, Violations& violations) {
  const std::string kind = NameOf(gate.kind);
  if (TakesLinks(gate.kind) && !gate.questions.empty()) {
    violations.Add("questions", "TOO_MANY_ITEMS", "A gate of kind " + kind + " has no questions.");
  } else if (gate.kind == GateKind::kQuestions && gate.questions.empty()) {
    violations.Add("questions", "TOO_FEW_ITEMS", "A gate of kind QUESTIONS needs at least one question.");
  } else if (gate.kind == GateKind::kQuiz && Scored(gate) == 0) {
    violations.Add("questions", "TOO_FEW_ITEMS", "A QUIZ needs at least one question with accepted answers.");
  }
  std::set<std::string_view> keys;
  for (std::size_t i = 0; i < gate.questions.size(); ++i) {
    const auto& question = gate.questions[i];
    const auto at = "questions[" + std::to_string(i) + "]";
    if (!keys.insert(question.key).second)
      violations.Add(at + ".key", "DUPLICATE_VALUE", "Each question of a gate needs a key of its own.");
    violations.Unused(gate.kind != GateKind::kQuiz && !question.accepted_answers.empty(), at + ".acceptedAnswers",
                      "QUIZ");
    for (std::size_t a = 0; a < question.accepted_answers.size(); ++a) {
      if (NormalAnswer(question.accepted_answers[a]).empty()) {
        violations.Add(at + ".acceptedAnswers[" + std::to_string(a) + "]", "REQUIRED",
                       "must have something to be read.");
      }
    }
  }
}

}  // namespace

Gate FirstGate(const Community& community, GateKind kind, const Id& id) {
  bool english = community.locale == "en";
  Gate gate{.id = id, .community = community.id, .kind = kind};
  gate.create_time = gate.update_time = community.create_time;
  switch (kind) {
    case GateKind::kQuestions:
      gate.display_name = english ? "Application" : "入群申请";
      gate.questions = {{kExpectationKey, DefaultsOf(community.opened_from, community.locale).question, true}};
      break;
    case GateKind::kReferral:
      gate.display_name = english ? "Referral" : "成员推荐";
      break;
    case GateKind::kTwoStep:
      gate.display_name = english ? "Contact first" : "先加群主";
      break;
    case GateKind::kPayment:
      gate.display_name = english ? "Payment" : "付费入群";
      break;
    default:
      gate.display_name = english ? "Invite link" : "邀请链接";
  }
  return gate;
}

Result<void> CheckFirstGate(GateKind kind) {
  if (!DecidesAtOnce(kind)) return {};
  return errors::GateKindMismatch(std::string("A gate of kind ") + NameOf(kind) +
                                  " has to be told what to ask: open the community with another, then add it.");
}

void FillDefaults(Gate& gate) {
  if (gate.kind == GateKind::kQuiz && gate.pass_percent == 0) gate.pass_percent = kDefaultPassPercent;
  if (!CountsAttempts(gate.kind)) return;
  if (gate.max_attempts == 0) gate.max_attempts = kDefaultMaxAttempts;
  if (gate.retry_after.count() == 0) gate.retry_after = kDefaultRetryAfter;
}

Result<void> CheckGate(const Gate& gate) {
  Violations violations;
  CheckQuestions(gate, violations);
  const bool attempts = CountsAttempts(gate.kind);
  violations.Unused(gate.kind != GateKind::kQuiz && gate.pass_percent != 0, "passPercent", "QUIZ");
  violations.Unused(!attempts && gate.max_attempts != 0, "maxAttempts", "QUIZ and KEYWORD");
  violations.Unused(!attempts && gate.retry_after.count() != 0, "retryAfter", "QUIZ and KEYWORD");
  if (attempts && gate.retry_after.count() != 0 &&
      (gate.retry_after < kMinRetryAfter || gate.retry_after > kMaxRetryAfter)) {
    violations.Add("retryAfter", "OUT_OF_RANGE", "must be from 60s to 31536000s (365 days).");
  }
  violations.Unused(gate.kind != GateKind::kKeyword && !gate.keyword.empty(), "keyword", "KEYWORD");
  if (gate.kind == GateKind::kKeyword && NormalAnswer(gate.keyword).empty())
    violations.Add("keyword", "REQUIRED", "A gate of kind KEYWORD needs a keyword.");
  violations.Unused(gate.kind != GateKind::kPrerequisite && gate.prerequisite.has_value(), "prerequisite",
                    "PREREQUISITE");
  if (gate.kind == GateKind::kPrerequisite && !gate.prerequisite)
    violations.Add("prerequisite", "REQUIRED", "A gate of kind PREREQUISITE needs a condition.");
  if (gate.prerequisite && gate.prerequisite->community == gate.community)
    violations.Add("prerequisite.community", "UNKNOWN_VALUE", "must be another community than that of the gate.");
  return violations.Finish();
}

GateStrength StrengthOf(const Gate& gate) {
  switch (gate.kind) {
    case GateKind::kInviteLink:
    case GateKind::kKeyword:
      return GateStrength::kLow;
    case GateKind::kReferral:
      return GateStrength::kMedium;
    case GateKind::kTwoStep:
    case GateKind::kPayment:
      return GateStrength::kHigh;
    case GateKind::kQuestions:
      return std::any_of(gate.questions.begin(), gate.questions.end(), [](const Question& q) { return q.required; })
                 ? GateStrength::kHigh
                 : GateStrength::kMedium;
    case GateKind::kQuiz:
      return Scored(gate) >= kStrongQuizQuestions && gate.pass_percent >= kStrongQuizPercent ? GateStrength::kHigh
                                                                                             : GateStrength::kMedium;
    case GateKind::kPrerequisite:
      return gate.prerequisite && gate.prerequisite->min_days >= kStrongDays ? GateStrength::kHigh
                                                                             : GateStrength::kMedium;
  }
  return GateStrength::kLow;
}

Result<void> CheckClose(const Gate& gate, int open_gates) {
  if (gate.state == GateState::kOpen && open_gates <= 1) return errors::GateRequired();
  return {};
}

Result<void> CheckInviteLink(const InviteLink& link, const LinkGate& gate, Time now) {
  if (link.expire_time && *link.expire_time <= now) {
    return lanting::errors::InvalidField("inviteLink.expireTime", "OUT_OF_RANGE", "Must be in the future.");
  }
  if (!link.group.IsNil() && !link.roll_tag.empty()) {
    return lanting::errors::InvalidField("inviteLink.rollTag", "CONFLICTING_VALUES",
                                         "A link leads to a group or a tag.");
  }
  if (!TakesLinks(gate.kind)) return errors::GateKindMismatch("The gate is not of kind INVITE_LINK or REFERRAL.");
  const bool referral = gate.kind == GateKind::kReferral;
  if (referral && link.referrer.IsNil()) {
    return lanting::errors::InvalidField("inviteLink.referrer", "REQUIRED",
                                         "A link of a REFERRAL gate is handed out by a member.");
  }
  if (!referral && !link.referrer.IsNil()) {
    return lanting::errors::InvalidField("inviteLink.referrer", "CONFLICTING_VALUES",
                                         "is for links of REFERRAL gates only.");
  }
  if (gate.state != GateState::kOpen) return errors::GateClosed();
  return {};
}

std::string NewInviteCode() {
  constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string code = RandomBytes(16);
  for (char& c : code) c = kAlphabet[static_cast<unsigned char>(c) & 31];
  return code;
}

}  // namespace lanting::membership
