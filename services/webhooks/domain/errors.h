// Every error of the webhooks domain, one factory each. The reason is the ErrorReason without its prefix.
#pragma once

#include <string>

#include "platform/base/error.h"

namespace lanting::webhooks::errors {

// A name that does not exist and a name of another tenant give the same answer.
inline Error NotFound(std::string reason, std::string what, const std::string& name) {
  return {.code = Code::kNotFound,
          .reason = std::move(reason),
          .message = std::move(what) + " " + name + " cannot be found.",
          .metadata = {{"name", name}}};
}
inline Error WebhookNotFound(const std::string& name) { return NotFound("WEBHOOK_NOT_FOUND", "The webhook", name); }
inline Error DeliveryNotFound(const std::string& name) { return NotFound("DELIVERY_NOT_FOUND", "The delivery", name); }

inline Error WebhookDisabled(const std::string& name) {
  return {.code = Code::kFailedPrecondition,
          .reason = "WEBHOOK_DISABLED",
          .message = "The webhook " + name + " is disabled: enable it first.",
          .metadata = {{"name", name}}};
}
inline Error TooManyWebhooks(int most) {
  const auto number = std::to_string(most);
  return {.code = Code::kFailedPrecondition,
          .reason = "TOO_MANY_WEBHOOKS",
          .message = "A tenant has at most " + number + " webhooks.",
          .metadata = {{"limit", number}}};
}
// A dead letter: redriven when this process knows the type.
inline Error UnknownEventType(const std::string& type) {
  return {.code = Code::kFailedPrecondition,
          .reason = "UNKNOWN_EVENT_TYPE",
          .message = "The message " + type + " is not known to this version.",
          .metadata = {{"type", type}}};
}

}  // namespace lanting::webhooks::errors
