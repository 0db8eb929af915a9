// Duties: rows in, rows out. Who adds one holds the lock of the community (their number is bounded), who changes one
// that of its row.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "membership/domain/duty.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::duty_store {

// A row of sql::kListDuties.
Duty Read(const pqxx::row& row);
// Not one that was deleted.
std::optional<Duty> Get(pg::Tx& tx, const Id& community, const Id& duty);
std::optional<Duty> Lock(pg::Tx& tx, const Id& community, const Id& duty);
// Of all that are not deleted: one entry each, "" for those made by hand.
std::vector<std::string> TemplateKeys(pg::Tx& tx, const Id& community);

void Create(idempotency::Work& work, const Id& tenant, const Duty& duty);
// The same at once, for a body that makes several.
void Insert(pg::Tx& tx, const Duty& duty);
// `rescheduled`: its schedule is a new one, from update_time on; the one before is closed at once.
void Update(pg::Tx& tx, idempotency::Work& work, const Duty& duty, bool rescheduled);
void Delete(idempotency::Work& work, const Id& tenant, const Duty& duty, Time now);

// A duty with what was declared for a time: in force in [from, to).
struct Declared {
  Duty duty;
  Time from;
  std::optional<Time> to;
};
struct Filter {
  std::optional<StaffRole> role;
  Id assignee;  // nil: all; else with what is nobody's of assignee_role
  StaffRole assignee_role = StaffRole::kUnspecified;
};
// What touches [from, to), at most 2,000.
std::vector<Declared> Schedules(pg::Tx& tx, const Id& community, Time from, Time to, const Filter& filter);
// What was declared for that time; also of a deleted duty.
std::optional<Declared> ScheduleAt(pg::Tx& tx, const Id& community, const Id& duty, Time at);

using Local = std::chrono::local_seconds;
std::optional<Completion> GetCompletion(pg::Tx& tx, const Id& duty, Local local);
// Of all duties of the community, with both ends.
std::map<std::pair<Id, Local>, Completion> Completions(pg::Tx& tx, const Id& community, Local from, Local to);
// Both bring the duty to its version.
void Complete(idempotency::Work& work, const Id& tenant, const Duty& duty, Local local, const Completion& completion);
void Undo(idempotency::Work& work, const Id& tenant, const Duty& duty, Local local);

std::map<Id, StaffRole> RolesOf(pg::Tx& tx, const Id& community, const std::set<Id>& staff);

}  // namespace lanting::membership::duty_store
