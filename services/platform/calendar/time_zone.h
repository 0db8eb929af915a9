// TimeZone: local times of an IANA zone, from the system's files (RFC 9636, /usr/share/zoneinfo). The C library knows
// one zone at a time and GCC 12 none of <chrono>'s, so the files are read here; what is read is kept and shared.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.h"
#include "platform/calendar/posix_zone.h"

namespace lanting::calendar {

using LocalTime = std::chrono::local_seconds;

class TimeZone {
 public:
  // nullptr if the system knows no such zone. Thread safe; a zone is read once in the life of the process.
  static std::shared_ptr<const TimeZone> Find(const std::string& name);
  // Of the bytes of a file; nullptr if they are none.
  static std::shared_ptr<const TimeZone> Parse(std::string_view file);

  std::chrono::seconds OffsetAt(Time time) const;
  LocalTime ToLocal(Time time) const;
  // Of a local time that clocks skip: as much later as they skip. Of one that they repeat: the first.
  Time ToTime(LocalTime local) const;

 private:
  std::vector<std::int64_t> transitions_;      // seconds since the epoch, ascending
  std::vector<std::chrono::seconds> offsets_;  // from each transition on
  std::chrono::seconds first_{0};              // before the first
  PosixZone after_;                            // after the last; may know nothing
};

// "2026-05-01T09:00:00" (or without seconds), and back.
std::optional<LocalTime> ParseLocal(std::string_view text);
std::string FormatLocal(LocalTime local);

}  // namespace lanting::calendar
