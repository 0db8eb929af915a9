#include "gateway/protect/cors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lanting::gateway::cors {
namespace {

using ::testing::HasSubstr;

http::Request Options(std::vector<std::pair<std::string, std::string>> headers) {
  return {.method = "OPTIONS", .target = "/v1/communities", .headers = std::move(headers)};
}

std::string Find(const http::Response& response, const std::string& name) {
  for (const auto& [n, value] : response.headers)
    if (n == name) return value;
  return "(none)";
}

TEST(CorsPreflight, IsAnsweredForEveryOrigin) {
  for (const char* origin : {"https://app.example.com", "http://localhost:5173", "null"}) {
    const auto answer =
        Preflight(Options({{"Origin", origin}, {"Access-Control-Request-Method", "DELETE"}}), {"GET", "POST"});
    ASSERT_TRUE(answer) << origin;
    EXPECT_EQ(answer->status, 204);
    EXPECT_EQ(answer->content_type, "");
    EXPECT_EQ(Find(*answer, "access-control-allow-origin"), "*");
    EXPECT_EQ(Find(*answer, "access-control-allow-methods"), "GET, POST");
    EXPECT_EQ(Find(*answer, "allow"), "GET, POST");
    EXPECT_EQ(Find(*answer, "access-control-max-age"), "600");
    EXPECT_EQ(Find(*answer, "access-control-allow-credentials"), "(none)");
    for (const char* header : {"authorization", "content-type", "idempotency-key", "if-match"})
      EXPECT_THAT(Find(*answer, "access-control-allow-headers"), HasSubstr(header));
  }
}

TEST(CorsPreflight, WhatIsNone) {
  const std::string method = "Access-Control-Request-Method";
  EXPECT_FALSE(Preflight(Options({{"Origin", "https://app.example.com"}}), {"GET"}));
  EXPECT_FALSE(Preflight(Options({{method, "GET"}}), {"GET"}));
  EXPECT_FALSE(Preflight(Options({{"Origin", "app.example.com"}, {method, "GET"}}), {"GET"}));
  EXPECT_FALSE(Preflight(Options({{"Origin", "https://a\r\nSet-Cookie: x"}, {method, "GET"}}), {"GET"}));
  EXPECT_FALSE(Preflight(Options({{"Origin", "https://a.cn"}, {"Origin", "https://b.cn"}, {method, "GET"}}), {"GET"}));
  EXPECT_FALSE(Preflight(Options({{"Origin", "https://a.cn"}, {method, "GET"}}), {})) << "no such path";
  auto get = Options({{"Origin", "https://app.example.com"}, {method, "GET"}});
  get.method = "GET";
  EXPECT_FALSE(Preflight(get, {"GET"}));
}

TEST(CorsVerdict, ByTheTenantsList) {
  const std::vector<std::string> listed{"https://app.example.com", "https://*.dev.example.com"};
  struct Case {
    const char *origin, *host;
    Verdict verdict;
  };
  for (const Case& c : {
           Case{"", "api.lanting.cn", Verdict::kNotCross},
           Case{"https://app.example.com", "api.lanting.cn", Verdict::kListed},
           Case{"https://a.dev.example.com", "api.lanting.cn", Verdict::kListed},
           Case{"https://dev.example.com", "api.lanting.cn", Verdict::kRefused},
           Case{"http://app.example.com", "api.lanting.cn", Verdict::kRefused},
           Case{"null", "api.lanting.cn", Verdict::kRefused},
           Case{"nonsense", "api.lanting.cn", Verdict::kRefused},
           Case{"https://app.example.com\0", "api.lanting.cn", Verdict::kListed},
           // The page is this very host's, as /docs is.
           Case{"https://api.lanting.cn", "api.lanting.cn", Verdict::kNotCross},
           Case{"https://api.lanting.cn", "API.lanting.cn:443", Verdict::kNotCross},
           Case{"http://localhost:8080", "localhost:8080", Verdict::kNotCross},
           Case{"http://localhost", "localhost:80", Verdict::kNotCross},
           Case{"http://localhost:8081", "localhost:8080", Verdict::kRefused},
           Case{"http://localhost:8080", "localhost", Verdict::kRefused},
           Case{"http://localhost", "", Verdict::kRefused},
       })
    EXPECT_EQ(Judge(c.origin, c.host, listed), c.verdict) << c.origin << " " << c.host;
  EXPECT_EQ(Judge("https://app.example.com", "x", {}), Verdict::kRefused);
}

TEST(CorsHeaders, ForAListedOriginAndForAnybody) {
  http::Response listed, any;
  Allow("https://app.example.com", &listed);
  EXPECT_EQ(Find(listed, "access-control-allow-origin"), "https://app.example.com");
  EXPECT_EQ(Find(listed, "vary"), "Origin");
  EXPECT_THAT(Find(listed, "access-control-expose-headers"), HasSubstr("etag"));
  AllowAny(&any);
  EXPECT_EQ(Find(any, "access-control-allow-origin"), "*");
  EXPECT_THAT(Find(any, "access-control-expose-headers"), HasSubstr("retry-after"));
}

}  // namespace
}  // namespace lanting::gateway::cors
