#include "gateway/forwarded.h"

#include <gtest/gtest.h>

namespace lanting::gateway {
namespace {

TEST(ForwardedTest, AddressesThenThePeer) {
  const struct {
    std::vector<std::string> fields;
    const char* peer;
    const char* out;
  } cases[] = {
      {{}, "127.0.0.1:41234", "127.0.0.1"},
      {{}, "[2001:db8::7]:41234", "2001:db8::7"},
      {{"203.0.113.7"}, "10.0.0.1:1", "203.0.113.7, 10.0.0.1"},
      {{"203.0.113.7, 2001:db8::1", " 198.51.100.4 "},
       "10.0.0.1:1",
       "203.0.113.7, 2001:db8::1, 198.51.100.4, 10.0.0.1"},
      {{"203.0.113.7:80"}, "10.0.0.1:1", "203.0.113.7, 10.0.0.1"},
      {{"unknown", "", ",,", "1.2.3", "tenants/7", "\r\nx: y"}, "10.0.0.1:1", "10.0.0.1"},
  };
  for (const auto& c : cases) {
    http::Request request{.peer = c.peer};
    for (const auto& field : c.fields) request.headers.emplace_back("X-Forwarded-For", field);
    EXPECT_EQ(ForwardedFor(request), c.out);
  }
}

TEST(ForwardedTest, ALongListKeepsItsNewest) {
  http::Request request{.peer = "10.0.0.1:1"};
  for (int i = 0; i < 400; ++i) request.headers.emplace_back("x-forwarded-for", "203.0.113." + std::to_string(i % 200));
  const std::string out = ForwardedFor(request);
  EXPECT_LT(out.size(), 300u);
  EXPECT_TRUE(out.ends_with("203.0.113.199, 10.0.0.1")) << out;
}

}  // namespace
}  // namespace lanting::gateway
