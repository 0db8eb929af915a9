// Tenants and their service keys (the text form of a key is platform/auth/key.h's). Pure values and rules.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "membership/domain/staff.h"
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
  StaffRole role = StaffRole::kUnspecified;
  Id rotated_from, replaced_by;  // nil: none
  // What it was made for; a rotation shortens expire_time only. Unset: for ever.
  std::optional<std::chrono::seconds> lifetime;
  std::optional<Time> last_used_time;
  std::int64_t version = 1;
};

enum class KeyState : std::int16_t { kActive = 1, kRevoked = 2, kExpired = 3 };

// Most active keys of a tenant.
constexpr int kMaxActiveKeys = 100;

// The id of a tenant made under `request_id`: the same for the same request, so that a retry finds what the first try
// made, although there was no tenant yet to remember it under. UUID version 8 (RFC 9562). Empty: a new UUIDv7.
Id TenantIdFor(std::string_view request_id, Time now);

// Gives a key with a role and without scopes those of the role, and says how long it is made for. Then: scopes are
// "x.y", "x.*" or "*", never of the platform, at least one; expiry in the future. Fields below "key.".
Result<void> CompleteNewKey(Key& key, Time now);

// What is to become of a key that is rotated, and of the one that replaces it.
struct Rotation {
  std::chrono::seconds overlap{std::chrono::hours(24)};  // up to 30 days
  std::optional<Time> expire_time;                       // of the new key; unset: by the lifetime of the old one
};

// The key that replaces `old`, with a new id, and `old` as it is then. `before` and `after` are the keys that `old`
// replaced and that replaced it, if there are any: at most two of a line are active at a time.
//
// Errors: KEY_NOT_ACTIVE, KEY_ALREADY_ROTATED, INVALID_FIELDS.
Result<Key> Rotate(Key& old, const std::optional<Key>& before, const std::optional<Key>& after, const Rotation& wanted,
                   Time now);

KeyState StateOf(const Key& key, Time now);

inline bool IsActive(const Key& key, Time now) {
  return !key.revoke_time && (!key.expire_time || *key.expire_time > now);
}

}  // namespace lanting::membership
