// Facts on their way out: an Event is written into the outbox in the transaction of its cause, and the relay
// (relay.h) brings it to the streams.
#pragma once

#include <google/protobuf/message_lite.h>

#include <string>

#include "platform/base/clock.h"
#include "platform/base/id.h"

namespace lanting::outbox {

struct Event {
  Id event_id;          // UUIDv7
  std::string type;     // full name of the payload message
  std::string subject;  // resource name; per subject, events arrive in order
  std::int64_t aggregate_version = 0;
  Time occurred_time;
  std::string traceparent;
  std::string payload;  // serialised message
};

// Makes an event of `payload` (a proto message) about `subject`.
template <typename Message>
Event MakeEvent(const Message& payload, std::string subject, std::int64_t aggregate_version, Time now,
                std::string traceparent) {
  return Event{Id::New(now),
               std::string(Message::descriptor()->full_name()),
               std::move(subject),
               aggregate_version,
               now,
               std::move(traceparent),
               payload.SerializeAsString()};
}

}  // namespace lanting::outbox
