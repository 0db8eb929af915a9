#include "membership/domain/gate.h"

#include <set>

#include "membership/domain/errors.h"
#include "membership/domain/templates.h"
#include "platform/base/strings.h"

namespace lanting::membership {

Gate FirstGate(const Community& community, GateKind kind, const Id& id) {
  bool english = community.locale == "en";
  Gate gate{.id = id, .community = community.id, .kind = kind, .create_time = community.create_time};
  if (kind == GateKind::kQuestions) {
    gate.display_name = english ? "Application" : "入群申请";
    gate.questions = {{kExpectationKey, DefaultsOf(community.opened_from, community.locale).question, true}};
  } else {
    gate.display_name = english ? "Invite link" : "邀请链接";
  }
  return gate;
}

Result<void> CheckGate(const Gate& gate) {
  std::vector<FieldViolation> violations;
  if (gate.kind == GateKind::kInviteLink && !gate.questions.empty()) {
    violations.push_back({"gate.questions", "TOO_MANY_ITEMS", "A gate of kind INVITE_LINK has no questions."});
  } else if (gate.kind == GateKind::kQuestions && gate.questions.empty()) {
    violations.push_back({"gate.questions", "TOO_FEW_ITEMS", "A gate of kind QUESTIONS needs at least one question."});
  }
  std::set<std::string_view> keys;
  for (std::size_t i = 0; i < gate.questions.size(); ++i) {
    if (!keys.insert(gate.questions[i].key).second) {
      violations.push_back({"gate.questions[" + std::to_string(i) + "].key", "DUPLICATE_VALUE",
                            "Each question of a gate needs a key of its own."});
    }
  }
  if (!violations.empty()) return lanting::errors::InvalidFields(std::move(violations));
  return {};
}

Result<void> CheckInviteLink(const InviteLink& link, GateKind gate_kind, Time now) {
  if (link.expire_time && *link.expire_time <= now) {
    return lanting::errors::InvalidField("inviteLink.expireTime", "OUT_OF_RANGE", "Must be in the future.");
  }
  if (gate_kind != GateKind::kInviteLink) return errors::GateKindMismatch("The gate is not of kind INVITE_LINK.");
  return {};
}

std::string NewInviteCode() {
  constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string code = RandomBytes(16);
  for (char& c : code) c = kAlphabet[static_cast<unsigned char>(c) & 31];
  return code;
}

}  // namespace lanting::membership
