// Messages as JSON, by the proto3 mapping: lowerCamel names, 64-bit integers as strings, enums by name, scalars with
// their defaults, sub-messages and optional fields only when set. No document in between.
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
