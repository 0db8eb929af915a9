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

inline constexpr idempotency::Effect kCreateKey{
    "create_key",
    "k AS (INSERT INTO service_key (tenant_id, id, display_name, secret_hash, scopes, create_time, expire_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7))",
    7};

#define LANTING_KEY_SELECT \
  "SELECT k.id, k.display_name, k.scopes, k.create_time, k.expire_time, k.revoke_time FROM service_key k "
inline constexpr pg::Statement kLockKey{"lock_key",
                                        LANTING_KEY_SELECT "WHERE k.tenant_id = $1 AND k.id = $2 FOR UPDATE"};
inline constexpr pg::Statement kFindKey{"find_key", LANTING_KEY_SELECT "WHERE k.tenant_id = $1 AND k.secret_hash = $2"};
inline constexpr const char* kListKeys = LANTING_KEY_SELECT "WHERE k.tenant_id = $1";
inline constexpr idempotency::Effect kRevokeKey{
    "revoke_key", "k AS (UPDATE service_key SET revoke_time = $3 WHERE tenant_id = $1 AND id = $2)", 3};

}  // namespace lanting::membership::sql
