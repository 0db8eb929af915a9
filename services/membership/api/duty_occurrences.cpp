#include "membership/api/duty_occurrences.h"

#include <algorithm>
#include <tuple>

namespace lanting::membership {
namespace {

calendar::Schedule ScheduleOf(const Duty& duty, const std::shared_ptr<const calendar::TimeZone>& zone) {
  return calendar::Schedule::Stored(duty.schedule.rrule, duty.schedule.start_local, zone);
}

}  // namespace

DutyOccurrence DutyOccurrences::Make(const Duty& duty, const calendar::Occurrence& at) const {
  return {.community = community_,
          .duty = duty.id,
          .role = duty.role,
          .title = duty.title,
          .assignee = duty.assignee,
          .time = at.time,
          .due = at.time + std::chrono::minutes(duty.schedule.due_minutes),
          .local = at.local,
          .done = {}};
}

Result<OccurrencePage> DutyOccurrences::Page(pg::Tx& tx, const std::vector<duty_store::Declared>& schedules, Time from,
                                             const Id& after_duty, Time to, std::size_t max) const {
  OccurrencePage page;
  auto& list = page.list;
  const std::size_t each = std::min(max + 1, calendar::kMaxOccurrences);
  const auto order = [](const auto& a, const auto& b) { return std::tie(a.time, a.duty) < std::tie(b.time, b.duty); };
  for (const auto& [duty, declared, until] : schedules) {
    if (Remaining(tx.deadline()).count() <= 0) return lanting::errors::DeadlineExceeded();
    const auto found =
        ScheduleOf(duty, zone_).Between(std::max(from, declared), until ? std::min(to, *until) : to, each);
    page.more |= found.more;
    for (const auto& one : found.list) {
      if (one.time == from && !after_duty.IsNil() && duty.id <= after_duty) continue;
      list.push_back(Make(duty, one));
    }
    std::sort(list.begin(), list.end(), order);
    if (list.size() < max) continue;
    // Only the first ones are wanted, of all duties together: what comes later than these is of no interest any more.
    page.more |= list.size() > max || list.back().time < to - Time::duration(1);
    list.resize(max);
    to = std::min(to, list.back().time + Time::duration(1));
  }
  Complete(tx, list);
  return page;
}

Result<std::optional<std::vector<DutyOccurrence>>> DutyOccurrences::All(
    pg::Tx& tx, const std::vector<duty_store::Declared>& schedules, Time from, Time to, std::size_t max) const {
  std::vector<DutyOccurrence> list;
  for (const auto& [duty, declared, until] : schedules) {
    const auto schedule = ScheduleOf(duty, zone_);
    const auto end = until ? std::min(to, *until) : to;
    for (auto at = std::max(from, declared);;) {
      if (Remaining(tx.deadline()).count() <= 0) return lanting::errors::DeadlineExceeded();
      const auto found = schedule.Between(at, end);
      for (const auto& one : found.list) list.push_back(Make(duty, one));
      if (list.size() > max) return std::optional<std::vector<DutyOccurrence>>();
      if (!found.more) break;
      at = found.list.back().time + Time::duration(1);
    }
  }
  Complete(tx, list);
  return std::optional(std::move(list));
}

void DutyOccurrences::Complete(pg::Tx& tx, std::vector<DutyOccurrence>& list) const {
  if (list.empty()) return;
  const auto [first, last] =
      std::minmax_element(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.local < b.local; });
  const auto done = duty_store::Completions(tx, community_, first->local, last->local);
  for (auto& one : list) {
    if (const auto found = done.find({one.duty, one.local}); found != done.end()) one.done = found->second;
    one.state = StateOf(one, now_);
  }
}

std::optional<DutyOccurrence> DutyOccurrences::At(pg::Tx& tx, const Id& duty, Time time) const {
  const auto declared = duty_store::ScheduleAt(tx, community_, duty, time);
  if (!declared) return std::nullopt;
  const auto found = ScheduleOf(declared->duty, zone_).Between(time, time + Time::duration(1), 1);
  if (found.list.empty()) return std::nullopt;
  auto one = Make(declared->duty, found.list.front());
  one.done = duty_store::GetCompletion(tx, duty, one.local);
  one.state = StateOf(one, now_);
  return one;
}

}  // namespace lanting::membership
