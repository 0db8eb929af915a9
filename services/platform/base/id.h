// Id: a UUID, made as version 7 (RFC 9562: time-ordered), kept as 16 bytes. Text forms:
//   ToString()  26 characters of lower-case Crockford base32 (the TypeID suffix form): resource names, the API
//   ToUuid()    8-4-4-4-12 hex: PostgreSQL
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/clock.h"

namespace lanting {

class Id {
 public:
  constexpr Id() = default;  // nil
  // A new UUIDv7: 48 bits of Unix milliseconds, 74 random bits. Ids made by one process are monotonic within a
  // millisecond (RFC 9562 section 6.2, method 2). Thread safe.
  static Id New();
  static Id New(Time now);
  // Strict: exactly 26 characters of 0-9 a-z without i l o u, first character 0-7.
  static std::optional<Id> Parse(std::string_view text);
  static std::optional<Id> ParseUuid(std::string_view hex);

  std::string ToString() const;
  std::string ToUuid() const;
  bool IsNil() const { return *this == Id(); }

  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  friend auto operator<=>(const Id&, const Id&) = default;  // NOLINT(modernize-use-nullptr): a false alarm

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

// Makes ids; injected where a test needs to know them.
using IdSource = std::function<Id()>;

}  // namespace lanting

template <>
struct std::hash<lanting::Id> {
  std::size_t operator()(const lanting::Id& id) const noexcept {
    std::size_t h = 0;  // the tail is random already
    for (int i = 8; i < 16; ++i) h = h << 8 | id.bytes()[i];
    return h;
  }
};
