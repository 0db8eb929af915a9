// Settings and limits of tenants: rows in, rows out. All of the tenant of the transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "membership/domain/key.h"
#include "membership/domain/settings.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::settings_store {

// Whoever changes settings or limits holds this lock first. False: there is no such tenant.
bool LockTenant(pg::Tx& tx);

// The defaults if nobody wrote any.
Settings GetSettings(pg::Tx& tx);
void PutSettings(idempotency::Work& work, const Id& tenant, const Settings& settings);
TenantLimits GetLimits(pg::Tx& tx);
void PutLimits(idempotency::Work& work, const Id& tenant, const TenantLimits& limits);

// A key, and what the gateway needs to know of its tenant, in one round trip.
struct EdgeKey {
  Key key;
  TenantLimits limits;
  std::vector<std::string> cors_allowed_origins;
};
std::optional<EdgeKey> FindEdgeKey(pg::Tx& tx, const std::string& secret_hash);

}  // namespace lanting::membership::settings_store
