// Web origins: what a browser says in the header Origin (RFC 6454 section 7), and the patterns a tenant lists.
#pragma once

#include <string>
#include <string_view>

namespace lanting::auth {

// Whether `text` is the serialised origin of a page of http or https, as browsers send it: lower-case scheme and host,
// no path, the port only if it is not the scheme's own. Hosts are names of letters, digits, '-', '_' and dots (other
// scripts as punycode), IPv4, or IPv6 in brackets; at most 300 bytes. "null", which sandboxed pages and files send, is
// none.
bool IsOrigin(std::string_view text);

// An origin, or one with "*" in the place of the first label: "https://*.example.com" stands for every origin whose
// host has exactly one label more. What follows the wildcard has at least two labels ("https://*.com" would be the
// world).
bool IsOriginPattern(std::string_view text);

// Both of the forms above, compared byte by byte.
bool OriginMatches(std::string_view pattern, std::string_view origin);

}  // namespace lanting::auth
