// Statements of the history of members. $1 is always the tenant.
#pragma once

#include "platform/pg/tx.h"

namespace lanting::membership::sql {

inline constexpr pg::Statement kAddHistory{
    "add_history",
    "INSERT INTO member_history (tenant_id, member_id, id, community_id, kind, detail, actor, at) "
    "VALUES ($1, $2, $3, $4, $5::int, $6::text::jsonb, $7, $8)"};

}  // namespace lanting::membership::sql
