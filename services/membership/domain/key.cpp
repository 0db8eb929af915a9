#include "membership/domain/key.h"

#include <algorithm>

#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

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

Result<void> CheckNewKey(const Key& key, Time now) {
  std::vector<FieldViolation> violations;
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
  if (!violations.empty()) return errors::InvalidFields(std::move(violations));
  return {};
}

}  // namespace lanting::membership
