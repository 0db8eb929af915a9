// Tenants and their service keys (the text form of a key is platform/auth/key.h's). Pure values and rules.
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

// Scopes are "x.y", "x.*" or "*", never of the platform; expiry in the future. Fields below "key.".
Result<void> CheckNewKey(const Key& key, Time now);

inline bool IsActive(const Key& key, Time now) {
  return !key.revoke_time && (!key.expire_time || *key.expire_time > now);
}

}  // namespace lanting::membership
