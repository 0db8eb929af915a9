#include "gateway/auth/client_address.h"

#include <gtest/gtest.h>

namespace lanting::gateway {
namespace {

TEST(IpAddressTest, Forms) {
  struct Case {
    const char *text, *shown;
  };
  for (const Case& c :
       {Case{"192.0.2.7", "192.0.2.7"}, Case{"192.0.2.7:4711", "192.0.2.7"}, Case{"::ffff:192.0.2.7", "192.0.2.7"},
        Case{"2001:db8::7", "2001:db8::7"}, Case{"2001:DB8:0:0::7", "2001:db8::7"},
        Case{"[2001:db8::7]:443", "2001:db8::7"}, Case{"[::1]", "::1"}}) {
    auto address = IpAddress::Parse(c.text);
    ASSERT_TRUE(address) << c.text;
    EXPECT_EQ(address->ToString(), c.shown);
  }
  for (const char* bad : {"", "unknown", "_hidden", "192.0.2", "192.0.2.256", "192.0.2.7.", " 192.0.2.7",
                          "1.2.3.4, 5.6.7.8", "[2001:db8::7", "2001:db8::g", "fe80::1%eth0", "例子"})
    EXPECT_FALSE(IpAddress::Parse(bad)) << bad;
  EXPECT_FALSE(IpAddress::Parse(std::string(100'000, ':')));
}

TEST(IpAddressTest, OnePartyHoldsA64OfIpv6) {
  auto network = [](const char* text) { return IpAddress::Parse(text)->Network(); };
  EXPECT_EQ(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::9"));
  EXPECT_NE(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
  EXPECT_NE(network("192.0.2.7"), network("192.0.2.8"));
}

TEST(CidrTest, Membership) {
  struct Case {
    const char *cidr, *address;
    bool inside;
  };
  for (const Case& c :
       {Case{"10.0.0.0/8", "10.255.0.1", true}, Case{"10.0.0.0/8", "11.0.0.1", false},
        Case{"192.0.2.128/25", "192.0.2.129", true}, Case{"192.0.2.128/25", "192.0.2.127", false},
        Case{"192.0.2.7", "192.0.2.7", true}, Case{"192.0.2.7", "192.0.2.6", false},
        Case{"10.0.0.0/8", "::ffff:10.0.0.1", true}, Case{"0.0.0.0/0", "203.0.113.9", true},
        Case{"0.0.0.0/0", "2001:db8::1", false}, Case{"fd00::/8", "fd12::1", true}, Case{"fd00::/8", "fe00::1", false},
        Case{"::/0", "2001:db8::1", true}, Case{"2001:db8::/33", "2001:db8:7fff::1", true},
        Case{"2001:db8::/33", "2001:db8:8000::1", false}}) {
    auto cidr = Cidr::Parse(c.cidr);
    ASSERT_TRUE(cidr) << c.cidr;
    EXPECT_EQ(cidr->Contains(*IpAddress::Parse(c.address)), c.inside) << c.cidr << " " << c.address;
  }
  for (const char* bad : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8",
                          "fd00::/129", "proxy", "10.0.0.1:80", "[::1]", "10.0.0.0/8/8"})
    EXPECT_FALSE(Cidr::Parse(bad)) << bad;
  std::vector<std::string> faults;
  EXPECT_EQ(ParseCidrs(" 10.0.0.0/8 , ::1,, proxy, 10.0.0.0/99", &faults).size(), 2u);
  EXPECT_EQ(faults.size(), 2u);
}

TEST(ClientAddressTest, TheLastWhomNoProxyOfOursCalledFor) {
  struct Case {
    const char* what;
    const char* peer;
    std::vector<std::string_view> forwarded;
    const char* client;
  };
  std::vector<std::string> faults;
  const auto trusted = ParseCidrs("10.0.0.0/8,fd00::/8", &faults);
  for (const Case& c : std::vector<Case>{
           {"nobody in between", "203.0.113.9:4711", {}, "203.0.113.9"},
           {"a stranger's claim", "203.0.113.9:4711", {"198.51.100.1"}, "203.0.113.9"},
           {"behind our proxy", "10.0.0.1:4711", {"203.0.113.9"}, "203.0.113.9"},
           {"claims before our proxy's entry", "10.0.0.1:4711", {"1.1.1.1, 198.51.100.1,203.0.113.9"}, "203.0.113.9"},
           {"two of our proxies", "10.0.0.1:4711", {"203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
           {"two headers are one list", "10.0.0.1:4711", {"1.1.1.1", "203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
           {"a claim to be our proxy", "10.0.0.1:4711", {"10.9.9.9, 203.0.113.9"}, "203.0.113.9"},
           {"nonsense ends the search", "10.0.0.1:4711", {"203.0.113.9, unknown"}, "10.0.0.1"},
           {"nonsense behind a proxy", "10.0.0.1:4711", {"203.0.113.9, x, 10.0.0.2"}, "10.0.0.2"},
           {"all of them ours", "10.0.0.1:4711", {"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
           {"no header", "10.0.0.1:4711", {}, "10.0.0.1"},
           {"an empty one", "10.0.0.1:4711", {""}, "10.0.0.1"},
           {"with ports", "[fd00::1]:80", {"[2001:db8::7]:4711"}, "2001:db8::7"},
           {"a unix socket", "", {"203.0.113.9"}, "::"},
       })
    EXPECT_EQ(ClientAddress(c.peer, c.forwarded, trusted).ToString(), c.client) << c.what;
  EXPECT_EQ(ClientAddress("10.0.0.1:4711", {"203.0.113.9"}, {}).ToString(), "10.0.0.1") << "nobody is trusted";
}

}  // namespace
}  // namespace lanting::gateway
