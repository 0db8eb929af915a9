// Resource names: made and taken apart in one place.
#pragma once

#include <string>
#include <string_view>

#include "platform/base/id.h"
#include "platform/base/strings.h"

namespace lanting::webhooks::names {

inline std::string Webhook(const Id& w) { return "webhooks/" + w.ToString(); }
inline std::string Delivery(const Id& w, const Id& d) { return Webhook(w) + "/deliveries/" + d.ToString(); }

// The ids of a name whose form the validator has checked: "webhooks/{a}" -> {a, nil}, "webhooks/{a}/x/{b}" -> {a, b}.
struct Parts {
  Id first, second;
};
inline Parts Parse(std::string_view name) {
  const auto segments = Split(name, '/');
  auto id = [&](std::size_t i) { return i < segments.size() ? Id::Parse(segments[i]).value_or(Id()) : Id(); };
  return {id(1), id(3)};
}

}  // namespace lanting::webhooks::names
