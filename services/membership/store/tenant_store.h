// Tenants and their keys: rows in, rows out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "membership/domain/key.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::tenant_store {

void Create(idempotency::Work& work, const Tenant& tenant);
// The tenant of the transaction.
std::optional<Tenant> Get(pg::Tx& tx);
// The operator's list, oldest first, after (time in SQL text, id) or from the start; the one look across tenants.
std::vector<Tenant> List(pg::Tx& tx, const std::optional<std::string>& after_time, const Id& after_id, int limit);

// `secret_hash` is auth::ParsedKey's; the secret itself is never stored.
void CreateKey(idempotency::Work& work, const Id& tenant, const Key& key, const std::string& secret_hash);
// Writes what Rotate made of both.
void RotateKey(idempotency::Work& work, const Id& tenant, const Key& old, const Key& fresh,
               const std::string& secret_hash);
// For whoever makes one: with the tenant locked (settings_store::LockTenant), so that the number holds.
int CountActiveKeys(pg::Tx& tx, Time now);
std::optional<Key> GetKey(pg::Tx& tx, const Id& key);
std::optional<Key> LockKey(pg::Tx& tx, const Id& key);
// When keys were last seen in use; one entry a key. Those that are no longer there are passed over.
void NoteUse(idempotency::Work& work, const Id& tenant, const std::vector<Id>& keys, const std::vector<Time>& times);
std::optional<Key> FindByHash(pg::Tx& tx, const std::string& secret_hash);
void Revoke(idempotency::Work& work, const Id& tenant, const Key& key);
Key ReadKey(const pqxx::row& row);

}  // namespace lanting::membership::tenant_store
