// Applications: a person answers the questions of a gate; staff decide, or the gate does at once. Pure values and
// rules.
//
//   SUBMITTED --approve---------> APPROVED (a member was made)
//             --reject----------> REJECTED
//             --withdraw--------> WITHDRAWN
//             --confirm contact-> CONTACTED   TWO_STEP gates; then approve, reject or withdraw
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "membership/domain/gate.h"
#include "membership/domain/member.h"

namespace lanting::membership {

// Numbers of the proto enum; stored as such.
enum class ApplicationState : std::int16_t {
  kSubmitted = 1,
  kApproved = 2,
  kRejected = 3,
  kContacted = 4,
  kWithdrawn = 5
};

struct Answer {
  std::string key, text;
};

struct Application {
  Id id;
  Id community;
  Id gate;
  Person person;  // the expectation is set when approved
  std::vector<Answer> answers;
  std::string payment_reference;
  ApplicationState state = ApplicationState::kSubmitted;
  std::string decision_reason;
  Id member;  // nil until approved
  Time create_time;
  std::optional<Time> decide_time, contact_time;
  std::optional<int> values_fit;  // what those who decide say (R42)
  int attempts_left = 0;
  std::optional<Time> retry_time;  // when no attempt was left
  std::int64_t version = 1;
};

// What is known of the community when somebody applies.
struct ApplicationView {
  std::optional<Gate> gate;
  int house_rules_version = 0;
  std::string locale{};
  bool open = true;  // the community
  // An identity of the applicant that a member has, or another open application: then `open_application` is its id.
  std::optional<ChannelIdentity> taken;
  Id open_application;
};

// Whether the application may be submitted. Faults of the form are reported all at once, below "application.".
Result<void> CheckSubmission(const Application& application, const ApplicationView& view, const std::string& gate_name);

// Refused when it was decided before.
Result<void> CheckUndecided(const Application& application);
// Refused when it was decided before, or when the gate wants the contact confirmed first.
Result<void> CheckApproval(const Application& application, GateKind gate);
// Refused but for an undecided application to a TWO_STEP gate; an application that was CONTACTED stays as it is.
Result<void> CheckContact(const Application& application, GateKind gate);

// Writes a decision into an undecided application.
void Decide(Application& application, ApplicationState state, std::string reason, Time now);

// The person as they become a member: the answer to the expectation question is what they hope to get (R17); they
// agreed when they applied (R25).
Person ToPerson(const Application& application);

}  // namespace lanting::membership
