// The text of HTTP/1.1 responses. Internal to the server.
#pragma once

#include <string>
#include <string_view>

#include "platform/http/server.h"

namespace lanting::http {

// ASCII case-insensitive.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// Whether a response of this status has a body at all.
bool HasBody(int status);

// Where a body ends.
enum class Framing { kLength, kChunked, kUntilClose };

// Status line and headers, with the empty line.
std::string ResponseHead(const Response& response, Framing framing, bool close);

// The error body of a server that was given none: one line of text.
Response PlainError(int status, std::string_view reason, std::string_view message);

// The origin form of a request target: "http://host/a?b" -> "/a?b"; others are returned as they are.
std::string_view OriginForm(std::string_view target);

}  // namespace lanting::http
