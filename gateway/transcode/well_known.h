// Text forms of the well-known types and of bytes (proto3 JSON mapping).
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "gateway/transcode/number_text.h"

namespace lanting::gateway {

// RFC 3339, years 0001 to 9999, upper-case T and Z, up to nine digits of fraction, no leap second.
bool ParseTimestamp(std::string_view text, google::protobuf::Timestamp* out);
// UTC with 0, 3, 6 or 9 digits; false if out of range.
bool AppendTimestamp(const google::protobuf::Timestamp& time, std::string* out);

// "3.5s", at most 10,000 years either way.
bool ParseDuration(std::string_view text, google::protobuf::Duration* out);
bool AppendDuration(const google::protobuf::Duration& duration, std::string* out);

// "displayName,channel.userId". Snake case too if `snake`; paths without a form in camel case ("a__b", "a_1") are none.
bool ParseFieldMask(std::string_view text, bool snake, google::protobuf::FieldMask* out);
// False if a path would not come back as it was ("a__b", "a_1").
bool AppendFieldMask(const google::protobuf::FieldMask& mask, std::string* out);

// Standard and URL-safe alphabet, with or without padding.
bool DecodeBase64(std::string_view text, std::string* out);
// Standard alphabet with padding.
void AppendBase64(std::string_view bytes, std::string* out);

}  // namespace lanting::gateway
