#include "webhooks/store/delivery_store.h"

#include <algorithm>

#include "webhooks/domain/event_types.h"
#include "webhooks/store/sql_delivery.h"

namespace lanting::webhooks::delivery_store {
namespace {

std::optional<Delivery> First(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return Read(rows[0]);
}

}  // namespace

std::vector<Id> Subscribers(pg::Tx& tx, const std::string& event_type) {
  std::vector<Id> webhooks;
  for (const auto& row : tx.Run(sql::kSubscribers, tx.tenant(), PatternsOf(event_type)))
    webhooks.push_back(pg::GetId(row["id"]));
  return webhooks;
}

void Insert(pg::Tx& tx, const Message& m, const std::vector<Id>& webhooks, Time now) {
  std::vector<Id> ids;
  for (const auto& webhook : webhooks) ids.push_back(DeliveryIdOf(m.event, webhook));
  tx.Run(sql::kInsertDeliveries, tx.tenant(), ids, webhooks, m.event_type, m.subject, m.body, false, now);
}

Delivery InsertPing(idempotency::Work& work, const Id& tenant, const Message& m, const Id& webhook, Time now) {
  Delivery d{.id = DeliveryIdOf(m.event, webhook),
             .webhook = webhook,
             .event_type = m.event_type,
             .subject = m.subject,
             .body = m.body,
             .once = true,
             .schedule_start_time = now,
             .next_attempt_time = now,
             .create_time = now};
  work.Do(sql::kInsertDelivery, tenant, std::vector{d.id}, std::vector{webhook}, m.event_type, m.subject, m.body, true,
          now);
  return d;
}

std::optional<Delivery> Get(pg::Tx& tx, const Id& webhook, const Id& delivery) {
  return First(tx.Run(sql::kGetDelivery, tx.tenant(), webhook, delivery));
}

std::optional<Delivery> Lock(pg::Tx& tx, const Id& webhook, const Id& delivery) {
  return First(tx.Run(sql::kLockDelivery, tx.tenant(), webhook, delivery));
}

Delivery Read(const pqxx::row& row) {
  return {.id = pg::GetId(row["id"]),
          .webhook = pg::GetId(row["webhook_id"]),
          .event_type = pg::GetString(row["event_type"]),
          .subject = pg::GetString(row["subject"]),
          .body = pg::GetString(row["body"]),
          .once = pg::GetBool(row["once"]),
          .state = static_cast<DeliveryState>(pg::GetInt32(row["state"])),
          .attempt_count = pg::GetInt32(row["attempt_count"]),
          .failed_count = pg::GetInt32(row["failed_count"]),
          .schedule_start_time = pg::GetTime(row["schedule_start_time"]),
          .next_attempt_time = pg::GetOptionalTime(row["next_attempt_time"]),
          .finish_time = pg::GetOptionalTime(row["finish_time"]),
          .create_time = pg::GetTime(row["create_time"])};
}

std::vector<Attempt> Attempts(pg::Tx& tx, const Id& delivery, int limit) {
  std::vector<Attempt> attempts;
  for (const auto& row : tx.Run(sql::kListAttempts, tx.tenant(), delivery, limit)) {
    attempts.push_back({.start_time = pg::GetTime(row["start_time"]),
                        .duration = std::chrono::milliseconds(pg::GetInt32(row["duration_ms"])),
                        .result = static_cast<AttemptResult>(pg::GetInt32(row["result"])),
                        .status_code = pg::GetInt32(row["status_code"]),
                        .error = pg::GetString(row["error"]),
                        .response_body = pg::GetString(row["response_body"])});
  }
  std::ranges::reverse(attempts);
  return attempts;
}

void Replay(idempotency::Work& work, const Id& tenant, const Delivery& d) {
  work.Do(sql::kReplayDelivery, tenant, d.webhook, d.id, d.schedule_start_time);
}

std::vector<Id> LockFailed(pg::Tx& tx, const Id& webhook, Time from, Time to, int limit) {
  std::vector<Id> ids;
  for (const auto& row : tx.Run(sql::kFailedDeliveries, tx.tenant(), webhook, from, to, limit))
    ids.push_back(pg::GetId(row["id"]));
  return ids;
}

void ReplayAll(idempotency::Work& work, const Id& tenant, const Id& webhook, const std::vector<Id>& deliveries,
               Time now) {
  work.Do(sql::kReplayDeliveries, tenant, webhook, deliveries, now);
}

}  // namespace lanting::webhooks::delivery_store
