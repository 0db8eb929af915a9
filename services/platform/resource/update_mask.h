// Update masks (AIP-134, AIP-161, AIP-203), for any resource whose fields carry lanting.common.v1.rules.
#pragma once

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include <string>

#include "platform/base/result.h"

namespace lanting::resource {

// Brings what `mask` names from `patch` into `stored`, two messages of one type. An empty mask means the fields that
// `patch` has; "*" means all. Output-only fields, `name` and `etag` are passed over. A field that is named and not in
// `patch` is cleared.
//
// Errors, all at once, with paths below `field` (the JSON name of the resource in the request): INVALID_FIELDS with
// IMMUTABLE (an immutable field would change), REQUIRED (a required one would be cleared), INVALID_UPDATE_MASK (not a
// field of the resource).
Result<void> ApplyUpdate(const google::protobuf::FieldMask& mask, const google::protobuf::Message& patch,
                         const std::string& field, google::protobuf::Message* stored);

}  // namespace lanting::resource
