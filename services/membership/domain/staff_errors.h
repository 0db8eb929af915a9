// Refusals about keys, staff and duties.
#pragma once

#include <string>

#include "membership/domain/errors.h"

namespace lanting::membership::errors {

inline Error KeyNotActive(const std::string& name) {
  return {.code = Code::kFailedPrecondition,
          .reason = "KEY_NOT_ACTIVE",
          .message = "The key " + name + " was revoked or has expired.",
          .metadata = {{"name", name}}};
}
inline Error KeyAlreadyRotated(const std::string& other) {
  return {.code = Code::kFailedPrecondition,
          .reason = "KEY_ALREADY_ROTATED",
          .message = "Beside it " + other +
                     " is active, of the same line: revoke one of the two, or wait until the older expires.",
          .metadata = {{"other", other}}};
}
inline Error TooManyKeys(int limit) {
  return {.code = Code::kFailedPrecondition,
          .reason = "TOO_MANY_KEYS",
          .message = "There are " + std::to_string(limit) + " active keys already: revoke one first.",
          .metadata = {{"limit", std::to_string(limit)}}};
}

inline Error StaffNotFound(const std::string& name) { return NotFound("STAFF_NOT_FOUND", "The assignment", name); }
inline Error StaffEnded(const std::string& name) {
  return {.code = Code::kFailedPrecondition,
          .reason = "STAFF_ENDED",
          .message = "The assignment " + name + " has ended.",
          .metadata = {{"name", name}}};
}
inline Error LastOwner() {
  return {.code = Code::kFailedPrecondition,
          .reason = "LAST_OWNER",
          .message = "This is the last owner of the community: name another one first."};
}
inline Error StaffAssigned(const std::string& role) {
  return {.code = Code::kAlreadyExists,
          .reason = "STAFF_ASSIGNED",
          .message = "The member has the role " + role + " in this community already.",
          .metadata = {{"role", role}}};
}

inline Error DutyNotFound(const std::string& name) { return NotFound("DUTY_NOT_FOUND", "The duty", name); }
// `staff` is empty where nobody was named.
inline Error DutyDone(const std::string& occurrence_time, const std::string& staff) {
  return {.code = Code::kAlreadyExists,
          .reason = "DUTY_DONE",
          .message = "This occurrence is done already.",
          .metadata = {{"occurrence_time", occurrence_time}, {"staff", staff}}};
}
inline Error LimitReached(const std::string& of, int limit) {
  return {.code = Code::kFailedPrecondition,
          .reason = "LIMIT_REACHED",
          .message = "The community has " + std::to_string(limit) + " " + of + " already, as many as it may have.",
          .metadata = {{"limit", std::to_string(limit)}, {"of", of}}};
}

}  // namespace lanting::membership::errors
