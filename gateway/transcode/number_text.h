// Numbers as they stand in JSON and in URLs.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace lanting::gateway {

// kJson: a number by the grammar of JSON, whose value may be integral in any form ("1.0", "1e3", "-0").
// kPlain: digits and perhaps a minus, in the one form that prints the value ("7", not "07", "+7" or "-0"): map keys and
// URLs, where two spellings would be two names of one thing.
enum class NumberForm { kJson, kPlain };

// The whole text as an integer; never rounded, whatever its length. False if it is none or has more than 64 bits.
bool ParseMagnitude(std::string_view text, NumberForm form, bool* minus, std::uint64_t* magnitude);

template <typename T>
bool ParseInteger(std::string_view text, NumberForm form, T* out) {
  static_assert(std::is_integral_v<T>);
  bool minus;
  std::uint64_t magnitude;
  if (!ParseMagnitude(text, form, &minus, &magnitude)) return false;
  const auto max = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
  if (magnitude > max + (minus && std::is_signed_v<T> ? 1 : 0)) return false;
  if (minus && magnitude != 0 && !std::is_signed_v<T>) return false;
  *out = static_cast<T>(minus ? 0 - magnitude : magnitude);
  return true;
}

// The nearest value to a number by the grammar of JSON; false if it is none or too large. What is too small is 0.
bool ParseDouble(std::string_view text, double* out);
bool ParseFloat(std::string_view text, float* out);

}  // namespace lanting::gateway
