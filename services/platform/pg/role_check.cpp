#include "platform/pg/role_check.h"

namespace lanting::pg {
namespace {

constexpr Statement kWhyUnsafe{
    "lanting_role_check",
    "SELECT current_user,"
    " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),"
    " (SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user),"
    " EXISTS (SELECT FROM pg_namespace WHERE nspname = $1 AND pg_has_role(nspowner, 'USAGE')) OR"
    " EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    "         WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE'))"};

constexpr Statement kVersion{"lanting_schema_version", "SELECT coalesce(max(version), 0) FROM schema_migrations"};
constexpr Statement kHasHistory{"lanting_schema_history",
                                "SELECT to_regclass(quote_ident($1) || '.schema_migrations') IS NOT NULL"};

Error Unsafe(const std::string& role, const std::string& why) {
  return {.code = Code::kFailedPrecondition,
          .reason = "UNSAFE_ROLE",
          .message = "Row-level security does not bind the database role " + role + ": it " + why + ".",
          .metadata = {{"role", role}}};
}

}  // namespace

Result<void> CheckRole(Pool& pool, const std::string& schema, Deadline deadline) {
  auto checked = ReadTenant(pool, Id(), deadline, [&](Tx& tx) -> Result<bool> {
    auto rows = tx.Run(kWhyUnsafe, schema);
    auto role = GetString(rows[0][0]);
    if (GetBool(rows[0][1])) return Unsafe(role, "is a superuser");
    if (GetBool(rows[0][2])) return Unsafe(role, "has BYPASSRLS");
    if (GetBool(rows[0][3])) return Unsafe(role, "owns tables of the schema " + schema);
    return true;
  });
  if (!checked.ok()) return std::move(checked).error();
  return {};
}

Result<int> CheckSchema(Pool& pool, const std::string& schema, int needed, Deadline deadline) {
  return ReadTenant(pool, Id(), deadline, [&](Tx& tx) -> Result<int> {
    int version = 0;
    if (GetBool(tx.Run(kHasHistory, schema)[0][0])) version = static_cast<int>(GetInt(tx.Run(kVersion)[0][0]));
    if (version >= needed) return version;
    return Error{.code = Code::kFailedPrecondition,
                 .reason = "SCHEMA_TOO_OLD",
                 .message = "The schema " + schema + " is at version " + std::to_string(version) +
                            ", this binary needs " + std::to_string(needed) + ": run `lantingctl migrate`.",
                 .metadata = {{"schema", schema}}};
  });
}

}  // namespace lanting::pg
