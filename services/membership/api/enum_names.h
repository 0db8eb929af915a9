// Enums in filters.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <utility>
#include <vector>

#include "platform/paging/filter.h"

namespace lanting::membership {

// An enum by its names, and by their short form: GROUP_KIND_TOPIC and TOPIC.
inline std::vector<std::pair<std::string, int>> ShortEnumValues(const google::protobuf::EnumDescriptor* descriptor,
                                                                const std::string& prefix) {
  auto values = paging::EnumValues(descriptor);
  for (std::size_t i = 0, n = values.size(); i < n; ++i) {
    values.emplace_back(values[i].first.substr(prefix.size()), values[i].second);
  }
  return values;
}

}  // namespace lanting::membership
