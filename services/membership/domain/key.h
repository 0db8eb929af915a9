// Service keys: what a tenant's systems present. Pure values and rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/id.h"
#include "platform/base/result.h"

namespace lanting::membership {

struct Tenant {
  Id id;
  std::string display_name;
  Time create_time;
};

struct Key {
  Id id;
  std::string display_name;
  std::vector<std::string> scopes;
  std::optional<Time> expire_time, revoke_time;
  Time create_time;
};

// The id of a tenant made under `request_id`: the same for the same request, so that a retry finds what the first try
// made, although there was no tenant yet to remember it under. UUID version 8 (RFC 9562). Empty: a new UUIDv7.
Id TenantIdFor(std::string_view request_id, Time now);

// "lanting_<tenant, 26 characters>_<43 characters: 256 random bits, base64url>". The tenant is in it because a key must
// be looked up before anything else is known of the caller.
std::string NewSecret(const Id& tenant);
// The tenant a secret claims to be of; nullopt if it has another form. Proves nothing.
std::optional<Id> TenantOfSecret(std::string_view secret);

// Scopes are "x.y", "x.*" or "*", never of the platform; expiry in the future. Fields below "key.".
Result<void> CheckNewKey(const Key& key, Time now);

inline bool IsActive(const Key& key, Time now) {
  return !key.revoke_time && (!key.expire_time || *key.expire_time > now);
}

}  // namespace lanting::membership
