// Duties of roles: when they are due, what became of them, and how much of a checklist was done (R46). Pure values and
// rules; when a rule comes again is platform/calendar's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "membership/domain/staff.h"
#include "platform/base/clock.h"
#include "platform/base/id.h"
#include "platform/base/result.h"

namespace lanting::membership {

constexpr int kMaxDuties = 200;
constexpr int kDefaultDueMinutes = 1440;

// When something is to be done, as declared from `from` on until `to`.
struct DutySchedule {
  std::string rrule;
  std::chrono::local_seconds start_local{};
  int due_minutes = kDefaultDueMinutes;
  friend bool operator==(const DutySchedule&, const DutySchedule&) = default;
};

struct Duty {
  Id id, community;
  StaffRole role = StaffRole::kUnspecified;
  std::string title, description;
  DutySchedule schedule;
  Id assignee;               // nil: anybody of the role
  std::string template_key;  // "": made by hand
  Time create_time, update_time;
  std::int64_t version = 1;
};

// The duty that a template makes, from `first_day` on, without an id.
Duty FromTemplate(StaffRole role, const DefaultDuty& from, std::chrono::local_days first_day);

struct Completion {
  Id staff;  // nil: nobody was named
  std::string note;
  Time time;
  bool late = false;
};

// Numbers of the proto enum.
enum class OccurrenceState : std::int16_t { kDone = 1, kOpen = 2, kMissed = 3, kUpcoming = 4 };

struct DutyOccurrence {
  Id community, duty;
  StaffRole role = StaffRole::kUnspecified;
  std::string title;
  Id assignee;
  Time time, due;
  std::chrono::local_seconds local{};
  OccurrenceState state = OccurrenceState::kUpcoming;
  std::optional<Completion> done;
};

// As of `now`.
OccurrenceState StateOf(const DutyOccurrence& occurrence, Time now);
// From a day before its time on. INVALID_FIELDS about occurrenceTime.
Result<void> CheckCompletable(Time occurrence, Time now);

// Of a window of time in a list or a report: at most 92 days, the start before the end. INVALID_FIELDS about endTime.
Result<void> CheckWindow(Time start, Time end);

struct ChecklistCount {
  int done = 0, done_late = 0, missed = 0, open = 0, completed_by = 0;
  // Rounded down; unset where nothing is done or missed.
  std::optional<int> percent() const;
};
struct ChecklistReport {
  ChecklistCount total;
  std::map<StaffRole, ChecklistCount> roles;
  std::map<Id, std::pair<StaffRole, ChecklistCount>> staff;  // the role: of the person
};

// Adds what has come by `now` to the report. `roles_of` knows who has which role.
void Add(ChecklistReport& report, const DutyOccurrence& occurrence, const std::map<Id, StaffRole>& roles_of, Time now);

}  // namespace lanting::membership
