// What is left of a person who was forgotten, and of texts that named them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lanting::membership {

// Numbers of the proto enum; stored as such.
enum class ErasureReason : std::int16_t {};

// The name of somebody who has none any more, in the language of the community.
inline std::string ErasedName(std::string_view locale) { return locale == "en" ? "Erased member" : "已注销成员"; }

// Whether the text names somebody: the name stands in it, and not as a part of a longer word of letters and digits. One
// character is no name.
bool Mentions(std::string_view text, std::string_view name);

// The filter of a segment with `erased` in place of every one of `names` that display_name or external_id is compared
// with; what other fields are compared with stays. It parses as it did before.
std::string ForgetInFilter(std::string_view filter, const std::vector<std::string>& names, const std::string& erased);

}  // namespace lanting::membership
