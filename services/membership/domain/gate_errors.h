// Why gates do not let somebody in, one factory each.
#pragma once

#include <string>

#include "platform/base/error.h"

namespace lanting::membership::errors {

inline Error GateRefusal(std::string reason, std::string message, std::map<std::string, std::string> metadata = {}) {
  return {.code = Code::kFailedPrecondition,
          .reason = std::move(reason),
          .message = std::move(message),
          .metadata = std::move(metadata)};
}

inline Error GateClosed() { return GateRefusal("GATE_CLOSED", "The gate is closed: nobody comes in by it."); }
inline Error GateRequired() {
  return GateRefusal("GATE_REQUIRED", "This is the last open gate of the community, which must keep one.");
}
// `retry_time` in RFC 3339.
inline Error AttemptsUsedUp(const std::string& retry_time) {
  return GateRefusal("ATTEMPTS_USED_UP", "No attempt is left until " + retry_time + ".", {{"retry_time", retry_time}});
}
inline Error PrerequisiteNotMet(const std::string& community, const std::string& missing, int days_left) {
  std::map<std::string, std::string> metadata{{"community", community}, {"missing", missing}};
  if (days_left > 0) metadata["days_left"] = std::to_string(days_left);
  return GateRefusal("PREREQUISITE_NOT_MET", "What the gate asks for in " + community + " is not met: " + missing + ".",
                     std::move(metadata));
}
inline Error ContactNotConfirmed() {
  return GateRefusal("CONTACT_NOT_CONFIRMED", "At this gate the contact is confirmed first: call :confirmContact.");
}
inline Error PaymentReferenceTaken(const std::string& reference) {
  return {.code = Code::kAlreadyExists,
          .reason = "PAYMENT_REFERENCE_TAKEN",
          .message = "The payment reference " + reference + " was used for another application.",
          .metadata = {{"payment_reference", reference}}};
}
inline Error ReferrerGone() {
  return GateRefusal("REFERRER_GONE", "The member who hands the link out is not active in the community.");
}
inline Error NotOffered(const std::string& state) {
  return GateRefusal("NOT_OFFERED", "No place is offered to the member, who is " + state + ".", {{"state", state}});
}
inline Error OfferExpired(const std::string& expire_time) {
  return GateRefusal("OFFER_EXPIRED", "The place was kept until " + expire_time + ".",
                     {{"offer_expire_time", expire_time}});
}

}  // namespace lanting::membership::errors
