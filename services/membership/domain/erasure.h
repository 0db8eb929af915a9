// What is left of a person who was forgotten. Pure.
#pragma once

#include <string>
#include <string_view>

namespace lanting::membership {

// Numbers of the proto enum; stored as such.
enum class ErasureReason : std::int16_t {};

// The name of somebody who has none any more, in the language of the community.
inline std::string ErasedName(std::string_view locale) { return locale == "en" ? "Erased member" : "已注销成员"; }

}  // namespace lanting::membership
