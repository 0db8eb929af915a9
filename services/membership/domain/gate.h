// Gates: what a person must pass to get in; never "none" (R19, R22). Pure values and rules.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "membership/domain/community.h"
#include "platform/base/clock.h"
#include "platform/base/id.h"
#include "platform/base/result.h"

namespace lanting::membership {

// Numbers of the proto enums; stored as such.
enum class GateKind : std::int16_t {
  kQuestions = 1,
  kInviteLink = 2,
  kQuiz = 3,
  kKeyword = 4,
  kReferral = 5,
  kTwoStep = 6,
  kPrerequisite = 7,
  kPayment = 8
};
enum class GateState : std::int16_t { kOpen = 1, kClosed = 2 };
enum class GateStrength : std::int16_t { kLow = 1, kMedium = 2, kHigh = 3 };

struct Question {
  std::string key, text;
  bool required = false;
  std::vector<std::string> accepted_answers{};  // QUIZ: those that are right
};

// What a PREREQUISITE gate asks of a person in another community.
struct Prerequisite {
  Id community;
  Id group;  // nil: any
  std::string tag;
  int min_days = 0;
};

struct Gate {
  Id id;
  Id community;
  std::string display_name;
  GateKind kind = GateKind::kQuestions;
  std::vector<Question> questions;
  Id group;  // nil: main groups in their order
  int pass_percent = 0;
  int max_attempts = 0;
  std::chrono::seconds retry_after{0};
  std::string keyword;
  std::optional<Prerequisite> prerequisite;
  GateState state = GateState::kOpen;
  Time create_time, update_time;
  std::int64_t version = 1;
};

constexpr int kDefaultPassPercent = 100;
constexpr int kDefaultMaxAttempts = 3;
constexpr std::chrono::seconds kDefaultRetryAfter = std::chrono::hours(24);

struct InviteLink {
  Id id;
  Id community;
  Id gate;
  Id group;  // nil: the gate's, or main groups in their order
  Id referrer;
  std::string roll_tag;
  std::optional<Time> revoke_time;
  std::string code;
  int max_uses = 0;  // 0: no limit
  int uses = 0;
  std::optional<Time> expire_time;
  Time create_time;
};

// Key of the template's question; its answer becomes the member's stated expectation (R17).
constexpr const char* kExpectationKey = "expectation";

// Whether people come in by links made for such a gate; by any other they apply.
constexpr bool TakesLinks(GateKind kind) { return kind == GateKind::kInviteLink || kind == GateKind::kReferral; }
// Whether it tests what a person knows, and counts attempts.
constexpr bool CountsAttempts(GateKind kind) { return kind == GateKind::kQuiz || kind == GateKind::kKeyword; }
// Whether it lets people in, or not, without staff.
constexpr bool DecidesAtOnce(GateKind kind) { return CountsAttempts(kind) || kind == GateKind::kPrerequisite; }

// The gate a community opens with, named in its language; QUESTIONS brings the template's question.
Gate FirstGate(const Community& community, GateKind kind, const Id& id);
// Refused: the kinds that say nothing until they are configured.
Result<void> CheckFirstGate(GateKind kind);

// Fills what was left out.
void FillDefaults(Gate& gate);

// What each kind needs and what it has no use for. Fields are named below "gate.".
Result<void> CheckGate(const Gate& gate);

// How much it asks of a person (R20, R21): see the API's GateStrength.
GateStrength StrengthOf(const Gate& gate);

// A community keeps an open gate: closing the last one is refused.
Result<void> CheckClose(const Gate& gate, int open_gates);

// What a link is made for.
struct LinkGate {
  GateKind kind;
  GateState state = GateState::kOpen;
};
// Why a link cannot be made: its gate is of another kind or closed, or it would be dead on arrival. Fields below
// "inviteLink.".
Result<void> CheckInviteLink(const InviteLink& link, const LinkGate& gate, Time now);

// 16 characters of Crockford base32, 80 random bits.
std::string NewInviteCode();

}  // namespace lanting::membership
