#include "platform/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace lanting::net {
namespace {

struct Block4 {
  std::uint32_t base;
  int bits;
};

constexpr std::uint32_t V4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

constexpr Block4 kRefused4[] = {
    {V4(0, 0, 0, 0), 8},         // this network (RFC 791)
    {V4(10, 0, 0, 0), 8},        // private (RFC 1918)
    {V4(100, 64, 0, 0), 10},     // shared, CGNAT (RFC 6598)
    {V4(127, 0, 0, 0), 8},       // loopback (RFC 1122)
    {V4(168, 63, 129, 16), 32},  // Azure's metadata, in public space
    {V4(169, 254, 0, 0), 16},    // link-local (RFC 3927), metadata of most clouds
    {V4(172, 16, 0, 0), 12},     // private (RFC 1918)
    {V4(192, 0, 0, 0), 24},      // IETF protocol assignments (RFC 6890)
    {V4(192, 0, 2, 0), 24},      // documentation (RFC 5737)
    {V4(192, 31, 196, 0), 24},   // AS112 (RFC 7535)
    {V4(192, 52, 193, 0), 24},   // AMT (RFC 7450)
    {V4(192, 88, 99, 0), 24},    // 6to4 relays (RFC 7526)
    {V4(192, 168, 0, 0), 16},    // private (RFC 1918)
    {V4(192, 175, 48, 0), 24},   // AS112 (RFC 7534)
    {V4(198, 18, 0, 0), 15},     // benchmarking (RFC 2544)
    {V4(198, 51, 100, 0), 24},   // documentation (RFC 5737)
    {V4(203, 0, 113, 0), 24},    // documentation (RFC 5737)
    {V4(224, 0, 0, 0), 4},       // multicast (RFC 1112)
    {V4(240, 0, 0, 0), 4},       // reserved, with broadcast (RFC 1112, RFC 919)
};

struct Block6 {
  std::array<std::uint16_t, 3> base;  // the first 48 bits: no block is longer
  int bits;
};

constexpr Block6 kGlobal6 = {{0x2000, 0, 0}, 3};
constexpr Block6 kRefused6[] = {
    {{0x2001, 0x0000, 0}, 23},       // IETF protocol assignments with Teredo, ORCHID, benchmarking (RFC 2928)
    {{0x2001, 0x0db8, 0}, 32},       // documentation (RFC 3849)
    {{0x2002, 0x0000, 0}, 16},       // 6to4: an IPv4 address inside (RFC 3056)
    {{0x2620, 0x004f, 0x8000}, 48},  // AS112 (RFC 7534)
    {{0x3fff, 0x0000, 0}, 20},       // documentation (RFC 9637)
};

bool In(std::uint32_t address, const Block4& block) { return (address ^ block.base) >> (32 - block.bits) == 0; }

bool In(std::uint64_t first48, const Block6& block) {
  const auto base = std::uint64_t{block.base[0]} << 32 | std::uint64_t{block.base[1]} << 16 | block.base[2];
  return (first48 ^ base) >> (48 - block.bits) == 0;
}

bool IsPublic4(std::uint32_t address) {
  return std::ranges::none_of(kRefused4, [&](const Block4& block) { return In(address, block); });
}

bool IsPublic6(const in6_addr& address) {
  std::uint64_t first48 = 0;
  for (int i = 0; i < 6; ++i) first48 = first48 << 8 | address.s6_addr[i];
  return In(first48, kGlobal6) &&
         std::ranges::none_of(kRefused6, [&](const Block6& block) { return In(first48, block); });
}

}  // namespace

bool IsPublicUnicast(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    return IsPublic4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    return IsPublic6(v6.sin6_addr);
  }
  return false;
}

bool IsPublicUnicast(const std::string& address) {
  in_addr v4;
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return IsPublic4(ntohl(v4.s_addr));
  in6_addr v6;
  return ::inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IsPublic6(v6);
}

}  // namespace lanting::net
