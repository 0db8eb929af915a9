#include "membership/domain/names.h"

#include "platform/base/strings.h"

namespace lanting::membership::names {

Parts Parse(std::string_view name) {
  auto segments = Split(name, '/');
  auto id = [&](std::size_t i) { return i < segments.size() ? Id::Parse(segments[i]).value_or(Id()) : Id(); };
  return {id(1), id(3)};
}

}  // namespace lanting::membership::names
