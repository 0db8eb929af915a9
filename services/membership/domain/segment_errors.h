// Errors of segments.
#pragma once

#include <string>

#include "membership/domain/errors.h"

namespace lanting::membership::errors {

inline Error SegmentNotFound(const std::string& name) { return NotFound("SEGMENT_NOT_FOUND", "The segment", name); }
inline Error TooManySegments(int limit) {
  return {.code = Code::kFailedPrecondition,
          .reason = "TOO_MANY_SEGMENTS",
          .message = "A community has at most " + std::to_string(limit) + " segments.",
          .metadata = {{"limit", std::to_string(limit)}}};
}

}  // namespace lanting::membership::errors
