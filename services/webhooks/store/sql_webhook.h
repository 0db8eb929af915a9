// Statements of webhooks and their secrets. $1 is the tenant where there is one.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::webhooks::sql {

// Held until the end of the transaction, so that two creations count one after the other.
inline constexpr pg::Statement kLockTenant{"lock_tenant",
                                           "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 0))"};
inline constexpr pg::Statement kCountWebhooks{"count_webhooks", "SELECT count(*) FROM webhook WHERE tenant_id = $1"};

inline constexpr idempotency::Effect kCreateWebhook{
    "create_webhook",
    "w AS (INSERT INTO webhook (tenant_id, id, url, description, event_types, state, secret_fingerprint, create_time, "
    "update_time, version) VALUES ($1, $2, $3, $4, $5::text[], $6, $7, $8, $8, $9) RETURNING tenant_id, id), "
    "s AS (INSERT INTO webhook_secret (tenant_id, webhook_id, id, sealed) SELECT w.tenant_id, w.id, $10::uuid, "
    "$11::bytea FROM w), "
    "q AS (INSERT INTO delivery_queue (tenant_id, webhook_id) SELECT w.tenant_id, w.id FROM w)",
    11};

#define LANTING_WEBHOOK_SELECT                                                                            \
  "SELECT w.id, w.url, w.description, w.event_types, w.state, w.disable_reason, w.disable_time, "         \
  "w.secret_fingerprint, w.old_secret_expire_time, w.failing_since, w.last_success_time, w.create_time, " \
  "w.update_time, w.version FROM webhook w "
inline constexpr pg::Statement kGetWebhook{"get_webhook",
                                           LANTING_WEBHOOK_SELECT "WHERE w.tenant_id = $1 AND w.id = $2"};
inline constexpr pg::Statement kLockWebhook{"lock_webhook",
                                            LANTING_WEBHOOK_SELECT "WHERE w.tenant_id = $1 AND w.id = $2 FOR UPDATE"};
inline constexpr const char* kListWebhooks = LANTING_WEBHOOK_SELECT "WHERE w.tenant_id = $1";

// What describes it: all but the secret's columns and last_success_time.
#define LANTING_WEBHOOK_UPDATE                                                                                 \
  "UPDATE webhook SET url = $3, description = $4, event_types = $5::text[], state = $6, disable_reason = $7, " \
  "disable_time = $8, failing_since = $9, update_time = $10, version = $11 WHERE tenant_id = $1 AND id = $2"
inline constexpr idempotency::Effect kUpdateWebhook{"update_webhook", "w AS (" LANTING_WEBHOOK_UPDATE ")", 11};
inline constexpr idempotency::Effect kDeleteWebhook{"delete_webhook",
                                                    "w AS (DELETE FROM webhook WHERE tenant_id = $1 AND id = $2)", 2};

// Of the secrets that sign, the newest two stay: with the one to be made a request never has more than three
// signatures.
inline constexpr pg::Statement kDropOldSecrets{
    "drop_old_secrets",
    "DELETE FROM webhook_secret WHERE tenant_id = $1 AND webhook_id = $2 AND (expire_time <= $3 OR id NOT IN (SELECT "
    "s.id FROM webhook_secret s WHERE s.tenant_id = $1 AND s.webhook_id = $2 ORDER BY s.id DESC LIMIT 2))"};
inline constexpr idempotency::Effect kRotateSecret{
    "rotate_secret",
    "o AS (UPDATE webhook_secret SET expire_time = LEAST(coalesce(expire_time, 'infinity'), $3) WHERE tenant_id = $1 "
    "AND webhook_id = $2), "
    "s AS (INSERT INTO webhook_secret (tenant_id, webhook_id, id, sealed) VALUES ($1, $2, $4, $5)), "
    "w AS (UPDATE webhook SET secret_fingerprint = $6, old_secret_expire_time = $3, update_time = $7, version = $8 "
    "WHERE tenant_id = $1 AND id = $2)",
    8};
// Newest first.
inline constexpr pg::Statement kSigningSecrets{
    "signing_secrets",
    "SELECT sealed FROM webhook_secret WHERE tenant_id = $1 AND webhook_id = $2 AND (expire_time IS NULL OR "
    "expire_time > $3) ORDER BY id DESC"};

inline constexpr pg::Statement kStaleSecrets{"stale_secrets",
                                             "SELECT tenant_id, webhook_id, id FROM stale_secrets($1, $2)"};
inline constexpr pg::Statement kGetSecret{
    "get_secret", "SELECT sealed FROM webhook_secret WHERE tenant_id = $1 AND webhook_id = $2 AND id = $3 FOR UPDATE"};
inline constexpr pg::Statement kResealSecret{
    "reseal_secret", "UPDATE webhook_secret SET sealed = $4 WHERE tenant_id = $1 AND webhook_id = $2 AND id = $3"};

}  // namespace lanting::webhooks::sql
