// Text forms of the well-known types (proto3 JSON mapping), and of numbers and bytes.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

namespace lanting::gateway {

// RFC 3339, years 0001 to 9999, upper-case T and Z, up to nine digits of fraction.
bool ParseTimestamp(std::string_view text, google::protobuf::Timestamp* out);
// UTC with 0, 3, 6 or 9 digits; false if out of range.
bool AppendTimestamp(const google::protobuf::Timestamp& time, std::string* out);

// "3.5s", at most 10,000 years either way.
bool ParseDuration(std::string_view text, google::protobuf::Duration* out);
bool AppendDuration(const google::protobuf::Duration& duration, std::string* out);

// "displayName,channel.userId". Snake case too if `snake`.
bool ParseFieldMask(std::string_view text, bool snake, google::protobuf::FieldMask* out);
void AppendFieldMask(const google::protobuf::FieldMask& mask, std::string* out);

// Standard and URL-safe alphabet, with or without padding.
bool DecodeBase64(std::string_view text, std::string* out);
// Standard alphabet with padding.
void AppendBase64(std::string_view bytes, std::string* out);

bool ParseDouble(std::string_view text, double* out);
// "NaN", "Infinity", "-Infinity" too.
bool ParseDoubleOrWord(std::string_view text, double* out);

// The whole text as an integer of type T. `exponent` also takes a number with fraction or exponent whose value is
// integral ("1.0", "1e3"), as JSON allows.
template <typename T>
bool ParseInteger(std::string_view text, bool exponent, T* out) {
  static_assert(std::is_integral_v<T>);
  const char* end = text.data() + text.size();
  auto [stop, fault] = std::from_chars(text.data(), end, *out);
  if (fault == std::errc() && stop == end) return true;
  double value;
  if (!exponent || (fault == std::errc::result_out_of_range && stop == end) || !ParseDouble(text, &value)) return false;
  // The bounds are powers of two, so that they are exact as doubles.
  const double limit = std::ldexp(1.0, std::numeric_limits<T>::digits);
  if (value != std::trunc(value) || value >= limit || value < (std::is_signed_v<T> ? -limit : 0.0)) return false;
  *out = static_cast<T>(value);
  return true;
}

}  // namespace lanting::gateway
