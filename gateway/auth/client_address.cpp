#include "gateway/auth/client_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "platform/base/strings.h"

namespace lanting::gateway {
namespace {

constexpr std::size_t kMappedBits = 96;

}  // namespace

std::string_view HostOf(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    return end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
  }
  const auto colon = text.find(':');
  return colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos ? text.substr(0, colon)
                                                                                                : text;
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  const std::string host(HostOf(text));
  IpAddress address;
  if (host.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  if (inet_pton(AF_INET6, host.c_str(), address.bytes.data()) == 1) return address;
  address.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, host.c_str(), address.bytes.data() + 12) == 1) return address;
  return std::nullopt;
}

bool IpAddress::IsV4() const {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN];
  if (IsV4()) return inet_ntop(AF_INET, bytes.data() + 12, text, sizeof text);
  return inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
}

IpAddress IpAddress::Network() const {
  IpAddress network = *this;
  if (!IsV4()) std::fill(network.bytes.begin() + 8, network.bytes.end(), 0);
  return network;
}

std::optional<Cidr> Cidr::Parse(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  if (host.empty() || host.starts_with('[')) return std::nullopt;
  auto address = IpAddress::Parse(host);
  if (!address || (address->IsV4() && host.find(':') != std::string_view::npos && !host.starts_with("::ffff:")))
    return std::nullopt;  // a port
  Cidr cidr{*address, 128};
  if (slash == std::string_view::npos) return cidr;
  const std::string_view digits = text.substr(slash + 1);
  const bool dotted = host.find(':') == std::string_view::npos;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), cidr.bits);
  if (error != std::errc() || end != digits.data() + digits.size() || cidr.bits < 0 || cidr.bits > (dotted ? 32 : 128))
    return std::nullopt;
  if (dotted) cidr.bits += kMappedBits;
  for (int bit = cidr.bits; bit < 128; ++bit)
    if ((address->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return std::nullopt;
  return cidr;
}

bool Cidr::Contains(const IpAddress& address) const {
  const int whole = bits / 8, rest = bits % 8;
  if (!std::equal(network.bytes.begin(), network.bytes.begin() + whole, address.bytes.begin())) return false;
  return rest == 0 || (network.bytes[whole] ^ address.bytes[whole]) >> (8 - rest) == 0;
}

std::vector<Cidr> ParseCidrs(std::string_view text, std::vector<std::string>* faults) {
  std::vector<Cidr> cidrs;
  for (std::string_view entry : Split(text, ',')) {
    entry = Trim(entry);
    if (entry.empty()) continue;
    if (auto cidr = Cidr::Parse(entry))
      cidrs.push_back(*cidr);
    else
      faults->push_back("'" + std::string(entry) + "' is neither an address nor a network such as 10.0.0.0/8");
  }
  return cidrs;
}

IpAddress ClientAddress(std::string_view peer, const std::vector<std::string_view>& x_forwarded_for,
                        const std::vector<Cidr>& trusted) {
  IpAddress client = IpAddress::Parse(peer).value_or(IpAddress());
  const auto is_proxy = [&] {
    return std::any_of(trusted.begin(), trusted.end(), [&](const Cidr& cidr) { return cidr.Contains(client); });
  };
  if (!is_proxy()) return client;
  for (auto header = x_forwarded_for.rbegin(); header != x_forwarded_for.rend(); ++header) {
    const auto entries = Split(*header, ',');
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      const auto address = IpAddress::Parse(Trim(*entry));
      if (!address) return client;
      client = *address;
      if (!is_proxy()) return client;
    }
  }
  return client;
}

}  // namespace lanting::gateway
