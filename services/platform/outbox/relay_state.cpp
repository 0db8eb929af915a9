#include <boost/json.hpp>

#include "platform/outbox/relay_store.h"

namespace lanting::outbox {
namespace json = boost::json;

std::string StateToJson(const Cursor& cursor) {
  json::object streams, groups;
  for (const auto& [key, id] : cursor.last) streams[key] = id.ToString();
  for (const auto& [name, seen_ms] : cursor.groups) groups[name] = seen_ms;
  return json::serialize(json::object{{"streams", std::move(streams)}, {"groups", std::move(groups)}});
}

void StateFromJson(const std::string& text, Cursor& cursor) {
  json::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return;
  if (const auto* streams = value.as_object().if_contains("streams"); streams && streams->is_object())
    for (const auto& [key, id] : streams->get_object())
      if (auto parsed = id.is_string() ? redis::StreamId::Parse(std::string_view(id.get_string())) : std::nullopt)
        cursor.last[std::string(key)] = *parsed;
  if (const auto* groups = value.as_object().if_contains("groups"); groups && groups->is_object())
    for (const auto& [name, seen_ms] : groups->get_object())
      if (seen_ms.is_int64()) cursor.groups[std::string(name)] = seen_ms.get_int64();
}

}  // namespace lanting::outbox
