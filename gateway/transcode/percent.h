// Percent-encoding (RFC 3986).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lanting::gateway {

// Decodes every %xx; `+` stays `+`. With `keep_reserved`, %xx of a reserved character (`/` among them) stays encoded:
// RFC 6570's "+" expansion, for variables of several segments. nullopt if malformed, or if the result is not UTF-8 or
// holds NUL.
std::optional<std::string> PercentDecode(std::string_view text, bool keep_reserved = false);

}  // namespace lanting::gateway
