// The body of a webhook's request.
//
//   {"type": "membership.member_joined", "timestamp": "2026-11-22T13:37:00.123456Z", "id": "<event id>",
//    "subject": "communities/c/members/m", "data": {...}}
//
// `data` is the proto3 JSON form of the event's message, as REST prints it: lowerCamel names, every field. `id` is the
// same for every webhook that gets the event.
#pragma once

#include <string>

#include "lanting/common/v1/event_envelope.pb.h"
#include "platform/base/result.h"

namespace lanting::webhooks::events {

// UNKNOWN_EVENT_TYPE for a message that this build does not have; INTERNAL when the payload does not parse.
Result<std::string> BodyOf(const common::v1::EventEnvelope& event);

}  // namespace lanting::webhooks::events
