#include "membership/store/tenant_store.h"

#include "membership/store/sql_tenant.h"

namespace lanting::membership::tenant_store {
namespace {

Tenant Read(const pqxx::row& row) {
  return {pg::GetId(row["tenant_id"]), pg::GetString(row["display_name"]), pg::GetTime(row["create_time"])};
}

}  // namespace

void Create(idempotency::Work& work, const Tenant& t) {
  work.Do(sql::kCreateTenant, t.id, t.display_name, t.create_time);
}

std::optional<Tenant> Get(pg::Tx& tx) {
  auto rows = tx.Run(sql::kGetTenant, tx.tenant());
  if (rows.empty()) return std::nullopt;
  return Read(rows[0]);
}

std::vector<Tenant> List(pg::Tx& tx, const std::optional<std::string>& after_time, const Id& after_id, int limit) {
  std::vector<Tenant> tenants;
  for (const auto& row : tx.Run(sql::kListTenants, after_time, after_id, limit)) tenants.push_back(Read(row));
  return tenants;
}

void CreateKey(idempotency::Work& work, const Id& tenant, const Key& key, const std::string& secret_hash) {
  work.Do(sql::kCreateKey, tenant, key.id, key.display_name, pg::Bytes{secret_hash}, key.scopes, key.create_time,
          key.expire_time, static_cast<std::int32_t>(key.role), key.rotated_from);
}

void RotateKey(idempotency::Work& work, const Id& tenant, const Key& old, const Key& fresh,
               const std::string& secret_hash) {
  const auto lifetime = old.lifetime ? std::optional<std::int64_t>(old.lifetime->count()) : std::nullopt;
  work.Do(sql::kRotateKey, tenant, fresh.id, fresh.display_name, pg::Bytes{secret_hash}, fresh.scopes,
          fresh.create_time, fresh.expire_time, static_cast<std::int32_t>(fresh.role), fresh.rotated_from, old.id,
          old.expire_time, lifetime, old.version);
}

int CountActiveKeys(pg::Tx& tx, Time now) {
  return pg::GetInt32(tx.Run(sql::kCountActiveKeys, tx.tenant(), now)[0]["n"]);
}

void NoteUse(idempotency::Work& work, const Id& tenant, const std::vector<Id>& keys, const std::vector<Time>& times) {
  work.Do(sql::kNoteKeyUse, tenant, keys, times);
}

namespace {

std::optional<std::chrono::seconds> ReadLifetime(const pqxx::field& f) {
  if (f.is_null()) return std::nullopt;
  return std::chrono::seconds(pg::GetInt(f));
}

}  // namespace

Key ReadKey(const pqxx::row& row) {
  return {.id = pg::GetId(row["id"]),
          .display_name = pg::GetString(row["display_name"]),
          .scopes = pg::GetStringArray(row["scopes"]),
          .expire_time = pg::GetOptionalTime(row["expire_time"]),
          .revoke_time = pg::GetOptionalTime(row["revoke_time"]),
          .create_time = pg::GetTime(row["create_time"]),
          .role = static_cast<StaffRole>(pg::GetInt(row["role"])),
          .rotated_from = pg::GetOptionalId(row["rotated_from"]).value_or(Id()),
          .replaced_by = pg::GetOptionalId(row["replaced_by"]).value_or(Id()),
          .lifetime = ReadLifetime(row["lifetime_seconds"]),
          .last_used_time = pg::GetOptionalTime(row["last_used_time"]),
          .version = pg::GetInt(row["version"])};
}

std::optional<Key> GetKey(pg::Tx& tx, const Id& key) {
  auto rows = tx.Run(sql::kGetKey, tx.tenant(), key);
  if (rows.empty()) return std::nullopt;
  return ReadKey(rows[0]);
}

std::optional<Key> LockKey(pg::Tx& tx, const Id& key) {
  auto rows = tx.Run(sql::kLockKey, tx.tenant(), key);
  if (rows.empty()) return std::nullopt;
  return ReadKey(rows[0]);
}

std::optional<Key> FindByHash(pg::Tx& tx, const std::string& secret_hash) {
  auto rows = tx.Run(sql::kFindKey, tx.tenant(), pg::Bytes{secret_hash});
  if (rows.empty()) return std::nullopt;
  return ReadKey(rows[0]);
}

void Revoke(idempotency::Work& work, const Id& tenant, const Key& key) {
  work.Do(sql::kRevokeKey, tenant, key.id, key.revoke_time, key.version);
}

}  // namespace lanting::membership::tenant_store
