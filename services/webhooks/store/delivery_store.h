// Deliveries and their attempts: rows in, rows out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"
#include "webhooks/domain/delivery.h"

namespace lanting::webhooks::delivery_store {

// What a delivery carries.
struct Message {
  Id event;
  std::string event_type, subject, body;
};

// Enabled webhooks of the tenant that want the type, as they are in this transaction.
std::vector<Id> Subscribers(pg::Tx& tx, const std::string& event_type);
// One delivery a webhook, due now; what is there already stays as it is.
void Insert(pg::Tx& tx, const Message& message, const std::vector<Id>& webhooks, Time now);
// A ping: tried once.
Delivery InsertPing(idempotency::Work& work, const Id& tenant, const Message& message, const Id& webhook, Time now);

std::optional<Delivery> Get(pg::Tx& tx, const Id& webhook, const Id& delivery);
std::optional<Delivery> Lock(pg::Tx& tx, const Id& webhook, const Id& delivery);
Delivery Read(const pqxx::row& row);
// The newest `limit`, oldest of them first.
std::vector<Attempt> Attempts(pg::Tx& tx, const Id& delivery, int limit);

// `delivery` after Replay().
void Replay(idempotency::Work& work, const Id& tenant, const Delivery& delivery);
// Failed deliveries made in [from, to), oldest first, at most `limit`; their rows are locked.
std::vector<Id> LockFailed(pg::Tx& tx, const Id& webhook, Time from, Time to, int limit);
void ReplayAll(idempotency::Work& work, const Id& tenant, const Id& webhook, const std::vector<Id>& deliveries,
               Time now);

}  // namespace lanting::webhooks::delivery_store
