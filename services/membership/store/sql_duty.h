// Statements of duties, their schedules and completions. $1 is always the tenant. Local times travel as text.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

#define LANTING_DUTY_INSERT                                                                                         \
  "d AS (INSERT INTO duty (tenant_id, community_id, id, role, title, description, assignee_id, template_key, "      \
  "version, create_time, update_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)), "                     \
  "c AS (INSERT INTO duty_schedule (tenant_id, duty_id, community_id, from_time, rrule, start_local, due_minutes) " \
  "VALUES ($1, $3, $2, $10, $11, $12::text::timestamp, $13))"
inline constexpr idempotency::Effect kCreateDuty{"create_duty", LANTING_DUTY_INSERT, 13};
// For a body that makes several.
inline constexpr pg::Statement kInsertDuty{"insert_duty", "WITH " LANTING_DUTY_INSERT " SELECT 1"};

#define LANTING_DUTY_UPDATE                                                                                          \
  "d AS (UPDATE duty SET role = $4, title = $5, description = $6, assignee_id = $7, version = $8, update_time = $9 " \
  "WHERE tenant_id = $1 AND community_id = $2 AND id = $3)"
inline constexpr idempotency::Effect kUpdateDuty{"update_duty", LANTING_DUTY_UPDATE, 9};
// After kCloseSchedule.
inline constexpr idempotency::Effect kRescheduleDuty{
    "reschedule_duty",
    LANTING_DUTY_UPDATE
    ", c AS (INSERT INTO duty_schedule (tenant_id, duty_id, community_id, from_time, rrule, start_local, due_minutes) "
    "VALUES ($1, $3, $2, $9, $10, $11::text::timestamp, $12))",
    12};
inline constexpr pg::Statement kCloseSchedule{
    "close_duty_schedule",
    "UPDATE duty_schedule SET to_time = $3 WHERE tenant_id = $1 AND duty_id = $2 AND to_time IS NULL"};
inline constexpr idempotency::Effect kDeleteDuty{
    "delete_duty",
    "d AS (UPDATE duty SET delete_time = $3, version = $4 WHERE tenant_id = $1 AND id = $2), "
    "c AS (UPDATE duty_schedule SET to_time = $3 WHERE tenant_id = $1 AND duty_id = $2 AND to_time IS NULL)",
    4};

#define LANTING_DUTY_SELECT                                                                                     \
  "SELECT d.id, d.community_id, d.role, d.title, d.description, d.assignee_id, d.template_key, d.version, "     \
  "d.create_time, d.update_time, c.rrule, to_char(c.start_local, 'YYYY-MM-DD\"T\"HH24:MI:SS') AS start_local, " \
  "c.due_minutes, c.from_time, c.to_time FROM duty d "                                                          \
  "JOIN duty_schedule c ON c.tenant_id = d.tenant_id AND c.duty_id = d.id "
#define LANTING_DUTY_NOW LANTING_DUTY_SELECT "AND c.to_time IS NULL WHERE d.tenant_id = $1 AND d.community_id = $2 "
inline constexpr pg::Statement kGetDuty{"get_duty", LANTING_DUTY_NOW "AND d.id = $3 AND d.delete_time IS NULL"};
inline constexpr pg::Statement kLockDuty{"lock_duty",
                                         LANTING_DUTY_NOW "AND d.id = $3 AND d.delete_time IS NULL FOR UPDATE OF d"};
inline constexpr const char* kListDuties = LANTING_DUTY_NOW "AND d.delete_time IS NULL";
inline constexpr pg::Statement kTemplateKeys{
    "duty_template_keys",
    "SELECT d.template_key FROM duty d WHERE d.tenant_id = $1 AND d.community_id = $2 AND d.delete_time IS NULL"};

// What was declared for [$3, $4), deleted duties included. $5 role, $6 assignee; NULL: all. Of an assignee also what is
// nobody's of their role, $7.
inline constexpr pg::Statement kDutySchedules{
    "duty_schedules", LANTING_DUTY_SELECT
    "WHERE d.tenant_id = $1 AND d.community_id = $2 AND c.from_time < $4 AND (c.to_time IS NULL OR c.to_time > $3) "
    "AND ($5::int IS NULL OR d.role = $5) "
    "AND ($6::uuid IS NULL OR d.assignee_id = $6 OR (d.assignee_id IS NULL AND d.role = $7)) "
    "ORDER BY d.id, c.from_time LIMIT $8"};
inline constexpr pg::Statement kSchedulesOfDuty{
    "schedules_of_duty", LANTING_DUTY_SELECT
    "WHERE d.tenant_id = $1 AND d.community_id = $2 AND d.id = $3 AND c.from_time <= $4 "
    "AND (c.to_time IS NULL OR c.to_time > $4)"};

#define LANTING_COMPLETION_SELECT                                                                                \
  "SELECT o.duty_id, to_char(o.occurrence_local, 'YYYY-MM-DD\"T\"HH24:MI:SS') AS occurrence_local, o.staff_id, " \
  "o.note, o.complete_time, o.late FROM duty_completion o "
inline constexpr pg::Statement kGetCompletion{
    "get_completion",
    LANTING_COMPLETION_SELECT "WHERE o.tenant_id = $1 AND o.duty_id = $2 AND o.occurrence_local = $3::text::timestamp"};
inline constexpr pg::Statement kCompletions{
    "completions", LANTING_COMPLETION_SELECT
    "WHERE o.tenant_id = $1 AND o.community_id = $2 AND o.occurrence_local >= $3::text::timestamp "
    "AND o.occurrence_local <= $4::text::timestamp"};
inline constexpr idempotency::Effect kCompleteDuty{
    "complete_duty",
    "o AS (INSERT INTO duty_completion (tenant_id, community_id, duty_id, occurrence_local, staff_id, note, "
    "complete_time, late) VALUES ($1, $2, $3, $4::text::timestamp, $5, $6, $7, $8)), "
    "d AS (UPDATE duty SET version = $9 WHERE tenant_id = $1 AND id = $3)",
    9};
inline constexpr idempotency::Effect kUndoCompletion{
    "undo_completion",
    "o AS (DELETE FROM duty_completion WHERE tenant_id = $1 AND duty_id = $2 "
    "AND occurrence_local = $3::text::timestamp), "
    "d AS (UPDATE duty SET version = $4 WHERE tenant_id = $1 AND id = $2)",
    4};
// Roles of everybody who has or had one.
inline constexpr pg::Statement kStaffRolesOf{
    "staff_roles_of",
    "SELECT s.id, s.role FROM staff s WHERE s.tenant_id = $1 AND s.community_id = $2 "
    "AND s.id = ANY ($3::uuid[])"};

}  // namespace lanting::membership::sql
