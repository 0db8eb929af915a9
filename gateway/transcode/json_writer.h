// Messages as JSON, by the proto3 mapping: lowerCamel names, 64-bit integers as strings, enums by name, scalars with
// their defaults, sub-messages and optional fields only when set. No document in between.
//
// Printing never fails. What has no JSON form is null: a Timestamp or Duration out of range, a FieldMask that would not
// come back as it was, a NaN or infinity in a Value. Of an Any whose type is unknown here, whose bytes are broken or
// which lies more than 100 messages deep, only "@type" is printed; an empty one is {}.
#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace lanting::gateway {

void AppendJson(const google::protobuf::Message& message, std::string* out);
// The value of one field alone: a list or map if it is one, null for an unset sub-message.
void AppendFieldJson(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field,
                     std::string* out);
// With quotes.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace lanting::gateway
