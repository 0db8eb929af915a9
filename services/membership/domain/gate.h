// Gates: what a person must pass to get in; never "none" (R19, R22). Pure values and rules.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "membership/domain/community.h"
#include "platform/base/clock.h"
#include "platform/base/id.h"
#include "platform/base/result.h"

namespace lanting::membership {

// Numbers of the proto enum; stored as such.
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

struct Question {
  std::string key, text;
  bool required = false;
};

struct Gate {
  Id id;
  Id community;
  std::string display_name;
  GateKind kind = GateKind::kQuestions;
  std::vector<Question> questions;  // QUESTIONS only
  Time create_time;
};

struct InviteLink {
  Id id;
  Id community;
  Id gate;
  Id group;  // nil: main groups in their order
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

// The gate a community opens with, named in its language; QUESTIONS brings the template's question.
Gate FirstGate(const Community& community, GateKind kind, const Id& id);

// QUESTIONS needs at least one question with keys of their own, INVITE_LINK has none. Fields are named below "gate.".
Result<void> CheckGate(const Gate& gate);

// Why a link cannot be made: its gate is of another kind, or it would be dead on arrival. Fields below "inviteLink.".
Result<void> CheckInviteLink(const InviteLink& link, GateKind gate_kind, Time now);

// 16 characters of Crockford base32, 80 random bits.
std::string NewInviteCode();

}  // namespace lanting::membership
