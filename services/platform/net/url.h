// The form of a URL that somebody gives us to send to, checked when it is given. What its host leads to is checked when
// it is dialled (http_client.h): a name may lead elsewhere by then.
#pragma once

#include <string>

#include "platform/base/result.h"

namespace lanting::net {

struct UrlRules {
  bool allow_http = false;     // also http://
  bool allow_private = false;  // also addresses that are not public, and names without a dot
};

// The URL as it is to be stored: scheme and host in lower case, the host in its ASCII form (IDNA: "例子.中国" becomes
// "xn--fsqu00a.xn--fiqs8s"), IPv4 addresses in dotted form whatever way they were written, no default port, at least
// "/" as path, other text percent-encoded.
//
// Refused (INVALID_ARGUMENT, reason INVALID_FORMAT, a message that says what is wrong) is what is longer than 2048
// bytes, has white space, control characters or a backslash, another scheme, a user name, a fragment, a port below 1024
// other than 443 (and 80 with allow_http), no host or one that cannot be a DNS name or an address, and an address that
// may not be dialled (address.h).
Result<std::string> CheckUrl(const std::string& url, const UrlRules& rules);

}  // namespace lanting::net
