// What a process checks before it serves: that row-level security binds its role, and that the schema is new enough.
#pragma once

#include <string>

#include "platform/pg/pool.h"

namespace lanting::pg {

// FAILED_PRECONDITION (reason UNSAFE_ROLE) for a superuser, a role with BYPASSRLS, or one that owns the schema or a
// table in it, directly or by membership; DEPENDENCY_UNAVAILABLE while PostgreSQL is down.
Result<void> CheckRole(Pool& pool, const std::string& schema, Deadline deadline);

// The schema's version if it is at least `needed`; FAILED_PRECONDITION (reason SCHEMA_TOO_OLD) otherwise.
Result<int> CheckSchema(Pool& pool, const std::string& schema, int needed, Deadline deadline);

}  // namespace lanting::pg
