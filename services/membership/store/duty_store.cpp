#include "membership/store/duty_store.h"

#include <stdexcept>

#include "membership/store/sql_duty.h"
#include "platform/calendar/time_zone.h"

namespace lanting::membership::duty_store {
namespace {

constexpr int kMaxSchedules = 2000;

std::string Text(Local local) { return calendar::FormatLocal(local); }

Local ReadLocal(const pqxx::field& f) {
  const auto local = calendar::ParseLocal(pg::GetString(f));
  if (!local) throw std::runtime_error("stored local time does not parse");
  return *local;
}

Completion ReadCompletion(const pqxx::row& row) {
  return {.staff = pg::GetOptionalId(row["staff_id"]).value_or(Id()),
          .note = pg::GetString(row["note"]),
          .time = pg::GetTime(row["complete_time"]),
          .late = pg::GetBool(row["late"])};
}

Declared ReadDeclared(const pqxx::row& row) {
  return {Read(row), pg::GetTime(row["from_time"]), pg::GetOptionalTime(row["to_time"])};
}

std::int32_t Number(StaffRole role) { return static_cast<std::int32_t>(role); }

}  // namespace

Duty Read(const pqxx::row& row) {
  Duty d{.id = pg::GetId(row["id"]),
         .community = pg::GetId(row["community_id"]),
         .role = static_cast<StaffRole>(pg::GetInt(row["role"])),
         .title = pg::GetString(row["title"]),
         .description = pg::GetString(row["description"]),
         .schedule = {},
         .assignee = pg::GetOptionalId(row["assignee_id"]).value_or(Id()),
         .template_key = pg::GetString(row["template_key"]),
         .create_time = pg::GetTime(row["create_time"]),
         .update_time = pg::GetTime(row["update_time"]),
         .version = pg::GetInt(row["version"])};
  d.schedule = {.rrule = pg::GetString(row["rrule"]),
                .start_local = ReadLocal(row["start_local"]),
                .due_minutes = pg::GetInt32(row["due_minutes"])};
  return d;
}

std::optional<Duty> Get(pg::Tx& tx, const Id& community, const Id& duty) {
  auto rows = tx.Run(sql::kGetDuty, tx.tenant(), community, duty);
  if (rows.empty()) return std::nullopt;
  return Read(rows[0]);
}

std::optional<Duty> Lock(pg::Tx& tx, const Id& community, const Id& duty) {
  auto rows = tx.Run(sql::kLockDuty, tx.tenant(), community, duty);
  if (rows.empty()) return std::nullopt;
  return Read(rows[0]);
}

std::vector<std::string> TemplateKeys(pg::Tx& tx, const Id& community) {
  std::vector<std::string> keys;
  for (const auto& row : tx.Run(sql::kTemplateKeys, tx.tenant(), community)) keys.push_back(pg::GetString(row[0]));
  return keys;
}

void Create(idempotency::Work& work, const Id& tenant, const Duty& d) {
  work.Do(sql::kCreateDuty, tenant, d.community, d.id, Number(d.role), d.title, d.description, d.assignee,
          d.template_key, d.version, d.create_time, d.schedule.rrule, Text(d.schedule.start_local),
          d.schedule.due_minutes);
}

void Insert(pg::Tx& tx, const Duty& d) {
  tx.Run(sql::kInsertDuty, tx.tenant(), d.community, d.id, Number(d.role), d.title, d.description, d.assignee,
         d.template_key, d.version, d.create_time, d.schedule.rrule, Text(d.schedule.start_local),
         d.schedule.due_minutes);
}

void Update(pg::Tx& tx, idempotency::Work& work, const Duty& d, bool rescheduled) {
  if (!rescheduled) {
    work.Do(sql::kUpdateDuty, tx.tenant(), d.community, d.id, Number(d.role), d.title, d.description, d.assignee,
            d.version, d.update_time);
    return;
  }
  tx.Run(sql::kCloseSchedule, tx.tenant(), d.id, d.update_time);
  work.Do(sql::kRescheduleDuty, tx.tenant(), d.community, d.id, Number(d.role), d.title, d.description, d.assignee,
          d.version, d.update_time, d.schedule.rrule, Text(d.schedule.start_local), d.schedule.due_minutes);
}

void Delete(idempotency::Work& work, const Id& tenant, const Duty& d, Time now) {
  work.Do(sql::kDeleteDuty, tenant, d.id, now, d.version);
}

std::vector<Declared> Schedules(pg::Tx& tx, const Id& community, Time from, Time to, const Filter& filter) {
  const auto role = filter.role ? std::optional(Number(*filter.role)) : std::nullopt;
  std::vector<Declared> all;
  for (const auto& row : tx.Run(sql::kDutySchedules, tx.tenant(), community, from, to, role, filter.assignee,
                                Number(filter.assignee_role), kMaxSchedules)) {
    all.push_back(ReadDeclared(row));
  }
  return all;
}

std::optional<Declared> ScheduleAt(pg::Tx& tx, const Id& community, const Id& duty, Time at) {
  auto rows = tx.Run(sql::kSchedulesOfDuty, tx.tenant(), community, duty, at);
  if (rows.empty()) return std::nullopt;
  return ReadDeclared(rows[0]);
}

std::optional<Completion> GetCompletion(pg::Tx& tx, const Id& duty, Local local) {
  auto rows = tx.Run(sql::kGetCompletion, tx.tenant(), duty, Text(local));
  if (rows.empty()) return std::nullopt;
  return ReadCompletion(rows[0]);
}

std::map<std::pair<Id, Local>, Completion> Completions(pg::Tx& tx, const Id& community, Local from, Local to) {
  std::map<std::pair<Id, Local>, Completion> all;
  for (const auto& row : tx.Run(sql::kCompletions, tx.tenant(), community, Text(from), Text(to))) {
    all.emplace(std::pair(pg::GetId(row["duty_id"]), ReadLocal(row["occurrence_local"])), ReadCompletion(row));
  }
  return all;
}

void Complete(idempotency::Work& work, const Id& tenant, const Duty& d, Local local, const Completion& done) {
  work.Do(sql::kCompleteDuty, tenant, d.community, d.id, Text(local), done.staff, done.note, done.time, done.late,
          d.version);
}

void Undo(idempotency::Work& work, const Id& tenant, const Duty& d, Local local) {
  work.Do(sql::kUndoCompletion, tenant, d.id, Text(local), d.version);
}

std::map<Id, StaffRole> RolesOf(pg::Tx& tx, const Id& community, const std::set<Id>& staff) {
  std::map<Id, StaffRole> roles;
  if (staff.empty()) return roles;
  for (const auto& row :
       tx.Run(sql::kStaffRolesOf, tx.tenant(), community, std::vector<Id>(staff.begin(), staff.end()))) {
    roles.emplace(pg::GetId(row["id"]), static_cast<StaffRole>(pg::GetInt(row["role"])));
  }
  return roles;
}

}  // namespace lanting::membership::duty_store
