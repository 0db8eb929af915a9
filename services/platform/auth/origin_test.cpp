#include "platform/auth/origin.h"

#include <gtest/gtest.h>

namespace lanting::auth {
namespace {

TEST(Origin, WhatBrowsersSend) {
  for (const char* good :
       {"https://app.example.com", "http://localhost:5173", "https://example.com:8443", "http://127.0.0.1:3000",
        "https://[2001:db8::7]", "http://[::1]:8080", "https://xn--fiqs8s.example", "https://my_app.example.com"})
    EXPECT_TRUE(IsOrigin(good)) << good;
  for (const char* bad : {"",
                          "null",
                          "*",
                          "example.com",
                          "https://",
                          "https://example.com/",
                          "https://example.com/a",
                          "ftp://example.com",
                          "HTTPS://example.com",
                          "https://Example.com",
                          "https://example.com:443",
                          "http://example.com:80",
                          "https://example.com:",
                          "https://example.com:0",
                          "https://example.com:070",
                          "https://example.com:65536",
                          "https://example.com:8a",
                          "https://user@example.com",
                          "https://例子.example",
                          "https://a..b",
                          "https://.a.b",
                          "https://a.b.",
                          "https://-a.b",
                          "https://*.example.com",
                          "https://a b",
                          "https://a?b",
                          "https://a#b",
                          "https://[::1",
                          "https://::1",
                          "https://[2001:DB8::7]",
                          "https://a, https://b",
                          "chrome-extension://abc"})
    EXPECT_FALSE(IsOrigin(bad)) << bad;
  EXPECT_FALSE(IsOrigin("https://" + std::string(64, 'a') + ".com"));
  EXPECT_FALSE(IsOrigin("https://" + std::string(400, 'a')));
  EXPECT_FALSE(IsOrigin(std::string("https://a\0b.com", 15)));
}

TEST(Origin, PatternsHaveOneWildcardInFrontOfTwoLabels) {
  for (const char* good : {"https://app.example.com", "https://*.example.com", "http://*.dev.example.com:8080"})
    EXPECT_TRUE(IsOriginPattern(good)) << good;
  for (const char* bad :
       {"*", "https://*", "https://*.com", "https://*.*.example.com", "https://a.*.example.com", "https://*example.com",
        "https://*.example.com/", "https://*.example.com:443", "*.example.com", "https://*.[::1]"})
    EXPECT_FALSE(IsOriginPattern(bad)) << bad;
}

TEST(Origin, Matching) {
  struct Case {
    const char *pattern, *origin;
    bool matches;
  };
  for (const Case& c : {
           Case{"https://app.example.com", "https://app.example.com", true},
           Case{"https://app.example.com", "http://app.example.com", false},
           Case{"https://app.example.com", "https://app.example.com:8443", false},
           Case{"https://*.example.com", "https://a.example.com", true},
           Case{"https://*.example.com", "https://xn--fiqs8s.example.com", true},
           Case{"https://*.example.com", "https://example.com", false},
           Case{"https://*.example.com", "https://a.b.example.com", false},
           Case{"https://*.example.com", "https://evilexample.com", false},
           Case{"https://*.example.com", "https://a.example.com.evil.org", false},
           Case{"https://*.example.com", "https://.example.com", false},
           Case{"https://*.example.com", "http://a.example.com", false},
           Case{"https://*.example.com", "https://a.example.com:8443", false},
           Case{"https://*.example.com:8443", "https://a.example.com:8443", true},
           Case{"https://*.example.com", "https://evil.org?.example.com", false},
           Case{"https://*.example.com", "null", false},
       })
    EXPECT_EQ(OriginMatches(c.pattern, c.origin), c.matches) << c.pattern << " " << c.origin;
}

}  // namespace
}  // namespace lanting::auth
