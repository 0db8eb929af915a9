// Segments: members of a community that a filter describes. What is in the filter is the API's business
// (api/member_fields.h).
#pragma once

#include <string>

#include "platform/base/clock.h"
#include "platform/base/id.h"

namespace lanting::membership {

inline constexpr int kMaxSegments = 500;  // of a community

struct Segment {
  Id id;
  Id community;
  std::string display_name;
  std::string filter;
  std::string description;
  Time create_time, update_time;
  std::int64_t version = 1;
};

}  // namespace lanting::membership
