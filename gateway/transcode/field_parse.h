// One scalar value of a URL or a JSON document into one field.
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <string_view>

#include "gateway/transcode/shape.h"

namespace lanting::gateway {

// Where the text comes from decides what it may look like: in a URL everything is text; in JSON a string is no bool.
enum class Origin { kUrl, kJsonString, kJsonNumber, kJsonBool };

struct Scalar {
  Origin origin;
  std::string_view text;
};

struct ValueFault {
  const char* reason;       // ErrorReason
  std::string description;  // what is allowed
};

// Sets a singular field, appends to a repeated one. Message fields take the text forms of Timestamp, Duration,
// FieldMask and the wrappers (Value too, from JSON). On a fault the field may have been touched.
std::optional<ValueFault> PutScalar(google::protobuf::Message* message, const FieldShape& field, Scalar value);
std::optional<ValueFault> PutScalar(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field,
                                    Scalar value);
// The same for a well-known type itself.
std::optional<ValueFault> PutWellKnown(google::protobuf::Message* message, const MessageShape& shape, Scalar value);

}  // namespace lanting::gateway
