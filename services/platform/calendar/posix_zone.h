// The rule of a zone for all the time to come, as its file ends with: "EST5EDT,M3.2.0,M11.1.0" (POSIX TZ with the
// extensions of RFC 9636).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lanting::calendar {

class PosixZone {
 public:
  // nullopt for what is no such rule.
  static std::optional<PosixZone> Parse(std::string_view text);

  // Seconds since the epoch.
  std::chrono::seconds OffsetAt(std::int64_t time) const;
  bool known() const { return known_; }

  // A day of the year and a time of it, when clocks change.
  struct Change {
    enum class Kind { kJulian, kDay, kWeekday } kind = Kind::kWeekday;
    int month = 0, week = 0, day = 0;
    int seconds = 2 * 3600;  // may be negative, or more than a day
  };

 private:
  bool known_ = false, has_dst_ = false;
  std::chrono::seconds standard_{0}, dst_{0};
  Change start_, end_;
};

}  // namespace lanting::calendar
