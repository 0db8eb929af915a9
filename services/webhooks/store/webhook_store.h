// Webhooks and their secrets: rows in, rows out. Reads run in any transaction; writes say the effect of a Work.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/crypto/secret_box.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"
#include "webhooks/domain/webhook.h"

namespace lanting::webhooks::webhook_store {

// Nobody else creates one meanwhile.
int CountForCreation(pg::Tx& tx);
void Create(idempotency::Work& work, const Id& tenant, const Webhook& webhook, const std::string& sealed_secret);
std::optional<Webhook> Get(pg::Tx& tx, const Id& webhook);
std::optional<Webhook> Lock(pg::Tx& tx, const Id& webhook);
Webhook Read(const pqxx::row& row);
// Url, description, types, state and what belongs to it.
void Update(idempotency::Work& work, const Id& tenant, const Webhook& webhook);
void Delete(idempotency::Work& work, const Id& tenant, const Id& webhook);

// What a secret of the webhook is sealed with beside the key.
std::string SecretContext(const Id& tenant, const Id& webhook);
// The newest becomes `sealed_secret`; those before sign until webhook.old_secret_expire_time at most. The row must be
// locked.
void Rotate(pg::Tx& tx, idempotency::Work& work, const Webhook& webhook, const std::string& sealed_secret);
// What signs at `now`, newest first; SECRET_UNREADABLE when the box lacks a key.
Result<std::vector<std::string>> SigningSecrets(pg::Tx& tx, const crypto::SecretBox& box, const Id& webhook, Time now);

struct SecretName {
  Id tenant, webhook, id;
};
// Secrets of all tenants that the box would seal otherwise, at most `limit`; in a transaction of no tenant.
std::vector<SecretName> Stale(pg::Tx& tx, const crypto::SecretBox& box, int limit);
// Seals it with the present key.
Result<void> Reseal(pg::Tx& tx, const crypto::SecretBox& box, const SecretName& secret);

}  // namespace lanting::webhooks::webhook_store
