#include "webhooks/domain/event_types.h"

#include <algorithm>

#include "platform/base/strings.h"

namespace lanting::webhooks {
namespace {

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

std::string SnakeCase(std::string_view camel) {
  std::string out;
  for (std::size_t i = 0; i < camel.size(); ++i) {
    const bool begins =
        IsUpper(camel[i]) && i > 0 && (!IsUpper(camel[i - 1]) || (i + 1 < camel.size() && !IsUpper(camel[i + 1])));
    if (begins) out += '_';
    out += IsUpper(camel[i]) ? static_cast<char>(camel[i] - 'A' + 'a') : camel[i];
  }
  return out;
}

std::string ServicePattern(std::string_view event_type) {
  return std::string(event_type.substr(0, event_type.find('.'))) + ".*";
}

}  // namespace

std::string EventTypeOf(std::string_view message) {
  const auto parts = Split(message, '.');
  if (parts.size() != 4 || parts[0] != "lanting" || parts[1] == "common" || parts[1] == "testing") return "";
  const std::string version = parts[2] == "v1" ? "" : std::string(parts[2]) + ".";
  return std::string(parts[1]) + "." + version + SnakeCase(parts[3]);
}

std::vector<std::string> PatternsOf(std::string_view event_type) {
  return {std::string(event_type), ServicePattern(event_type), "*"};
}

Result<void> CheckPatterns(const std::vector<std::string>& patterns, const std::set<std::string>& known_types,
                           const std::string& field) {
  std::set<std::string> allowed = known_types, seen;
  allowed.insert("*");
  for (const auto& type : known_types) allowed.insert(ServicePattern(type));
  std::vector<FieldViolation> violations;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const auto at = field + "[" + std::to_string(i) + "]";
    if (!allowed.contains(patterns[i])) {
      violations.push_back({at, "UNKNOWN_VALUE", "Is no event type, and no \"service.*\": see ListEventTypes."});
    } else if (!seen.insert(patterns[i]).second) {
      violations.push_back({at, "DUPLICATE_VALUE", "Is there twice."});
    }
  }
  if (!violations.empty()) return lanting::errors::InvalidFields(std::move(violations));
  return {};
}

}  // namespace lanting::webhooks
