// Schedule: when something comes again, by a rule of RFC 5545 (iCalendar, "FREQ=WEEKLY;BYDAY=MO"), counted in the local
// time of a zone: 09:00 stays 09:00 when clocks change. A local time that they skip comes as much later as they skip;
// one that they repeat comes once, the first time; what falls on one instant comes once.
//
//   ASSIGN_OR_RETURN(auto schedule, calendar::Schedule::Make(rrule, start, calendar::TimeZone::Find("Asia/Shanghai"),
//                                                            "duty.rrule"));
//   for (const auto& one : schedule.Between(from, to, 1000).list) ...
//
// libical expands the rule in local time and knows of no zone here (zones are calendar/time_zone.h's). What a caller
// can write is bounded: at most 500 characters, hourly at the most often, at least one occurrence in the first 5 years
// (so that none is searched for in vain for ever), no other calendars (RSCALE). The start itself comes only if the rule
// says so. UNTIL may be in UTC, local, or a date, which is then the last day.
//
// Thread safe: a Schedule is a value, each expansion has an iterator of its own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/result.h"
#include "platform/calendar/time_zone.h"

namespace lanting::calendar {

struct Occurrence {
  Time time;
  LocalTime local;  // by the rule, also where clocks skip it
  friend auto operator<=>(const Occurrence&, const Occurrence&) = default;
};

// In the order of their time.
struct Occurrences {
  std::vector<Occurrence> list;
  bool more = false;  // there are others after the last one, before the end of what was asked for
};

inline constexpr std::size_t kMaxOccurrences = 1000;  // of one call
inline constexpr std::size_t kMaxRuleLength = 500;

class Schedule {
 public:
  // An empty rule: once. `zone` must not be null. INVALID_FIELDS about `field` for a rule that is none or may not be.
  static Result<Schedule> Make(std::string rrule, LocalTime start, std::shared_ptr<const TimeZone> zone,
                               const std::string& field);

  // The same of a rule that Make has accepted before, without asking again; one that is none comes never.
  static Schedule Stored(std::string rrule, LocalTime start, std::shared_ptr<const TimeZone> zone) {
    return Schedule(std::move(rrule), start, std::move(zone));
  }

  // Those with from <= time < to, the first `max` of them (at most kMaxOccurrences).
  Occurrences Between(Time from, Time to, std::size_t max = kMaxOccurrences) const;

 private:
  Schedule(std::string rrule, LocalTime start, std::shared_ptr<const TimeZone> zone)
      : rrule_(std::move(rrule)), start_(start), zone_(std::move(zone)) {}
  // Hands out local times from `from` on and before `to`, in order, until one is not taken. False: the rule cannot be
  // expanded.
  bool Expand(LocalTime from, LocalTime to, const std::function<bool(LocalTime)>& take) const;

  std::string rrule_;
  LocalTime start_;
  std::shared_ptr<const TimeZone> zone_;
};

}  // namespace lanting::calendar
