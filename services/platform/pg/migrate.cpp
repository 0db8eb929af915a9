#include "platform/pg/migrate.h"

#include <algorithm>

#include "platform/base/strings.h"
#include "platform/pg/connection.h"
#include "platform/pg/sql_error.h"

namespace lanting::pg {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout{5'000};

std::string Quoted(const std::string& identifier) {
  std::string out = "\"";
  for (char c : identifier) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

// The number of the advisory lock: the same for all migrators of a schema.
std::string LockKey(const std::string& schema) {
  auto digest = Sha256("lanting migrate " + schema);
  std::int64_t key = 0;
  for (int i = 0; i < 8; ++i)
    key = static_cast<std::int64_t>(static_cast<std::uint64_t>(key) << 8 | static_cast<unsigned char>(digest[i]));
  return std::to_string(key);
}

void Begin(Connection& c, const std::string& schema, const MigrateOptions& options) {
  c.Exec("BEGIN; SELECT set_config('search_path', '" + Quoted(schema) +
         ", pg_temp', true), set_config('lock_timeout', '" + std::to_string(options.wait_for_other.count()) +
         "', true)");
  c.Exec("SELECT pg_advisory_xact_lock(" + LockKey(schema) + ")");
  c.Exec("SELECT set_config('lock_timeout', '" + std::to_string(options.lock_timeout.count()) + "', true)");
}

std::optional<std::string> AppliedChecksum(Connection& c, int version) {
  auto rows = c.ExecParams("SELECT checksum FROM schema_migrations WHERE version = $1", {ToParam(version)});
  if (rows.empty()) return std::nullopt;
  return GetString(rows[0][0]);
}

// True if it was applied now.
Result<bool> ApplyOne(Connection& c, const std::string& schema, const Migration& m, const MigrateOptions& options) {
  auto checksum = HexEncode(Sha256(m.sql));
  Begin(c, schema, options);
  if (auto applied = AppliedChecksum(c, m.version)) {
    c.Exec("ROLLBACK");
    if (*applied == checksum) return false;
    return Error{.code = Code::kFailedPrecondition,
                 .reason = "MIGRATION_CHANGED",
                 .message = "An applied migration was changed; migrations are forward only, add a new one.",
                 .metadata = {{"schema", schema}, {"migration", std::string(m.name)}}};
  }
  c.Exec(std::string(m.sql));
  c.ExecParams("INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
               {ToParam(m.version), ToParam(m.name), ToParam(checksum)});
  c.Exec("COMMIT");
  return true;
}

void CreateHistory(Connection& c, const std::string& schema, const MigrateOptions& options) {
  Begin(c, schema, options);
  c.Exec(
      "CREATE TABLE IF NOT EXISTS schema_migrations (version int PRIMARY KEY, name text NOT NULL, checksum text NOT "
      "NULL,"
      " applied_at timestamptz NOT NULL DEFAULT now())");
  for (const char* role : {"_app", "_relay"}) c.Exec("GRANT SELECT ON schema_migrations TO " + Quoted(schema + role));
  c.Exec("COMMIT");
}

Error Explain(std::string_view what, const std::string& schema) {
  auto failure = CurrentFailure();
  auto error = ToError(failure, {});
  error.internal = std::string(what) + " of schema " + schema + ": " + error.internal;
  return error;
}

}  // namespace

Result<int> Migrate(const std::string& owner_url, const std::string& schema, std::span<const Migration> migrations,
                    const MigrateOptions& options) {
  std::vector<Migration> ordered(migrations.begin(), migrations.end());
  std::ranges::sort(ordered, {}, &Migration::version);
  std::string_view current = "history";
  try {
    Connection c(owner_url, "lanting-migrate", kConnectTimeout, DeadlineIn(kConnectTimeout));
    CreateHistory(c, schema, options);
    int applied = 0;
    for (const auto& m : ordered) {
      current = m.name;
      ASSIGN_OR_RETURN(bool now, ApplyOne(c, schema, m, options));
      applied += now;
    }
    return applied;
  } catch (const std::exception&) {
    return Explain(std::string("migration ") + std::string(current), schema);
  }
}

Result<int> SchemaVersion(const std::string& url, const std::string& schema) {
  try {
    Connection c(url, "lanting-migrate", kConnectTimeout, DeadlineIn(kConnectTimeout));
    auto table = c.ExecParams("SELECT to_regclass($1) IS NOT NULL", {ToParam(Quoted(schema) + ".schema_migrations")});
    if (!GetBool(table[0][0])) return 0;
    auto rows = c.Exec("SELECT coalesce(max(version), 0) FROM " + Quoted(schema) + ".schema_migrations");
    return static_cast<int>(GetInt(rows[0][0]));
  } catch (const std::exception&) {
    return Explain("version", schema);
  }
}

}  // namespace lanting::pg
