// What is to be done in a window of time: the schedules of a community's duties, expanded, with what became of them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "membership/domain/duty.h"
#include "membership/store/duty_store.h"
#include "platform/calendar/schedule.h"
#include "platform/pg/tx.h"

namespace lanting::membership {

struct OccurrencePage {
  std::vector<DutyOccurrence> list;  // by time, then by duty
  bool more = false;
};

class DutyOccurrences {
 public:
  // The zone is that of the community. `deadline` bounds the expansion.
  DutyOccurrences(const Id& community, std::shared_ptr<const calendar::TimeZone> zone, Time now)
      : community_(community), zone_(std::move(zone)), now_(now) {}

  // Of [from, to) what comes after (from, after_duty), at most `max` (1,000). DEADLINE_EXCEEDED when the schedules take
  // longer to expand than the call has.
  Result<OccurrencePage> Page(pg::Tx& tx, const std::vector<duty_store::Declared>& schedules, Time from,
                              const Id& after_duty, Time to, std::size_t max) const;
  // All of [from, to), in no order; nullopt if there are more than `max`.
  Result<std::optional<std::vector<DutyOccurrence>>> All(pg::Tx& tx, const std::vector<duty_store::Declared>& schedules,
                                                         Time from, Time to, std::size_t max) const;
  // The occurrence of a duty at exactly that time, and its completion if there is one.
  std::optional<DutyOccurrence> At(pg::Tx& tx, const Id& duty, Time time) const;

 private:
  // What became of them.
  void Complete(pg::Tx& tx, std::vector<DutyOccurrence>& list) const;
  DutyOccurrence Make(const Duty& duty, const calendar::Occurrence& at) const;

  Id community_;
  std::shared_ptr<const calendar::TimeZone> zone_;
  Time now_;
};

}  // namespace lanting::membership
