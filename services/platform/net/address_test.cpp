#include "platform/net/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace lanting::net {
namespace {

TEST(Address, OnlyPublicUnicastMayBeDialled) {
  // The first and the last of each block, and what lies beside it.
  const char* refused[] = {
      "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.100.100.200", "100.127.255.255",
      "127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.0.0", "169.254.169.254", "169.254.255.255",
      "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1",
      "192.88.99.1", "192.168.0.0", "192.168.255.255", "192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.7",
      "203.0.113.255", "224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255",
      // IPv6: unspecified, loopback, IPv4 in all its disguises, discard, site-local, ULA, link-local, multicast, SRv6
      "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::8.8.8.8",
      "64:ff9b:1::1", "100::1", "fc00::1", "fd00:ec2::254", "fdff:ffff::1", "fe80::1", "fec0::1", "ff02::1", "5f00::1",
      "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff::1",
      "2001:db8::1", "2002:7f00:1::1", "2620:4f:8000::1", "3fff::1", "3fff:fff:ffff::1", "4000::1", "1fff::1"};
  for (const char* address : refused) EXPECT_FALSE(IsPublicUnicast(std::string(address))) << address;
  const char* allowed[] = {"1.1.1.1",      "8.8.8.8",     "9.255.255.255",   "11.0.0.0",        "100.63.255.255",
                           "100.128.0.0",  "126.0.0.1",   "128.0.0.1",       "168.63.129.15",   "168.63.129.17",
                           "169.253.0.1",  "169.255.0.1", "172.15.0.1",      "172.32.0.1",      "191.255.255.255",
                           "192.0.1.1",    "192.0.3.1",   "192.167.0.1",     "192.169.0.1",     "198.17.255.255",
                           "198.20.0.0",   "223.5.5.5",   "2001:200::1",     "2001:4860::8888", "2400:3200::1",
                           "2606:4700::1", "2a00::1",     "2620:4f:8001::1", "3ffe::1",         "3fff:1000::1"};
  for (const char* address : allowed) EXPECT_TRUE(IsPublicUnicast(std::string(address))) << address;
}

TEST(Address, WhatIsNoAddressIsNotPublic) {
  for (const char* text :
       {"", "localhost", "8.8.8", "0x08080808", "8.8.8.8 ", "2001:4860::8888%eth0", "[2606:4700::1]"})
    EXPECT_FALSE(IsPublicUnicast(std::string(text))) << text;
}

TEST(Address, TheSocketAddressIsJudgedLikeItsText) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  for (const auto& [text, is_public] : {std::pair{"169.254.169.254", false}, {"93.184.216.34", true}}) {
    ASSERT_EQ(inet_pton(AF_INET, text, &v4.sin_addr), 1);
    EXPECT_EQ(IsPublicUnicast(reinterpret_cast<sockaddr&>(v4)), is_public) << text;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  for (const auto& [text, is_public] : {std::pair{"::ffff:10.0.0.1", false}, {"2606:4700::1111", true}}) {
    ASSERT_EQ(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    EXPECT_EQ(IsPublicUnicast(reinterpret_cast<sockaddr&>(v6)), is_public) << text;
  }
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_FALSE(IsPublicUnicast(reinterpret_cast<sockaddr&>(local)));
}

}  // namespace
}  // namespace lanting::net
