// Keys looked up in this service's own tables: what membership itself authenticates its callers with.
#pragma once

#include <optional>

#include "membership/store/key_usage.h"
#include "platform/auth/key_authenticator.h"
#include "platform/pg/pool.h"

namespace lanting::membership {

class StoreKeySource : public auth::KeySource {
 public:
  // Both must outlive this. `usage`, if there is one, is told which keys are used.
  explicit StoreKeySource(pg::Pool& pool, KeyUsage* usage = nullptr) : pool_(pool), usage_(usage) {}
  Result<std::optional<auth::KeyInfo>> Find(const auth::ParsedKey& key, Deadline deadline) override;

 private:
  pg::Pool& pool_;
  KeyUsage* usage_;
};

}  // namespace lanting::membership
