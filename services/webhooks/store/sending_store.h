// What the sender asks of the database. A webhook's queue belongs to one process at a time, by a lease: so no delivery
// is sent by two at once, and a bound on the requests under way to a webhook holds across processes. A process that
// dies loses its queues when their leases end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/crypto/secret_box.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"
#include "webhooks/domain/delivery.h"
#include "webhooks/domain/webhook.h"

namespace lanting::webhooks::sending_store {

struct Queue {
  Id tenant, webhook;
  Time lease;  // until when, and the token that it is this lease
};

// Queues of all tenants with something due at `now`, those that wait longest first, for the caller alone until
// now + lease; in a transaction of no tenant.
std::vector<Queue> Claim(pg::Tx& tx, Time now, std::chrono::seconds lease, int limit);

struct Load {
  Webhook webhook;
  std::vector<std::string> secrets;  // newest first
  std::vector<Delivery> deliveries;  // due: pings, then those that wait longest
};
// What is to be sent of a claimed queue, at most `limit`, and at most `failing_limit` while the webhook fails. nullopt:
// the webhook is gone.
std::optional<Result<Load>> Due(pg::Tx& tx, const crypto::SecretBox& box, const Id& webhook, Time now, int limit,
                                int failing_limit);

// Writes down an attempt. `before`: the delivery as it was loaded; `after`: what the attempt made of it. False: it was
// replayed, deleted or tried by another process meanwhile, and nothing was written.
bool Conclude(pg::Tx& tx, const Delivery& before, const Delivery& after, const Attempt& attempt);
void Succeeded(pg::Tx& tx, const Id& webhook, Time now);
void Failing(pg::Tx& tx, const Id& webhook, Time now);
// Gives the queue back. True if something of it is due at `now`; false also if the lease was lost.
bool Release(pg::Tx& tx, const Queue& queue, Time now);

struct Backlog {
  std::int64_t pending = 0;
  std::optional<Time> oldest_due;
};
Backlog GetBacklog(pg::Tx& tx);
// How many of at most `limit` deliveries made before `older_than` were deleted.
std::int64_t Purge(pg::Tx& tx, Time older_than, int limit);

}  // namespace lanting::webhooks::sending_store
