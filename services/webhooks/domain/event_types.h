// Names of event types as tenants see them, made from the names of the messages: no table by hand.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.h"

namespace lanting::webhooks {

// "lanting.membership.v1.MemberJoined" -> "membership.member_joined"; of another version than 1 with it:
// "membership.v2.member_joined". "" for what is not a message of a service.
std::string EventTypeOf(std::string_view message);

// Every pattern that matches the type: itself, all of its service, all.
std::vector<std::string> PatternsOf(std::string_view event_type);

// Each is a known type, a known service with ".*", or "*", and none is there twice: else INVALID_FIELDS below `field`.
Result<void> CheckPatterns(const std::vector<std::string>& patterns, const std::set<std::string>& known_types,
                           const std::string& field);

}  // namespace lanting::webhooks
