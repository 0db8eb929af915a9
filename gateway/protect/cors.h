// Cross-origin requests of browsers (the CORS protocol of the Fetch standard). Pure functions.
//
// A preflight carries no credential, so that nobody can know the tenant: it is answered for every origin. Whether the
// origin may is decided with the request itself, before anything is done. Credentials here are bearer tokens that a
// page must hold; there are no cookies, and Access-Control-Allow-Credentials is never sent.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/server.h"

namespace lanting::gateway::cors {

// The answer to a preflight (OPTIONS with Origin and Access-Control-Request-Method) of a path with these methods: 204.
// nullopt: it is none, its origin is malformed, or there is no such path (no methods).
std::optional<http::Response> Preflight(const http::Request& request, const std::set<std::string>& methods);

enum class Verdict {
  kNotCross,  // no Origin, or the one this very host was asked under (scheme aside: TLS may end before us)
  kListed,
  kRefused,
};
// `host`: the header Host (or :authority).
Verdict Judge(std::string_view origin, std::string_view host, const std::vector<std::string>& listed);

// Adds to a reply what lets the page at `origin` read it: the origin, Vary, and the headers it may see.
void Allow(std::string_view origin, http::Response* response);
// The same for a reply that was made before any tenant was known and is the same for everybody: any page may read it.
void AllowAny(http::Response* response);

}  // namespace lanting::gateway::cors
