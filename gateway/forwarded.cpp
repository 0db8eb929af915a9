#include "gateway/forwarded.h"

#include <algorithm>
#include <vector>

#include "gateway/auth/client_address.h"
#include "platform/base/strings.h"
#include "platform/http/wire.h"

namespace lanting::gateway {
namespace {

constexpr std::size_t kMaxAddresses = 16;

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
