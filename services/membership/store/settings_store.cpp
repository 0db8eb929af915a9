#include "membership/store/settings_store.h"

#include "membership/store/sql_settings.h"
#include "membership/store/tenant_store.h"

namespace lanting::membership::settings_store {
namespace {

std::optional<int> OptionalInt(const pqxx::field& f) {
  return f.is_null() ? std::nullopt : std::optional<int>(pg::GetInt32(f));
}

TenantLimits ReadLimits(const pqxx::row& row) {
  return {.key_per_second = OptionalInt(row["key_per_second"]),
          .key_burst = OptionalInt(row["key_burst"]),
          .tenant_per_second = OptionalInt(row["tenant_per_second"]),
          .tenant_burst = OptionalInt(row["tenant_burst"]),
          .max_in_flight = OptionalInt(row["max_in_flight"]),
          .update_time = pg::GetOptionalTime(row["update_time"])};
}

}  // namespace

bool LockTenant(pg::Tx& tx) { return !tx.Run(sql::kLockTenant, tx.tenant()).empty(); }

Settings GetSettings(pg::Tx& tx) {
  auto rows = tx.Run(sql::kGetSettings, tx.tenant());
  if (rows.empty()) return {};
  return {.cors_allowed_origins = pg::GetStringArray(rows[0]["cors_allowed_origins"]),
          .version = pg::GetInt(rows[0]["version"]),
          .update_time = pg::GetTime(rows[0]["update_time"])};
}

void PutSettings(idempotency::Work& work, const Id& tenant, const Settings& s) {
  work.Do(sql::kPutSettings, tenant, s.cors_allowed_origins, s.version, s.update_time);
}

TenantLimits GetLimits(pg::Tx& tx) {
  auto rows = tx.Run(sql::kGetLimits, tx.tenant());
  if (rows.empty()) return {};
  return ReadLimits(rows[0]);
}

void PutLimits(idempotency::Work& work, const Id& tenant, const TenantLimits& l) {
  work.Do(sql::kPutLimits, tenant, l.key_per_second, l.key_burst, l.tenant_per_second, l.tenant_burst, l.max_in_flight,
          l.update_time);
}

std::optional<EdgeKey> FindEdgeKey(pg::Tx& tx, const std::string& secret_hash) {
  auto rows = tx.Run(sql::kFindEdgeKey, tx.tenant(), pg::Bytes{secret_hash});
  if (rows.empty()) return std::nullopt;
  return EdgeKey{tenant_store::ReadKey(rows[0]), ReadLimits(rows[0]),
                 pg::GetStringArray(rows[0]["cors_allowed_origins"])};
}

}  // namespace lanting::membership::settings_store
