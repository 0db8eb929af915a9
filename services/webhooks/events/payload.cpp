#include "webhooks/events/payload.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <memory>

#include "platform/obs/json_text.h"
#include "webhooks/domain/errors.h"
#include "webhooks/domain/event_types.h"
#include "webhooks/events/catalog.h"

namespace lanting::webhooks::events {

Result<std::string> BodyOf(const common::v1::EventEnvelope& event) {
  const auto* type = FindPayload(event.type());
  if (type == nullptr) return errors::UnknownEventType(event.type());
  std::unique_ptr<google::protobuf::Message> payload(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  std::string data;
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  if (!payload->ParseFromString(event.payload()) ||
      !google::protobuf::util::MessageToJsonString(*payload, &data, options).ok()) {
    return lanting::errors::Internal("the payload of event " + event.event_id() + " does not parse");
  }
  std::string body = "{\"type\":";
  obs::AppendJsonString(body, EventTypeOf(event.type()));
  body += ",\"timestamp\":\"" + google::protobuf::util::TimeUtil::ToString(event.occurred_time()) + "\",\"id\":";
  obs::AppendJsonString(body, event.event_id());
  body += ",\"subject\":";
  obs::AppendJsonString(body, event.subject());
  return body + ",\"data\":" + data + "}";
}

}  // namespace lanting::webhooks::events
