#include "membership/domain/application.h"

#include <algorithm>
#include <set>

#include "membership/domain/errors.h"
#include "membership/domain/gate_errors.h"
#include "membership/domain/join.h"
#include "membership/domain/names.h"
#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

constexpr std::size_t kMaxExpectation = 500;  // code points, as Member.expectation

// The first `count` code points of valid UTF-8.
std::string Head(const std::string& text, std::size_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    bool starts = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (starts && count-- == 0) break;
  }
  return text.substr(0, at);
}

std::vector<FieldViolation> CheckAnswers(const Gate& gate, const std::vector<Answer>& answers) {
  std::vector<FieldViolation> violations;
  std::set<std::string_view> answered, seen;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string &key = answers[i].key, &text = answers[i].text;
    auto field = "application.answers[" + std::to_string(i) + "].key";
    bool known =
        std::any_of(gate.questions.begin(), gate.questions.end(), [&](const Question& q) { return q.key == key; });
    if (!known) violations.push_back({field, "UNKNOWN_VALUE", "The gate has no question with this key."});
    if (!seen.insert(key).second) violations.push_back({field, "DUPLICATE_VALUE", "A question is answered once."});
    if (!Trim(text).empty()) answered.insert(key);
  }
  for (const auto& question : gate.questions) {
    if (question.required && !answered.contains(question.key)) {
      violations.push_back(
          {"application.answers", "ANSWER_MISSING", "The question \"" + question.key + "\" must be answered."});
    }
  }
  return violations;
}

// What kinds of gates need beside the answers.
void CheckKind(GateKind kind, const Application& application, std::vector<FieldViolation>& violations) {
  const auto& person = application.person;
  if (CountsAttempts(kind) && person.identities.empty()) {
    violations.push_back({"application.identities", "REQUIRED", "Attempts at this gate are counted by identity."});
  }
  if (kind == GateKind::kPrerequisite && person.identities.empty() && person.external_id.empty()) {
    violations.push_back({"application.identities", "REQUIRED", "is needed to know the person, or externalId."});
  }
  const bool pays = kind == GateKind::kPayment;
  if (pays && application.payment_reference.empty()) {
    violations.push_back({"application.paymentReference", "REQUIRED", "A gate of kind PAYMENT needs it."});
  } else if (!pays && !application.payment_reference.empty()) {
    violations.push_back({"application.paymentReference", "CONFLICTING_VALUES", "is for gates of kind PAYMENT only."});
  }
}

const char* StateName(ApplicationState state) {
  switch (state) {
    case ApplicationState::kSubmitted:
      return "SUBMITTED";
    case ApplicationState::kApproved:
      return "APPROVED";
    case ApplicationState::kRejected:
      return "REJECTED";
    case ApplicationState::kContacted:
      return "CONTACTED";
    case ApplicationState::kWithdrawn:
      return "WITHDRAWN";
  }
  return "";
}

}  // namespace

Result<void> CheckSubmission(const Application& application, const ApplicationView& view,
                             const std::string& gate_name) {
  if (!view.gate) return errors::GateNotFound(gate_name);
  if (!view.open) return errors::CommunityArchived(names::Community(application.community));
  if (TakesLinks(view.gate->kind)) {
    return errors::GateKindMismatch("People come in by a link of this gate: it takes no applications.");
  }
  if (view.gate->state != GateState::kOpen) return errors::GateClosed();
  auto violations = CheckAnswers(*view.gate, application.answers);
  auto identities = CheckIdentities(application.person.identities, "application.identities");
  violations.insert(violations.end(), identities.begin(), identities.end());
  CheckKind(view.gate->kind, application, violations);
  if (!violations.empty()) return lanting::errors::InvalidFields(std::move(violations));
  if (application.person.accepted_rules_version != view.house_rules_version) {
    return errors::HouseRulesNotAccepted(view.house_rules_version);
  }
  if (!view.taken) return {};
  const auto channel = ChannelName(view.taken->channel);
  if (view.open_application.IsNil()) return errors::IdentityTaken(channel, view.taken->user_id);
  return errors::ApplicationOpen(channel, view.taken->user_id,
                                 names::Application(application.community, view.open_application));
}

Result<void> CheckUndecided(const Application& application) {
  if (application.state != ApplicationState::kSubmitted && application.state != ApplicationState::kContacted)
    return errors::ApplicationDecided(StateName(application.state));
  return {};
}

Result<void> CheckApproval(const Application& application, GateKind gate) {
  RETURN_IF_ERROR(CheckUndecided(application));
  if (gate == GateKind::kTwoStep && application.state != ApplicationState::kContacted) {
    return errors::ContactNotConfirmed();
  }
  return {};
}

Result<void> CheckContact(const Application& application, GateKind gate) {
  if (gate != GateKind::kTwoStep) return errors::GateKindMismatch("The gate is not of kind TWO_STEP.");
  return CheckUndecided(application);
}

void Decide(Application& application, ApplicationState state, std::string reason, Time now) {
  application.state = state;
  application.decision_reason = std::move(reason);
  application.decide_time = now;
  ++application.version;
}

Person ToPerson(const Application& application) {
  Person person = application.person;
  person.consent.time = application.create_time;
  person.staff.values_fit = application.values_fit;
  for (const auto& answer : application.answers) {
    if (answer.key == kExpectationKey) person.expectation = Head(std::string(Trim(answer.text)), kMaxExpectation);
  }
  return person;
}

}  // namespace lanting::membership
