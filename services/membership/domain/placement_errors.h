// The refusals of groups and places, one factory each.
#pragma once

#include <string>

#include "membership/domain/errors.h"

namespace lanting::membership::errors {

inline Error GroupClosed(const std::string& name) {
  return {.code = Code::kFailedPrecondition,
          .reason = "GROUP_CLOSED",
          .message = "The group " + name + " is closed and takes nobody.",
          .metadata = {{"name", name}}};
}
inline Error GroupFull(const std::string& name) {
  return {.code = Code::kFailedPrecondition,
          .reason = "GROUP_FULL",
          .message = "The group " + name + " has no place left.",
          .metadata = {{"name", name}}};
}
inline Error GroupKindMismatch(const std::string& name) {
  return {.code = Code::kFailedPrecondition,
          .reason = "GROUP_KIND_MISMATCH",
          .message = "The group " + name + " is a main group: nobody has a further place there.",
          .metadata = {{"name", name}}};
}
inline Error CapacityBelowMemberCount(int member_count) {
  return {.code = Code::kFailedPrecondition,
          .reason = "CAPACITY_BELOW_MEMBER_COUNT",
          .message = "The capacity cannot be less than the places taken: " + std::to_string(member_count) + ".",
          .metadata = {{"member_count", std::to_string(member_count)}}};
}
inline Error MemberNotInGroup(const std::string& member, const std::string& group) {
  return {.code = Code::kFailedPrecondition,
          .reason = "MEMBER_NOT_IN_GROUP",
          .message = "The member " + member + " has no further place in the group " + group + ".",
          .metadata = {{"member", member}, {"group", group}}};
}
inline Error RoutingRuleNotFound(const std::string& name) {
  return NotFound("ROUTING_RULE_NOT_FOUND", "The routing rule", name);
}
inline Error RoutingRuleExists(const std::string& tag) {
  return {.code = Code::kAlreadyExists,
          .reason = "ROUTING_RULE_EXISTS",
          .message = "Members with the tag " + tag + " are sent to this group already.",
          .metadata = {{"tag", tag}}};
}
inline Error TooManyRoutingRules(int limit) {
  return {.code = Code::kFailedPrecondition,
          .reason = "TOO_MANY_ROUTING_RULES",
          .message = "A community has at most " + std::to_string(limit) + " routing rules.",
          .metadata = {{"limit", std::to_string(limit)}}};
}
inline Error GroupSplitNotFound(const std::string& name) {
  return NotFound("GROUP_SPLIT_NOT_FOUND", "The split", name);
}
inline Error SplitTooLarge(int limit) {
  return {.code = Code::kFailedPrecondition,
          .reason = "SPLIT_TOO_LARGE",
          .message = "The group has more than " + std::to_string(limit) + " members: more than one split can place.",
          .metadata = {{"limit", std::to_string(limit)}}};
}

}  // namespace lanting::membership::errors
