// Every error of the membership domain, one factory each. The reason is the ErrorReason without its prefix.
#pragma once

#include <string>

#include "platform/base/error.h"

namespace lanting::membership::errors {

// A name that does not exist and a name of another tenant give the same answer.
inline Error NotFound(std::string reason, std::string what, const std::string& name) {
  return {.code = Code::kNotFound,
          .reason = std::move(reason),
          .message = std::move(what) + " " + name + " cannot be found.",
          .metadata = {{"name", name}}};
}
inline Error CommunityNotFound(const std::string& name) {
  return NotFound("COMMUNITY_NOT_FOUND", "The community", name);
}
inline Error GroupNotFound(const std::string& name) { return NotFound("GROUP_NOT_FOUND", "The group", name); }
inline Error MemberNotFound(const std::string& name) { return NotFound("MEMBER_NOT_FOUND", "The member", name); }
inline Error GateNotFound(const std::string& name) { return NotFound("GATE_NOT_FOUND", "The gate", name); }
inline Error InviteLinkNotFound(const std::string& name) {
  return NotFound("INVITE_LINK_NOT_FOUND", "The invite link", name);
}
inline Error ApplicationNotFound(const std::string& name) {
  return NotFound("APPLICATION_NOT_FOUND", "The application", name);
}
inline Error HouseRulesNotFound(const std::string& name) {
  return NotFound("HOUSE_RULES_NOT_FOUND", "The house rules", name);
}
inline Error MemberImportNotFound(const std::string& name) {
  return NotFound("MEMBER_IMPORT_NOT_FOUND", "The import", name);
}
inline Error TenantNotFound(const std::string& name) { return NotFound("TENANT_NOT_FOUND", "The tenant", name); }
inline Error KeyNotFound(const std::string& name) { return NotFound("KEY_NOT_FOUND", "The key", name); }

inline Error ExternalIdTaken(const std::string& external_id) {
  return {.code = Code::kAlreadyExists,
          .reason = "EXTERNAL_ID_TAKEN",
          .message = "The external id " + external_id + " is taken.",
          .metadata = {{"external_id", external_id}}};
}
inline Error IdentityTaken(const std::string& channel, const std::string& user_id) {
  return {.code = Code::kAlreadyExists,
          .reason = "IDENTITY_TAKEN",
          .message =
              "The identity " + user_id + " on channel " + channel + " already belongs to a member of this community.",
          .metadata = {{"channel", channel}, {"user_id", user_id}}};
}
// `application` is empty when its name is not known (both were sent at the same moment).
inline Error ApplicationOpen(const std::string& channel, const std::string& user_id, const std::string& application) {
  return {.code = Code::kAlreadyExists,
          .reason = "APPLICATION_OPEN",
          .message = "The identity " + user_id + " on channel " + channel +
                     " has an application to this community that is not decided yet" +
                     (application.empty() ? "." : ": " + application + "."),
          .metadata = {{"channel", channel}, {"user_id", user_id}, {"application", application}}};
}
inline Error HouseRulesNotAccepted(int current_version) {
  auto version = std::to_string(current_version);
  return {.code = Code::kFailedPrecondition,
          .reason = "HOUSE_RULES_NOT_ACCEPTED",
          .message = "The house rules in force, version " + version + ", must be accepted: set acceptedRulesVersion.",
          .metadata = {{"current_version", version}}};
}
inline Error InviteLinkExpired() {
  return {
      .code = Code::kFailedPrecondition, .reason = "INVITE_LINK_EXPIRED", .message = "The invite link has expired."};
}
inline Error InviteLinkRevoked() {
  return {
      .code = Code::kFailedPrecondition, .reason = "INVITE_LINK_REVOKED", .message = "The invite link was revoked."};
}
inline Error InviteLinkUsedUp() {
  return {.code = Code::kFailedPrecondition, .reason = "INVITE_LINK_USED_UP", .message = "The invite link is used up."};
}
inline Error GateKindMismatch(std::string message) {
  return {.code = Code::kFailedPrecondition, .reason = "GATE_KIND_MISMATCH", .message = std::move(message)};
}
inline Error ApplicationDecided(const std::string& state) {
  return {.code = Code::kFailedPrecondition,
          .reason = "APPLICATION_DECIDED",
          .message = "The application was decided already: " + state + ".",
          .metadata = {{"state", state}}};
}
inline Error CommunityArchived(const std::string& name) {
  return {.code = Code::kFailedPrecondition,
          .reason = "COMMUNITY_ARCHIVED",
          .message = "The community " + name + " is archived: reopen it first.",
          .metadata = {{"name", name}}};
}
inline Error MemberNotActive(const std::string& name) {
  return {.code = Code::kFailedPrecondition,
          .reason = "MEMBER_NOT_ACTIVE",
          .message = "The member " + name + " is not active.",
          .metadata = {{"name", name}}};
}
inline Error MemberGone(const std::string& name) {
  return {.code = Code::kFailedPrecondition,
          .reason = "MEMBER_GONE",
          .message = "The member " + name + " has left already.",
          .metadata = {{"name", name}}};
}
}  // namespace lanting::membership::errors
