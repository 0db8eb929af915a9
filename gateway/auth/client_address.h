// Where a request comes from, for limits: what an attacker cannot choose freely.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lanting::gateway {

// "192.0.2.7:4711", "[::1]:80", "[::1]": the address alone. Anything else as it stands, unless its brackets do not end.
std::string_view HostOf(std::string_view text);

// IPv4 is kept as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2).
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  // "192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"; also with a port or in brackets: "192.0.2.7:4711", "[::1]:80",
  // "[::1]".
  static std::optional<IpAddress> Parse(std::string_view text);
  bool IsV4() const;
  std::string ToString() const;  // without port; "192.0.2.7" for a mapped one
  // What one party holds: the address itself, or the /64 of IPv6.
  IpAddress Network() const;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;  // NOLINT(modernize-use-nullptr)
};

struct Cidr {
  IpAddress network;
  int bits = 128;  // of the mapped form: 96 + n for IPv4

  // "10.0.0.0/8", "fd00::/8", or an address alone. nullopt also if bits are set beyond the prefix.
  static std::optional<Cidr> Parse(std::string_view text);
  bool Contains(const IpAddress& address) const;
};

// "10.0.0.0/8,fd00::/8"; what is wrong with it goes into `faults`, one text each.
std::vector<Cidr> ParseCidrs(std::string_view text, std::vector<std::string>* faults);

// The peer of the connection; if that is a trusted proxy, the last address of X-Forwarded-For that is none, since each
// proxy appends whom it was called by (several headers are one list, in their order). An entry that is no address ends
// the search: what stands before it was not written by whom we trust. `peer` as http::Request has it; one that is no
// address (a unix socket) is "::".
IpAddress ClientAddress(std::string_view peer, const std::vector<std::string_view>& x_forwarded_for,
                        const std::vector<Cidr>& trusted);

}  // namespace lanting::gateway

template <>
struct std::hash<lanting::gateway::IpAddress> {
  std::size_t operator()(const lanting::gateway::IpAddress& a) const noexcept {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(a.bytes.data()), a.bytes.size()});
  }
};
