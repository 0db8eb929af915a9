// Error: the one error type of the suite, and the only thing that crosses layers when something is refused.
// Domain code makes it with a factory of its own errors.h; rpc/status.h turns it into google.rpc.Status; the gateway
// turns that into the AIP-193 JSON body. Nothing in `internal` ever leaves the process except into the log.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lanting {

// google.rpc.Code, same numbers.
enum class Code {
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// One field at fault.
struct FieldViolation {
  std::string field;        // JSON path: lowerCamel, dots, [i] for list elements: "member.identities[0].channel"
  std::string reason;       // an ErrorReason name without prefix, e.g. "TOO_LONG"
  std::string description;  // English, says what is allowed
};

struct Error {
  Code code = Code::kInternal;
  std::string reason;                           // an ErrorReason name without prefix, e.g. "MEMBER_NOT_FOUND"
  std::string message;                          // English, for a developer; safe to show
  std::map<std::string, std::string> metadata;  // the dynamic parts of the message
  std::vector<FieldViolation> violations;       // INVALID_FIELDS: every field at fault
  std::optional<int> retry_after_ms;            // RESOURCE_EXHAUSTED, UNAVAILABLE: when to try again
  std::string internal;                         // cause for the log only

  // Whether doing the very same call again may succeed without anyone changing anything.
  bool transient() const {
    return code == Code::kUnavailable || code == Code::kAborted || code == Code::kResourceExhausted ||
           code == Code::kDeadlineExceeded;
  }
};

// Factories for the errors every service shares. Domain errors live in <service>/domain/errors.h.
namespace errors {
Error InvalidFields(std::vector<FieldViolation> violations);
Error InvalidField(std::string field, std::string reason, std::string description);
Error Unauthenticated();
Error ScopeMissing(std::string scope);
Error Overloaded(int retry_after_ms);
// What the call needs was held by another for longer than a call may wait.
Error Busy(int retry_after_ms);
Error ShuttingDown();
Error DeadlineExceeded();
Error Cancelled();
// A dependency is down; `dependency` is shown ("postgres", "redis", "membership"), `internal` is not.
Error DependencyUnavailable(std::string dependency, std::string internal);
Error RequestIdReused();
Error RequestInProgress();
Error ConcurrentWrite();
Error Internal(std::string internal);
}  // namespace errors

}  // namespace lanting
