// The text of HTTP/1.1 responses. Internal to the server.
#pragma once

#include <string>
#include <string_view>

#include "platform/http/server.h"

namespace lanting::http {

constexpr std::size_t kMaxRequestHeaders = 100;

// ASCII.
char Lower(char c);
// ASCII case-insensitive.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// Whether a response of this status has a body at all.
bool HasBody(int status);

// Whether a handler's header may be sent: it is not the server's own and does not break the message.
bool IsSendable(std::string_view name, std::string_view value);
// "Sun, 06 Nov 1994 08:49:37 GMT": now. Valid until the thread's next call.
std::string_view HttpDate();

// The `reason` for ErrorBody that goes with a status of the server's own.
const char* ReasonOf(int status);

// Where a body ends.
enum class Framing { kLength, kChunked, kUntilClose };

// Status line and headers, with the empty line.
std::string ResponseHead(const Response& response, Framing framing, bool close);

// The error body of a server that was given none: one line of text.
Response PlainError(int status, std::string_view reason, std::string_view message);

// The request target as a handler sees it (RFC 9112 section 3.2): a path with its query, or "*" for OPTIONS. Of an
// absolute-form target ("http://host:80/a?b") the part after the authority, which goes to `authority` without a port
// that is its scheme's default. False if it is none of these.
bool SplitTarget(std::string_view target, std::string_view method, std::string* authority, std::string* path);

// uri-host [":" port] of RFC 9110 section 7.2; empty is allowed.
bool IsHost(std::string_view value);
// Whether a Host header names the authority of a target.
bool SameAuthority(std::string_view authority, std::string_view host);
// Digits only, at least one.
bool IsNumber(std::string_view value);
// "GET / HTTP/2.0": a well-formed request line of a version that is not ours.
bool IsOtherVersion(std::string_view line);

}  // namespace lanting::http
