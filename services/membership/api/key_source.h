// Keys looked up in this service's own tables: what membership itself authenticates its callers with.
#pragma once

#include <optional>

#include "platform/auth/key_authenticator.h"
#include "platform/pg/pool.h"

namespace lanting::membership {

class StoreKeySource : public auth::KeySource {
 public:
  // `pool` must outlive this.
  explicit StoreKeySource(pg::Pool& pool) : pool_(pool) {}
  Result<std::optional<auth::KeyInfo>> Find(const auth::ParsedKey& key, Deadline deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
