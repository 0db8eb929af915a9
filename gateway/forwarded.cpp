#include "gateway/forwarded.h"

#include <algorithm>
#include <vector>

#include "gateway/auth/client_address.h"
#include "platform/base/strings.h"
#include "platform/http/wire.h"

namespace lanting::gateway {
namespace {

constexpr std::size_t kMaxAddresses = 16;

// "127.0.0.1:41234" and "[::1]:41234" without the port and the brackets: the server wrote it.
std::string_view HostOf(std::string_view peer) {
  std::string_view host = peer.substr(0, peer.rfind(':'));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return host;
}

}  // namespace

std::string ForwardedFor(const http::Request& request) {
  std::vector<IpAddress> addresses;
  for (const auto& [name, value] : request.headers) {
    if (!http::EqualsIgnoreCase(name, "x-forwarded-for")) continue;
    for (std::string_view entry : Split(value, ','))
      if (const auto address = IpAddress::Parse(Trim(entry))) addresses.push_back(*address);
  }
  std::string out;
  const std::size_t skipped = addresses.size() - std::min(addresses.size(), kMaxAddresses);
  for (std::size_t i = skipped; i < addresses.size(); ++i) out.append(addresses[i].ToString()).append(", ");
  return out.append(HostOf(request.peer));
}

}  // namespace lanting::gateway
