// Enums in filters.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/paging/filter.h"

namespace lanting::membership {

// An enum by its names, and by their short form: GROUP_KIND_TOPIC and TOPIC. What is left out is what stands before
// UNSPECIFIED in the zero value (tests/contract holds every enum to that form).
inline std::vector<std::pair<std::string, int>> ShortEnumValues(const google::protobuf::EnumDescriptor* descriptor) {
  const auto prefix = descriptor->value(0)->name().size() - std::string_view("UNSPECIFIED").size();
  auto values = paging::EnumValues(descriptor);
  for (std::size_t i = 0, n = values.size(); i < n; ++i) {
    values.emplace_back(values[i].first.substr(prefix), values[i].second);
  }
  return values;
}

}  // namespace lanting::membership
