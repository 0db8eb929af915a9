// Statements of deliveries, their attempts and the queue. $1 is the tenant where there is one.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::webhooks::sql {

// Enabled webhooks with one of the patterns $2.
inline constexpr pg::Statement kSubscribers{
    "subscribers", "SELECT id FROM webhook WHERE tenant_id = $1 AND state = 1 AND event_types && $2::text[]"};

// Deliveries $2 of webhooks $3, due at $8, which their queues are told: unconditionally, since whoever releases a queue
// at this moment must wait for this transaction, or be waited for.
#define LANTING_INSERT_DELIVERIES                                                                                    \
  "INSERT INTO delivery (tenant_id, id, webhook_id, event_type, subject, body, once, state, schedule_start_time, "   \
  "next_attempt_time, create_time) SELECT $1::uuid, x.id, x.webhook_id, $4::text, $5::text, $6::text, $7::boolean, " \
  "1, $8::timestamptz, $8::timestamptz, $8::timestamptz FROM unnest($2::uuid[], $3::uuid[]) AS x (id, webhook_id) "  \
  "ON CONFLICT DO NOTHING RETURNING webhook_id"
#define LANTING_TELL_QUEUES                                                                                      \
  "UPDATE delivery_queue q SET due_time = LEAST(q.due_time, $8::timestamptz) FROM d WHERE q.tenant_id = $1 AND " \
  "q.webhook_id = d.webhook_id"
inline constexpr pg::Statement kInsertDeliveries{"insert_deliveries",
                                                 "WITH d AS (" LANTING_INSERT_DELIVERIES ") " LANTING_TELL_QUEUES};
inline constexpr idempotency::Effect kInsertDelivery{
    "insert_delivery", "d AS (" LANTING_INSERT_DELIVERIES "), q AS (" LANTING_TELL_QUEUES ")", 8};

#define LANTING_DELIVERY_COLUMNS                                                                    \
  "d.id, d.webhook_id, d.event_type, d.subject, d.once, d.state, d.attempt_count, d.failed_count, " \
  "d.schedule_start_time, d.next_attempt_time, d.create_time, d.finish_time"
#define LANTING_DELIVERY_SELECT "SELECT " LANTING_DELIVERY_COLUMNS ", d.body FROM delivery d "
// The webhook ($2) has to be there still.
#define LANTING_OF_WEBHOOK                                                                                       \
  "JOIN webhook w ON w.tenant_id = d.tenant_id AND w.id = d.webhook_id WHERE d.tenant_id = $1 AND d.webhook_id " \
  "= $2 AND d.id = $3"
inline constexpr pg::Statement kGetDelivery{"get_delivery", LANTING_DELIVERY_SELECT LANTING_OF_WEBHOOK};
inline constexpr pg::Statement kLockDelivery{"lock_delivery",
                                             LANTING_DELIVERY_SELECT LANTING_OF_WEBHOOK " FOR UPDATE OF d"};
// Without their bodies.
inline constexpr const char* kListDeliveries = "SELECT " LANTING_DELIVERY_COLUMNS
                                               ", '' AS body FROM delivery d "
                                               "WHERE d.tenant_id = $1 AND d.webhook_id = $2";
// The newest $3, newest first.
inline constexpr pg::Statement kListAttempts{
    "list_attempts",
    "SELECT start_time, duration_ms, result, status_code, error, response_body FROM delivery_attempt WHERE tenant_id = "
    "$1 AND delivery_id = $2 ORDER BY number DESC LIMIT $3"};

inline constexpr idempotency::Effect kReplayDelivery{
    "replay_delivery",
    "d AS (UPDATE delivery SET state = 1, failed_count = 0, schedule_start_time = $4, next_attempt_time = $4, "
    "finish_time = NULL WHERE tenant_id = $1 AND webhook_id = $2 AND id = $3), "
    "q AS (UPDATE delivery_queue SET due_time = LEAST(due_time, $4) WHERE tenant_id = $1 AND webhook_id = $2)",
    4};
// Failed deliveries of webhook $2 that were made in [$3, $4), oldest first, at most $5.
inline constexpr pg::Statement kFailedDeliveries{
    "failed_deliveries",
    "SELECT id FROM delivery WHERE tenant_id = $1 AND webhook_id = $2 AND state = 3 AND create_time >= $3 AND "
    "create_time < $4 ORDER BY create_time, id LIMIT $5 FOR UPDATE"};
inline constexpr idempotency::Effect kReplayDeliveries{
    "replay_deliveries",
    "d AS (UPDATE delivery SET state = 1, failed_count = 0, schedule_start_time = $4, next_attempt_time = $4, "
    "finish_time = NULL WHERE tenant_id = $1 AND webhook_id = $2 AND id = ANY ($3::uuid[])), "
    "q AS (UPDATE delivery_queue SET due_time = LEAST(due_time, $4) WHERE tenant_id = $1 AND webhook_id = $2)",
    4};

// --- sending ---

inline constexpr pg::Statement kClaimQueues{"claim_queues",
                                            "SELECT tenant_id, webhook_id FROM claim_queues($1, $2, $3)"};
// Pings first: somebody waits for them.
#define LANTING_DUE "WHERE d.tenant_id = $1 AND d.webhook_id = $2 AND d.state = 1 AND d.next_attempt_time <= $3 "
inline constexpr pg::Statement kDueDeliveries{
    "due_deliveries",
    "SELECT * FROM ((" LANTING_DELIVERY_SELECT LANTING_DUE
    "AND d.once LIMIT $4) UNION ALL (" LANTING_DELIVERY_SELECT LANTING_DUE
    "AND NOT d.once ORDER BY d.next_attempt_time LIMIT $4)) due ORDER BY once DESC, next_attempt_time LIMIT $4"};
// Nothing if the delivery was tried by another process meanwhile, or is gone: $4 is how often it had been tried.
inline constexpr pg::Statement kConcludeDelivery{
    "conclude_delivery",
    "WITH d AS (UPDATE delivery SET state = $5, attempt_count = $6, failed_count = $7, next_attempt_time = $8, "
    "finish_time = $9 WHERE tenant_id = $1 AND webhook_id = $2 AND id = $3 AND state = 1 AND attempt_count = $4 "
    "RETURNING id) "
    "INSERT INTO delivery_attempt (tenant_id, delivery_id, number, start_time, duration_ms, result, status_code, "
    "error, "
    "response_body) SELECT $1, d.id, $6, $10, $11, $12, $13, $14, $15 FROM d RETURNING 1"};
// A minute's worth of successes is one write.
inline constexpr pg::Statement kSucceeded{
    "succeeded",
    "UPDATE webhook SET failing_since = NULL, last_success_time = $3 WHERE tenant_id = $1 AND id = $2 AND "
    "(failing_since IS NOT NULL OR last_success_time IS NULL OR last_success_time < $3::timestamptz - interval '1 "
    "minute')"};
inline constexpr pg::Statement kFailing{
    "failing", "UPDATE webhook SET failing_since = $3 WHERE tenant_id = $1 AND id = $2 AND failing_since IS NULL"};
// Two statements: what is due is looked for by one that begins when the queue is locked, so that it sees whatever was
// told to the queue before; what is told later waits for the lock.
inline constexpr pg::Statement kLockQueue{
    "lock_queue",
    "SELECT 1 FROM delivery_queue WHERE tenant_id = $1 AND webhook_id = $2 AND lease_until = $3 FOR UPDATE"};
inline constexpr pg::Statement kReleaseQueue{
    "release_queue",
    "UPDATE delivery_queue SET lease_until = '-infinity', due_time = coalesce((SELECT min(next_attempt_time) FROM "
    "delivery WHERE tenant_id = $1 AND webhook_id = $2 AND state = 1), 'infinity') WHERE tenant_id = $1 AND webhook_id "
    "= $2 RETURNING due_time <= $3 AS due"};

inline constexpr pg::Statement kBacklog{"delivery_backlog", "SELECT pending, oldest_due FROM delivery_backlog()"};
inline constexpr pg::Statement kPurge{"delivery_purge", "SELECT delivery_purge($1, $2)"};

}  // namespace lanting::webhooks::sql
