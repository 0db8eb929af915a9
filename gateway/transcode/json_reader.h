// JSON into messages, by the proto3 mapping and strictly: no unknown or repeated names, no trailing commas, no null in
// lists, at most 100 levels. Boost.JSON reads the text; values go straight into the message, with no document between.
//
// Where the mapping leaves a choice:
//   integers  any form of an integral value, in quotes too (1.0, "1e3"); never rounded. Map keys: plain digits only
//   floats    rounded to the nearest, down to 0; too large is refused
//   text      UTF-8 without NUL; a lone surrogate is refused
//   times     upper-case T and Z, at most nine digits of fraction, no leap second
//   enums     by name or number; a number that is unknown here is kept, the service judges it
//   null      unset; a value in google.protobuf.Value and NullValue alone
//   Any       {"@type": "type.googleapis.com/x.Y", ...} with "@type" anywhere, {} when empty; "value" beside it if x.Y
//   has
//             a JSON form of its own; at most 200,000 tokens. x.Y is a proto3 message of the request's own package or
//             of a file that the request's file imports
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/error.h"

namespace lanting::gateway {

inline constexpr std::size_t kMaxJsonDepth = 100;
// More violations than this are not listed.
inline constexpr std::size_t kMaxViolations = 100;

struct JsonInput {
  std::string_view text;
  google::protobuf::Message* message;
  // The text is the value of this field of `message`; nullptr: of the message itself.
  const google::protobuf::FieldDescriptor* field = nullptr;
  // If given, receives the path of every value the text names, relative to what it fills, in snake case and sorted:
  // the update mask of a PATCH. Lists, maps and well-known types count as one value.
  std::vector<std::string>* mask = nullptr;
};

// A syntax error is MALFORMED_JSON with metadata `line` and `column` (in bytes), from 1. Else the message is filled as
// far as it could be and every value at fault was added to `violations` with its JSON path.
std::optional<Error> ReadJson(const JsonInput& input, std::vector<FieldViolation>* violations);

}  // namespace lanting::gateway
