#include "membership/domain/duty.h"

#include <charconv>

namespace lanting::membership {
namespace {

using namespace std::chrono;

constexpr auto kAhead = hours(24);
constexpr auto kMaxWindow = hours(24 * 92);

int TwoDigits(const std::string& text, std::size_t at) {
  int value = 0;
  std::from_chars(text.data() + at, text.data() + at + 2, value);
  return value;
}

void Count(ChecklistCount& count, const DutyOccurrence& one, OccurrenceState state) {
  switch (state) {
    case OccurrenceState::kDone:
      ++(one.done->late ? count.done_late : count.done);
      return;
    case OccurrenceState::kMissed:
      ++count.missed;
      return;
    case OccurrenceState::kOpen:
      ++count.open;
      return;
    case OccurrenceState::kUpcoming:
      return;
  }
}

}  // namespace

Duty FromTemplate(StaffRole role, const DefaultDuty& from, local_days first_day) {
  Duty duty{.role = role, .title = from.title, .description = from.description, .template_key = from.key};
  duty.schedule = {
      .rrule = from.rrule,
      .start_local = first_day + hours(TwoDigits(from.local_time, 0)) + minutes(TwoDigits(from.local_time, 3)),
      .due_minutes = from.due_minutes};
  return duty;
}

OccurrenceState StateOf(const DutyOccurrence& occurrence, Time now) {
  if (occurrence.done) return OccurrenceState::kDone;
  if (occurrence.time > now) return OccurrenceState::kUpcoming;
  return now < occurrence.due ? OccurrenceState::kOpen : OccurrenceState::kMissed;
}

Result<void> CheckCompletable(Time occurrence, Time now) {
  if (occurrence <= now + kAhead) return {};
  return lanting::errors::InvalidField("occurrenceTime", "OUT_OF_RANGE", "Is more than a day ahead.");
}

Result<void> CheckWindow(Time start, Time end) {
  if (start < end && end - start <= kMaxWindow) return {};
  return lanting::errors::InvalidField("endTime", "OUT_OF_RANGE", "Must be after startTime, by at most 92 days.");
}

std::optional<int> ChecklistCount::percent() const {
  const int all = done + done_late + missed;
  if (all == 0) return std::nullopt;
  return static_cast<int>(std::int64_t{100} * (done + done_late) / all);
}

void Add(ChecklistReport& report, const DutyOccurrence& one, const std::map<Id, StaffRole>& roles_of, Time now) {
  const auto state = StateOf(one, now);
  if (state == OccurrenceState::kUpcoming) return;
  const auto of = [&](const Id& staff) -> ChecklistCount& {
    auto& [role, count] = report.staff[staff];
    if (const auto known = roles_of.find(staff); known != roles_of.end()) role = known->second;
    return count;
  };
  Count(report.total, one, state);
  Count(report.roles[one.role], one, state);
  if (!one.assignee.IsNil()) Count(of(one.assignee), one, state);
  if (one.done && !one.done->staff.IsNil()) ++of(one.done->staff).completed_by;
}

}  // namespace lanting::membership
