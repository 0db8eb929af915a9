#include "webhooks/store/sending_store.h"

#include "webhooks/store/delivery_store.h"
#include "webhooks/store/sql_delivery.h"
#include "webhooks/store/webhook_store.h"

namespace lanting::webhooks::sending_store {
namespace {

int Number(auto e) { return static_cast<int>(e); }

}  // namespace

std::vector<Queue> Claim(pg::Tx& tx, Time now, std::chrono::seconds lease, int limit) {
  std::vector<Queue> queues;
  for (const auto& row : tx.Run(sql::kClaimQueues, now, now + lease, limit))
    queues.push_back({pg::GetId(row["tenant_id"]), pg::GetId(row["webhook_id"]), now + lease});
  return queues;
}

std::optional<Result<Load>> Due(pg::Tx& tx, const crypto::SecretBox& box, const Id& webhook, Time now, int limit,
                                int failing_limit) {
  auto found = webhook_store::Get(tx, webhook);
  if (!found) return std::nullopt;
  auto secrets = webhook_store::SigningSecrets(tx, box, webhook, now);
  if (!secrets.ok()) return Result<Load>(std::move(secrets).error());
  Load load{.webhook = *std::move(found), .secrets = *std::move(secrets), .deliveries = {}};
  const int most = load.webhook.failing_since ? std::min(limit, failing_limit) : limit;
  for (const auto& row : tx.Run(sql::kDueDeliveries, tx.tenant(), webhook, now, most))
    load.deliveries.push_back(delivery_store::Read(row));
  return Result<Load>(std::move(load));
}

bool Conclude(pg::Tx& tx, const Delivery& before, const Delivery& after, const Attempt& a) {
  return !tx.Run(sql::kConcludeDelivery, tx.tenant(), before.webhook, before.id, before.attempt_count,
                 Number(after.state), after.attempt_count, after.failed_count, after.next_attempt_time,
                 after.finish_time, a.start_time, static_cast<std::int32_t>(a.duration.count()), Number(a.result),
                 a.status_code, a.error, a.response_body)
              .empty();
}

void Succeeded(pg::Tx& tx, const Id& webhook, Time now) { tx.Run(sql::kSucceeded, tx.tenant(), webhook, now); }

void Failing(pg::Tx& tx, const Id& webhook, Time now) { tx.Run(sql::kFailing, tx.tenant(), webhook, now); }

bool Release(pg::Tx& tx, const Queue& queue, Time now) {
  if (tx.Run(sql::kLockQueue, tx.tenant(), queue.webhook, queue.lease).empty()) return false;
  const auto rows = tx.Run(sql::kReleaseQueue, tx.tenant(), queue.webhook, now);
  return !rows.empty() && pg::GetBool(rows[0]["due"]);
}

Backlog GetBacklog(pg::Tx& tx) {
  const auto row = tx.Run(sql::kBacklog)[0];
  return {pg::GetInt(row["pending"]), pg::GetOptionalTime(row["oldest_due"])};
}

std::int64_t Purge(pg::Tx& tx, Time older_than, int limit) {
  return pg::GetInt(tx.Run(sql::kPurge, older_than, limit)[0][0]);
}

}  // namespace lanting::webhooks::sending_store
