// What to write where a field has a certain name.
#pragma once

#include <optional>
#include <string_view>

namespace lanting::gateway::openapi {

// `message` is the short name of the message around the field, "Member".
std::optional<std::string_view> ExampleText(std::string_view message, std::string_view field);
std::optional<long long> ExampleNumber(std::string_view field);
// RFC 3339; fields named *_time.
std::string_view ExampleTime(std::string_view field);

}  // namespace lanting::gateway::openapi
