// Where a request came from, for the services' logs: never an identity, anyone can claim anything in it.
#pragma once

#include <string>

#include "platform/http/server.h"

namespace lanting::gateway {

// What the call's metadata `x-forwarded-for` says: the addresses of the request's X-Forwarded-For fields, the newest 16
// at most, then the peer's. What is no IP address is left out, and so are ports.
std::string ForwardedFor(const http::Request& request);

}  // namespace lanting::gateway
