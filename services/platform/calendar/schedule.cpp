#include "platform/calendar/schedule.h"

#include <libical/ical.h>

#include <algorithm>
#include <optional>

namespace lanting::calendar {
namespace {

using namespace std::chrono;

constexpr auto kFirstWithin = days(5 * 366);
// More than clocks ever skip.
constexpr auto kSkip = hours(26);
constexpr std::size_t kMaxSteps = 200'000;

icaltimetype ToIcal(LocalTime local) {
  const auto day = floor<days>(local);
  const year_month_day date(day);
  const hh_mm_ss time(local - day);
  icaltimetype t = icaltime_null_time();
  t.year = static_cast<int>(date.year());
  t.month = static_cast<int>(static_cast<unsigned>(date.month()));
  t.day = static_cast<int>(static_cast<unsigned>(date.day()));
  t.hour = static_cast<int>(time.hours().count());
  t.minute = static_cast<int>(time.minutes().count());
  t.second = static_cast<int>(time.seconds().count());
  return t;
}

LocalTime FromIcal(const icaltimetype& t) {
  const year_month_day date(year(t.year), month(static_cast<unsigned>(t.month)), day(static_cast<unsigned>(t.day)));
  return local_days(date) + hours(t.hour) + minutes(t.minute) + seconds(t.second);
}

// Why a rule may not be; empty if it may.
std::string Fault(const std::string& rrule, icalrecurrencetype* rule) {
  if (rrule.size() > kMaxRuleLength) return "has at most 500 characters.";
  for (const char* no : {"RSCALE", "SKIP", "BYSECOND"}) {
    if (rrule.find(no) != std::string::npos) return std::string(no) + " is not supported.";
  }
  for (char c : rrule) {  // as icalrecurrencetype_from_string reads it, without its leniency
    const bool plain =
        (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '=' || c == ';' || c == ',' || c == '-' || c == '+';
    if (!plain) return "is a rule of RFC 5545 in capital letters, e.g. FREQ=WEEKLY;BYDAY=MO.";
  }
  *rule = icalrecurrencetype_from_string(rrule.c_str());
  if (rule->freq == ICAL_NO_RECURRENCE) return "is a rule of RFC 5545, e.g. FREQ=WEEKLY;BYDAY=MO.";
  if (rule->freq == ICAL_SECONDLY_RECURRENCE || rule->freq == ICAL_MINUTELY_RECURRENCE) {
    return "comes again hourly at the most often.";
  }
  return {};
}

// The end of a rule in local time; of one without, or with a count, the end of time.
LocalTime End(const icalrecurrencetype& rule, const TimeZone& zone) {
  const auto& until = rule.until;
  if (icaltime_is_null_time(until)) return LocalTime::max();
  if (until.is_date != 0) return FromIcal(until) + days(1) - seconds(1);
  const auto written = FromIcal(until);
  return icaltime_is_utc(until) != 0 ? zone.ToLocal(Time(written.time_since_epoch())) : written;
}

// A start from which the rule comes at the same times from `from` on, so that the years between need not be walked. By
// hand: libical's icalrecur_iterator_set_start (3.0.16) forgets the interval of an hourly rule. A rule with a count is
// counted from its start; the few steps of a monthly or yearly one are walked.
LocalTime Skip(const icalrecurrencetype& rule, LocalTime start, LocalTime from) {
  seconds unit{0};
  if (rule.freq == ICAL_HOURLY_RECURRENCE) unit = hours(1);
  if (rule.freq == ICAL_DAILY_RECURRENCE) unit = days(1);
  if (rule.freq == ICAL_WEEKLY_RECURRENCE) unit = days(7);
  if (rule.count != 0 || unit.count() == 0 || from <= start) return start;
  unit *= rule.interval;
  // A week before, since a week's days may lie before the day it starts at.
  const auto periods = (from - start) / unit - (days(7) / unit + 1);
  return periods > 0 ? start + periods * unit : start;
}

}  // namespace

Result<Schedule> Schedule::Make(std::string rrule, LocalTime start, std::shared_ptr<const TimeZone> zone,
                                const std::string& field) {
  Schedule schedule(std::move(rrule), start, std::move(zone));
  if (schedule.rrule_.empty()) return schedule;
  icalrecurrencetype rule;
  auto fault = Fault(schedule.rrule_, &rule);
  if (!fault.empty()) return errors::InvalidField(field, "INVALID_FORMAT", "It " + fault);
  bool comes = false;
  if (!schedule.Expand(start, start + kFirstWithin, [&](LocalTime) { return !(comes = true); }) || !comes) {
    return errors::InvalidField(field, "INVALID_FORMAT", "It must come at least once within 5 years of its start.");
  }
  return schedule;
}

bool Schedule::Expand(LocalTime from, LocalTime to, const std::function<bool(LocalTime)>& take) const {
  if (rrule_.empty()) {
    if (from <= start_ && start_ < to) take(start_);
    return true;
  }
  auto rule = icalrecurrencetype_from_string(rrule_.c_str());
  if (rule.freq == ICAL_NO_RECURRENCE) return false;
  const LocalTime last = std::min(End(rule, *zone_), to - seconds(1));
  if (last < start_ || last < from) return true;
  // So that what never comes is not searched for beyond.
  rule.until = ToIcal(last);
  const std::unique_ptr<icalrecur_iterator, void (*)(icalrecur_iterator*)> iterator(
      icalrecur_iterator_new(rule, ToIcal(Skip(rule, start_, from))), [](icalrecur_iterator* i) {
        if (i != nullptr) icalrecur_iterator_free(i);
      });
  if (!iterator) return false;
  for (std::size_t step = 0; step < kMaxSteps; ++step) {
    const auto next = icalrecur_iterator_next(iterator.get());
    if (icaltime_is_null_time(next) != 0) break;
    const auto local = FromIcal(next);
    if (local > last) break;
    if (local >= from && local >= start_ && !take(local)) break;
  }
  return true;
}

Occurrences Schedule::Between(Time from, Time to, std::size_t max) const {
  max = std::min(max, kMaxOccurrences);
  Occurrences found;
  if (from >= to || max == 0) return found;
  std::optional<LocalTime> enough;
  Expand(zone_->ToLocal(from) - kSkip, zone_->ToLocal(to) + kSkip, [&](LocalTime local) {
    if (enough && local > *enough) return !(found.more = true);
    const auto time = zone_->ToTime(local);
    if (from <= time && time < to) found.list.push_back({time, local});
    // What clocks push behind others comes as much later by its local time.
    if (!enough && found.list.size() > max) enough = local + kSkip;
    return true;
  });
  auto& list = found.list;
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.time == b.time; }),
             list.end());
  found.more |= list.size() > max;
  if (list.size() > max) list.resize(max);
  return found;
}

}  // namespace lanting::calendar
