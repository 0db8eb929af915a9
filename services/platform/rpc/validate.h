// Declarative validation: every constraint that protos state with (lanting.common.v1.rules), checked by reflection
// before any handler runs. Also checked without a rule: strings are UTF-8 without NUL and at most 1024 code points,
// lists have at most 100 elements, Timestamps and Durations are in the range of their definition, messages nest at most
// 32 deep.
//
// All violations are found at once, each with the JSON path of its field. Output-only fields are cleared, not refused
// (AIP-203). In a request with an `update_mask`, the `name` of the resource is kept and required, the mask must name
// fields of the resource, and what the update does not touch may be left out (AIP-134). Whether an immutable field
// changes is for the update's handler to say: it alone knows the old value.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "platform/base/result.h"

namespace google::protobuf {
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace lanting::rpc {

// At most this many violations are reported of one message.
inline constexpr std::size_t kMaxViolations = 1000;

std::vector<FieldViolation> Violations(google::protobuf::Message& message);
// The same as INVALID_FIELDS.
Result<void> Validate(google::protobuf::Message& message);

// Whether `text` fits one of the patterns, separated by "|": `*` is an id (26 characters of lower-case Crockford
// base32),
// `**` at the end is any non-empty rest.
bool MatchesResource(std::string_view patterns, std::string_view text);

// Builds and keeps the plan of a message type, so that the first call does not pay for it. Throws std::logic_error if
// its rules make no sense (min over max, a pattern that cannot match, a rule that does not fit the field's type).
void PrepareValidation(const google::protobuf::Descriptor* type);

}  // namespace lanting::rpc
