// Statements of tenants and keys. $1 is always the tenant.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

inline constexpr idempotency::Effect kCreateTenant{
    "create_tenant", "t AS (INSERT INTO tenant (tenant_id, display_name, create_time) VALUES ($1, $2, $3))", 3};
inline constexpr pg::Statement kGetTenant{
    "get_tenant", "SELECT tenant_id, display_name, create_time FROM tenant WHERE tenant_id = $1"};
// The one list across tenants: for the operator, through a function that shows nothing else.
inline constexpr pg::Statement kListTenants{"list_tenants",
                                            "SELECT tenant_id, display_name, create_time FROM all_tenants($1, $2, $3)"};

#define LANTING_KEY_INSERT                                                                                      \
  "INSERT INTO service_key (tenant_id, id, display_name, secret_hash, scopes, create_time, expire_time, role, " \
  "rotated_from) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
inline constexpr idempotency::Effect kCreateKey{"create_key", "k AS (" LANTING_KEY_INSERT ")", 9};
// $10 and on: the key that is replaced.
inline constexpr idempotency::Effect kRotateKey{
    "rotate_key",
    "k AS (" LANTING_KEY_INSERT
    "), o AS (UPDATE service_key SET expire_time = $11, lifetime_seconds = $12, replaced_by = $2, version = $13 "
    "WHERE tenant_id = $1 AND id = $10)",
    13};

// The lifetime of a key that was never rotated is still in its expire_time.
#define LANTING_KEY_COLUMNS                                                                               \
  "k.id, k.display_name, k.scopes, k.create_time, k.expire_time, k.revoke_time, k.role, k.rotated_from, " \
  "k.replaced_by, k.version, CASE WHEN k.replaced_by IS NULL THEN "                                       \
  "ceil(extract(epoch FROM k.expire_time - k.create_time))::bigint ELSE k.lifetime_seconds END AS lifetime_seconds"
#define LANTING_KEY_SELECT      \
  "SELECT " LANTING_KEY_COLUMNS \
  ", u.last_used_time FROM service_key k LEFT JOIN key_use u ON u.tenant_id = k.tenant_id AND u.key_id = k.id "
inline constexpr pg::Statement kGetKey{"get_key", LANTING_KEY_SELECT "WHERE k.tenant_id = $1 AND k.id = $2"};
inline constexpr pg::Statement kCountActiveKeys{
    "count_active_keys",
    "SELECT count(*) AS n FROM service_key k WHERE k.tenant_id = $1 AND k.revoke_time IS NULL "
    "AND (k.expire_time IS NULL OR k.expire_time > $2)"};
// The last time of each key, where it is later than what another process wrote.
inline constexpr idempotency::Effect kNoteKeyUse{
    "note_key_use",
    "u AS (INSERT INTO key_use (tenant_id, key_id, last_used_time) "
    "SELECT $1, n.key, n.at FROM unnest($2::uuid[], $3::timestamptz[]) AS n (key, at) "
    "JOIN service_key k ON k.tenant_id = $1 AND k.id = n.key ORDER BY n.key "
    "ON CONFLICT (tenant_id, key_id) DO UPDATE SET last_used_time = excluded.last_used_time "
    "WHERE key_use.last_used_time < excluded.last_used_time)",
    3};
inline constexpr pg::Statement kLockKey{"lock_key",
                                        LANTING_KEY_SELECT "WHERE k.tenant_id = $1 AND k.id = $2 FOR UPDATE OF k"};
inline constexpr pg::Statement kFindKey{"find_key", LANTING_KEY_SELECT "WHERE k.tenant_id = $1 AND k.secret_hash = $2"};
// lanting.membership.v1.KeyState.
inline constexpr const char* kKeyState =
    "(CASE WHEN k.revoke_time IS NOT NULL THEN 2 WHEN k.expire_time <= now() THEN 3 ELSE 1 END)";
inline constexpr const char* kListKeys = LANTING_KEY_SELECT "WHERE k.tenant_id = $1";
inline constexpr idempotency::Effect kRevokeKey{
    "revoke_key", "k AS (UPDATE service_key SET revoke_time = $3, version = $4 WHERE tenant_id = $1 AND id = $2)", 4};

}  // namespace lanting::membership::sql
