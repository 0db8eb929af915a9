// Statements of naming conventions. $1 is always the tenant.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

// The community, and its convention if it has one.
inline constexpr pg::Statement kGetNaming{
    "get_naming",
    "SELECT c.locale, n.convention, n.version, n.update_time FROM community c"
    " LEFT JOIN naming_convention n ON n.tenant_id = c.tenant_id AND n.community_id = c.id"
    " WHERE c.tenant_id = $1::uuid AND c.id = $2::uuid"};
inline constexpr idempotency::Effect kPutNaming{
    "put_naming",
    "n AS (INSERT INTO naming_convention (tenant_id, community_id, convention, version, update_time)"
    "  VALUES ($1::uuid, $2::uuid, $3::bytea, $4::bigint, $5::timestamptz)"
    "  ON CONFLICT (tenant_id, community_id) DO UPDATE SET convention = excluded.convention,"
    "    version = excluded.version, update_time = excluded.update_time)",
    5};

// ACTIVE members of community $2 after $3, at most $4.
inline constexpr pg::Statement kNamesOfMembers{
    "names_of_members",
    "SELECT m.id, m.display_name FROM member m WHERE m.tenant_id = $1::uuid AND m.community_id = $2::uuid"
    " AND m.state = 1 AND ($3::uuid IS NULL OR m.id > $3::uuid) ORDER BY m.id LIMIT $4::int"};

}  // namespace lanting::membership::sql
