// Statements of staff. $1 is always the tenant, $2 the community.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

inline constexpr idempotency::Effect kCreateStaff{
    "create_staff",
    "s AS (INSERT INTO staff (tenant_id, community_id, id, role, display_name, member_id, contact_channel, "
    "contact_user_id, groups, grade, version, create_time, update_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12))",
    12};
inline constexpr idempotency::Effect kUpdateStaff{
    "update_staff",
    "s AS (UPDATE staff SET display_name = $4, member_id = $5, contact_channel = $6, contact_user_id = $7, "
    "groups = $8, grade = $9, version = $10, update_time = $11, end_time = $12 "
    "WHERE tenant_id = $1 AND community_id = $2 AND id = $3)",
    12};

#define LANTING_STAFF_SELECT                                                                                 \
  "SELECT s.id, s.community_id, s.role, s.display_name, s.member_id, s.contact_channel, s.contact_user_id, " \
  "s.groups::text[] AS groups, s.grade, s.version, s.create_time, s.update_time, s.end_time FROM staff s "
inline constexpr pg::Statement kGetStaff{
    "get_staff", LANTING_STAFF_SELECT "WHERE s.tenant_id = $1 AND s.community_id = $2 AND s.id = $3"};
inline constexpr const char* kListStaff = LANTING_STAFF_SELECT "WHERE s.tenant_id = $1 AND s.community_id = $2";
// lanting.membership.v1.StaffState.
inline constexpr const char* kStaffState = "(CASE WHEN s.end_time IS NULL THEN 1 ELSE 2 END)";
inline constexpr pg::Statement kActiveStaff{
    "active_staff", LANTING_STAFF_SELECT
    "WHERE s.tenant_id = $1 AND s.community_id = $2 AND s.end_time IS NULL ORDER BY s.id LIMIT $3"};
// How many there are, and how many of them have the role $3.
inline constexpr pg::Statement kCountStaff{
    "count_staff",
    "SELECT count(*) AS all_roles, count(*) FILTER (WHERE s.role = $3) AS of_role FROM staff s "
    "WHERE s.tenant_id = $1 AND s.community_id = $2 AND s.end_time IS NULL"};

inline constexpr pg::Statement kMemberOfCommunity{
    "member_of_community", "SELECT 1 FROM member m WHERE m.tenant_id = $1 AND m.community_id = $2 AND m.id = $3"};
// The groups of $3 that the community does not have.
inline constexpr pg::Statement kUnknownGroups{
    "unknown_groups",
    "SELECT w.id FROM unnest($3::uuid[]) WITH ORDINALITY AS w (id, n) WHERE NOT EXISTS (SELECT FROM chat_group g "
    "WHERE g.tenant_id = $1 AND g.community_id = $2 AND g.id = w.id) ORDER BY w.n LIMIT 1"};
inline constexpr pg::Statement kOpenMainGroups{
    "open_main_groups",
    "SELECT g.id FROM chat_group g WHERE g.tenant_id = $1 AND g.community_id = $2 AND g.kind = 1 AND g.state = 1 "
    "ORDER BY g.id LIMIT $3"};

}  // namespace lanting::membership::sql
