// Statements of tenants' settings and limits, and of what the gateway asks of a key. $1 is always the tenant.
#pragma once

#include "membership/store/sql_tenant.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

// Writers of a tenant's settings and limits come one after the other; there may be no row of theirs to lock yet. A
// statement of its own: what is read by the next one is what the last holder committed.
inline constexpr pg::Statement kLockTenant{"lock_tenant",
                                           "SELECT 1 FROM tenant WHERE tenant_id = $1 FOR NO KEY UPDATE"};

inline constexpr pg::Statement kGetSettings{
    "get_settings",
    "SELECT s.cors_allowed_origins, s.version, s.update_time FROM tenant_settings s WHERE s.tenant_id = $1"};
inline constexpr idempotency::Effect kPutSettings{
    "put_settings",
    "s AS (INSERT INTO tenant_settings (tenant_id, cors_allowed_origins, version, update_time) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (tenant_id) DO UPDATE SET cors_allowed_origins = excluded.cors_allowed_origins, "
    "version = excluded.version, update_time = excluded.update_time)",
    4};

#define LANTING_LIMITS "l.key_per_second, l.key_burst, l.tenant_per_second, l.tenant_burst, l.max_in_flight"
inline constexpr pg::Statement kGetLimits{
    "get_limits", "SELECT " LANTING_LIMITS ", l.update_time FROM tenant_limits l WHERE l.tenant_id = $1"};
inline constexpr idempotency::Effect kPutLimits{
    "put_limits",
    "l AS (INSERT INTO tenant_limits (tenant_id, key_per_second, key_burst, tenant_per_second, tenant_burst, "
    "max_in_flight, update_time) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id) DO UPDATE SET "
    "key_per_second = excluded.key_per_second, key_burst = excluded.key_burst, "
    "tenant_per_second = excluded.tenant_per_second, tenant_burst = excluded.tenant_burst, "
    "max_in_flight = excluded.max_in_flight, update_time = excluded.update_time)",
    7};

inline constexpr pg::Statement kFindEdgeKey{
    "find_edge_key",
    "SELECT " LANTING_KEY_COLUMNS ", NULL::timestamptz AS last_used_time, " LANTING_LIMITS
    ", l.update_time, coalesce(s.cors_allowed_origins, '{}') AS cors_allowed_origins FROM service_key k "
    "LEFT JOIN tenant_settings s ON s.tenant_id = k.tenant_id LEFT JOIN tenant_limits l ON l.tenant_id = k.tenant_id "
    "WHERE k.tenant_id = $1 AND k.secret_hash = $2"};

}  // namespace lanting::membership::sql
