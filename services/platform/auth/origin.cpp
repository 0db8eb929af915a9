#include "platform/auth/origin.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace lanting::auth {
namespace {

constexpr std::size_t kMaxLength = 300, kMaxLabel = 63;
constexpr std::string_view kWildcard = "*.";

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
}

// Number of labels of a host name; 0: it is none.
int CountLabels(std::string_view host) {
  for (int labels = 1;; ++labels) {
    const auto dot = host.find('.');
    if (!IsLabel(host.substr(0, dot))) return 0;
    if (dot == std::string_view::npos) return labels;
    host.remove_prefix(dot + 1);
  }
}

bool IsIpv6(std::string_view bracketed) {
  if (bracketed.size() < 4 || bracketed.front() != '[' || bracketed.back() != ']') return false;
  const std::string text(bracketed.substr(1, bracketed.size() - 2));
  const bool lower = std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'F'; });
  in6_addr address;
  return lower && inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool IsPort(std::string_view text, int of_scheme) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() && text.front() != '0' && port > 0 &&
         port <= 65'535 && port != of_scheme;
}

struct Parts {
  std::string_view scheme;  // with "://"
  std::string_view host, port;
};

// What stands where, the port checked and the host not. An empty host: it is no origin.
Parts Take(std::string_view text) {
  Parts parts;
  if (text.size() > kMaxLength) return parts;
  for (const std::string_view scheme : {"https://", "http://"})
    if (text.starts_with(scheme)) parts.scheme = scheme;
  if (parts.scheme.empty()) return parts;
  text.remove_prefix(parts.scheme.size());
  const auto colon = text.rfind(':'), bracket = text.rfind(']');
  const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (has_port) {
    parts.port = text.substr(colon + 1);
    if (!IsPort(parts.port, parts.scheme == "https://" ? 443 : 80)) return parts;
  }
  parts.host = text.substr(0, has_port ? colon : text.size());
  return parts;
}

bool IsHost(std::string_view host) { return IsIpv6(host) || CountLabels(host) > 0; }

}  // namespace

bool IsOrigin(std::string_view text) { return IsHost(Take(text).host); }

bool IsOriginPattern(std::string_view text) {
  const std::string_view host = Take(text).host;
  if (!host.starts_with(kWildcard)) return IsHost(host);
  return CountLabels(host.substr(kWildcard.size())) >= 2;
}

bool OriginMatches(std::string_view pattern, std::string_view origin) {
  if (pattern == origin) return true;
  const Parts wanted = Take(pattern), given = Take(origin);
  if (!wanted.host.starts_with(kWildcard) || wanted.scheme != given.scheme || wanted.port != given.port) return false;
  const auto dot = given.host.find('.');
  return dot != std::string_view::npos && given.host.substr(dot) == wanted.host.substr(1) &&
         IsLabel(given.host.substr(0, dot));
}

}  // namespace lanting::auth
