#include "platform/base/error.h"

namespace lanting::errors {

Error InvalidFields(std::vector<FieldViolation> violations) {
  Error e{.code = Code::kInvalidArgument, .reason = "INVALID_FIELDS"};
  e.message = violations.size() == 1 ? violations[0].field + ": " + violations[0].description
                                     : std::to_string(violations.size()) + " fields are invalid.";
  for (const auto& v : violations) e.metadata.emplace(v.field, v.reason);
  e.violations = std::move(violations);
  return e;
}

Error InvalidField(std::string field, std::string reason, std::string description) {
  return InvalidFields({{std::move(field), std::move(reason), std::move(description)}});
}

Error Unauthenticated() {
  return {.code = Code::kUnauthenticated,
          .reason = "UNAUTHENTICATED",
          .message = "A valid service key is required: send `Authorization: Bearer <key>`."};
}

Error ScopeMissing(std::string scope) {
  return {.code = Code::kPermissionDenied,
          .reason = "SCOPE_MISSING",
          .message = "The key lacks the scope " + scope + ".",
          .metadata = {{"scope", scope}}};
}

Error Overloaded(int retry_after_ms) {
  return {.code = Code::kResourceExhausted,
          .reason = "OVERLOADED",
          .message = "The service is at capacity; try again shortly.",
          .retry_after_ms = retry_after_ms};
}

Error Busy(int retry_after_ms) {
  return {.code = Code::kResourceExhausted,
          .reason = "RESOURCE_BUSY",
          .message = "What the call needs is in use by another call; try again shortly.",
          .retry_after_ms = retry_after_ms};
}

Error ShuttingDown() {
  return {.code = Code::kUnavailable,
          .reason = "SHUTTING_DOWN",
          .message = "The service is shutting down; try again.",
          .retry_after_ms = 1000};
}

Error DeadlineExceeded() {
  return {.code = Code::kDeadlineExceeded,
          .reason = "DEADLINE_EXCEEDED",
          .message = "The deadline passed before the call was done."};
}

Error Cancelled() {
  return {.code = Code::kCancelled, .reason = "CANCELLED", .message = "The caller cancelled the call."};
}

Error DependencyUnavailable(std::string dependency, std::string internal) {
  return {.code = Code::kUnavailable,
          .reason = "DEPENDENCY_UNAVAILABLE",
          .message = "A dependency is unavailable; try again shortly.",
          .metadata = {{"dependency", std::move(dependency)}},
          .retry_after_ms = 1000,
          .internal = std::move(internal)};
}

Error RequestIdReused() {
  return {.code = Code::kInvalidArgument,
          .reason = "REQUEST_ID_REUSED",
          .message = "The request id was used before with a different request."};
}

Error RequestInProgress() {
  return {.code = Code::kAborted,
          .reason = "REQUEST_IN_PROGRESS",
          .message = "The same request is being carried out; try again shortly."};
}

Error ConcurrentWrite() {
  return {.code = Code::kAborted,
          .reason = "CONCURRENT_WRITE",
          .message = "Another write to the same resource was faster; do the action again."};
}

Error Internal(std::string internal) {
  return {.code = Code::kInternal,
          .reason = "INTERNAL",
          .message = "An internal error occurred.",
          .internal = std::move(internal)};
}

}  // namespace lanting::errors
