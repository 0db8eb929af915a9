// Errors of profiles, house rules, naming and onboarding, one factory each.
#pragma once

#include <string>

#include "membership/domain/errors.h"

namespace lanting::membership::errors {

inline Error NoteNotFound(const std::string& name) { return NotFound("NOTE_NOT_FOUND", "The note", name); }
inline Error OnboardingStepNotFound(const std::string& key) {
  return NotFound("ONBOARDING_STEP_NOT_FOUND", "The onboarding step", key);
}
inline Error IdentityNotFound(const std::string& channel) {
  return {.code = Code::kNotFound,
          .reason = "IDENTITY_NOT_FOUND",
          .message = "The member has no identity on channel " + channel + ".",
          .metadata = {{"channel", channel}}};
}
inline Error ChannelIdentityExists(const std::string& channel) {
  return {.code = Code::kFailedPrecondition,
          .reason = "CHANNEL_IDENTITY_EXISTS",
          .message = "The member has another identity on channel " + channel + ": remove it first.",
          .metadata = {{"channel", channel}}};
}
inline Error TooManyTags(int limit) {
  return {.code = Code::kFailedPrecondition,
          .reason = "TOO_MANY_TAGS",
          .message = "A member may have " + std::to_string(limit) + " tags.",
          .metadata = {{"limit", std::to_string(limit)}}};
}
inline Error HouseRulesNotInForce(int current_version) {
  const auto version = std::to_string(current_version);
  return {.code = Code::kFailedPrecondition,
          .reason = "HOUSE_RULES_NOT_IN_FORCE",
          .message = "Only the house rules in force can be accepted: version " + version + ".",
          .metadata = {{"current_version", version}}};
}
inline Error OnboardingStepAutomatic(const std::string& key) {
  return {.code = Code::kFailedPrecondition,
          .reason = "ONBOARDING_STEP_AUTOMATIC",
          .message = "The onboarding step " + key + " is done by its trigger, and by nothing else.",
          .metadata = {{"step", key}}};
}
inline Error NamingConventionNotSet(const std::string& name) {
  return {.code = Code::kFailedPrecondition,
          .reason = "NAMING_CONVENTION_NOT_SET",
          .message = "The community has no naming convention yet: update " + name + " first.",
          .metadata = {{"name", name}}};
}

}  // namespace lanting::membership::errors
