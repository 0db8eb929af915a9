#include "membership/domain/key.h"

#include <algorithm>

#include "membership/domain/names.h"
#include "membership/domain/staff_errors.h"
#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

constexpr auto kMaxOverlap = std::chrono::hours(24 * 30);

bool IsWord(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

bool IsScope(std::string_view scope) {
  if (scope == "*") return true;
  auto dot = scope.find('.');
  if (dot == std::string_view::npos) return false;
  auto action = scope.substr(dot + 1);
  return IsWord(scope.substr(0, dot)) && (action == "*" || IsWord(action));
}

}  // namespace

Id TenantIdFor(std::string_view request_id, Time now) {
  if (request_id.empty()) return Id::New(now);
  std::string hex = HexEncode(Sha256("lanting tenant\n" + std::string(request_id))).substr(0, 32);
  hex[12] = '8';                                                       // version
  hex[16] = "89ab"[hex[16] <= '9' ? hex[16] & 3 : (hex[16] + 1) & 3];  // variant
  for (int at : {20, 16, 12, 8}) hex.insert(static_cast<std::size_t>(at), "-");
  return *Id::ParseUuid(hex);
}

Result<void> CompleteNewKey(Key& key, Time now) {
  if (key.scopes.empty()) key.scopes = ScopesOf(key.role);
  if (key.expire_time) key.lifetime = std::chrono::ceil<std::chrono::seconds>(*key.expire_time - now);
  std::vector<FieldViolation> violations;
  if (key.scopes.empty()) violations.push_back({"key.scopes", "REQUIRED", "Is required where no role is given."});
  for (std::size_t i = 0; i < key.scopes.size(); ++i) {
    const auto& scope = key.scopes[i];
    auto field = "key.scopes[" + std::to_string(i) + "]";
    if (!IsScope(scope)) {
      violations.push_back({field, "INVALID_FORMAT", "A scope is e.g. \"members.read\", \"members.*\" or \"*\"."});
    } else if (scope.starts_with("platform.")) {
      violations.push_back({field, "UNKNOWN_VALUE", "A tenant's key never operates the platform."});
    } else if (std::find(key.scopes.begin(), key.scopes.begin() + static_cast<std::ptrdiff_t>(i), scope) !=
               key.scopes.begin() + static_cast<std::ptrdiff_t>(i)) {
      violations.push_back({field, "DUPLICATE_VALUE", "Each scope is given once."});
    }
  }
  if (key.expire_time && *key.expire_time <= now) {
    violations.push_back({"key.expireTime", "OUT_OF_RANGE", "Must be in the future."});
  }
  if (!violations.empty()) return lanting::errors::InvalidFields(std::move(violations));
  return {};
}

Result<Key> Rotate(Key& old, const std::optional<Key>& before, const std::optional<Key>& after, const Rotation& wanted,
                   Time now) {
  if (!IsActive(old, now)) return errors::KeyNotActive(names::Key(old.id));
  for (const auto* other : {&before, &after}) {
    if (*other && IsActive(**other, now)) return errors::KeyAlreadyRotated(names::Key((*other)->id));
  }
  if (wanted.overlap < std::chrono::seconds(0) || wanted.overlap > kMaxOverlap) {
    return lanting::errors::InvalidField("overlap", "OUT_OF_RANGE", "Must be from 0 s to 30 days.");
  }
  if (wanted.expire_time && *wanted.expire_time <= now) {
    return lanting::errors::InvalidField("expireTime", "OUT_OF_RANGE", "Must be in the future.");
  }
  Key fresh{.id = Id::New(now),
            .display_name = old.display_name,
            .scopes = old.scopes,
            .expire_time = wanted.expire_time,
            .create_time = now,
            .role = old.role,
            .rotated_from = old.id};
  if (wanted.expire_time) fresh.lifetime = std::chrono::ceil<std::chrono::seconds>(*wanted.expire_time - now);
  if (!wanted.expire_time && old.lifetime) {
    fresh.lifetime = old.lifetime;
    fresh.expire_time = now + *old.lifetime;
  }
  const Time last = now + wanted.overlap;
  old.expire_time = old.expire_time ? std::min(*old.expire_time, last) : last;
  old.replaced_by = fresh.id;
  ++old.version;
  return fresh;
}

KeyState StateOf(const Key& key, Time now) {
  if (key.revoke_time) return KeyState::kRevoked;
  return IsActive(key, now) ? KeyState::kActive : KeyState::kExpired;
}

}  // namespace lanting::membership
