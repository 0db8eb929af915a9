#include "membership/api/key_source.h"

#include "membership/domain/names.h"
#include "membership/store/tenant_store.h"

namespace lanting::membership {

Result<std::optional<auth::KeyInfo>> StoreKeySource::Find(const auth::ParsedKey& parsed, Deadline deadline) {
  ASSIGN_OR_RETURN(auto key,
                   pg::ReadTenant(pool_, parsed.tenant, deadline, [&](pg::Tx& tx) -> Result<std::optional<Key>> {
                     return tenant_store::FindByHash(tx, parsed.secret_hash);
                   }));
  if (!key || key->revoke_time) return std::optional<auth::KeyInfo>();
  const auto now = Clock::System().Now();
  if (usage_ != nullptr && IsActive(*key, now)) usage_->Note(parsed.tenant, key->id, now);
  auth::Principal principal{.tenant = parsed.tenant, .subject = names::Key(key->id), .scopes = std::move(key->scopes)};
  return std::optional(auth::KeyInfo{.principal = std::move(principal), .expire_time = key->expire_time});
}

}  // namespace lanting::membership
