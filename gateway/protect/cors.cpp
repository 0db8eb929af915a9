#include "gateway/protect/cors.h"

#include <algorithm>
#include <string>

#include "platform/auth/origin.h"

namespace lanting::gateway::cors {
namespace {

// What our calls understand, beyond what the Fetch standard lets every page send.
constexpr const char* kRequestHeaders =
    "authorization, content-type, idempotency-key, if-match, if-none-match, grpc-timeout, traceparent, tracestate";
constexpr const char* kExposedHeaders =
    "etag, location, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, ratelimit-policy, "
    "traceparent, x-request-id, allow, www-authenticate";

bool IsOriginOrNull(std::string_view origin) { return origin == "null" || auth::IsOrigin(origin); }

// "http://example.com:8080" was asked under "Example.com:8080".
bool IsOfHost(std::string_view origin, std::string_view host) {
  const auto slashes = origin.find("://");
  if (slashes == std::string_view::npos || host.empty()) return false;
  const std::string_view authority = origin.substr(slashes + 3);
  const std::string_view standard_port = origin.starts_with("https:") ? ":443" : ":80";
  if (host.ends_with(standard_port)) host.remove_suffix(standard_port.size());
  return std::equal(authority.begin(), authority.end(), host.begin(), host.end(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
}

}  // namespace

std::optional<http::Response> Preflight(const http::Request& request, const std::set<std::string>& methods) {
  if (methods.empty() || request.method != "OPTIONS" || request.Header("access-control-request-method").empty() ||
      request.Count("origin") != 1 || !IsOriginOrNull(request.Header("origin")))
    return std::nullopt;
  std::string list;
  for (const std::string& method : methods) list += (list.empty() ? "" : ", ") + method;
  return http::Response{.status = 204,
                        .content_type = "",
                        .headers = {{"allow", list},
                                    {"access-control-allow-origin", "*"},
                                    {"access-control-allow-methods", list},
                                    {"access-control-allow-headers", kRequestHeaders},
                                    {"access-control-max-age", "600"}}};
}

Verdict Judge(std::string_view origin, std::string_view host, const std::vector<std::string>& listed) {
  if (origin.empty()) return Verdict::kNotCross;
  if (!auth::IsOrigin(origin)) return Verdict::kRefused;
  if (std::any_of(listed.begin(), listed.end(), [&](const auto& p) { return auth::OriginMatches(p, origin); }))
    return Verdict::kListed;
  return IsOfHost(origin, host) ? Verdict::kNotCross : Verdict::kRefused;
}

void Allow(std::string_view origin, http::Response* response) {
  response->headers.emplace_back("access-control-allow-origin", origin);
  response->headers.emplace_back("vary", "Origin");
  response->headers.emplace_back("access-control-expose-headers", kExposedHeaders);
}

void AllowAny(http::Response* response) {
  // A preflight's answer has it: said twice it would count as neither.
  for (const auto& [name, value] : response->headers)
    if (name == "access-control-allow-origin") return;
  response->headers.emplace_back("access-control-allow-origin", "*");
  response->headers.emplace_back("access-control-expose-headers", kExposedHeaders);
}

}  // namespace lanting::gateway::cors
