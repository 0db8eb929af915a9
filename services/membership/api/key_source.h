// Keys looked up in this service's own tables: what membership itself authenticates its callers with.
#pragma once

#include <optional>

#include "membership/domain/key.h"
#include "platform/auth/key_authenticator.h"
#include "platform/pg/pool.h"

namespace lanting::membership {

// The key with this secret, revoked and expired ones included; nullopt if there is none.
Result<std::optional<Key>> FindKey(pg::Pool& pool, const auth::ParsedKey& key, Deadline deadline);

class StoreKeySource : public auth::KeySource {
 public:
  // `pool` must outlive this.
  explicit StoreKeySource(pg::Pool& pool) : pool_(pool) {}
  Result<std::optional<auth::KeyInfo>> Find(const auth::ParsedKey& key, Deadline deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
