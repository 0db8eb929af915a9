#include "platform/net/url.h"

#include <gtest/gtest.h>

namespace lanting::net {
namespace {

std::string Check(const std::string& url, const UrlRules& rules = {}) {
  const auto checked = CheckUrl(url, rules);
  return checked.ok() ? *checked : "refused: " + checked.error().message;
}

TEST(Url, IsStoredInOneForm) {
  const std::pair<const char*, const char*> table[] = {
      {"https://hooks.example.com/lanting", "https://hooks.example.com/lanting"},
      {"HTTPS://Hooks.Example.COM", "https://hooks.example.com/"},
      {"https://hooks.example.com:443/", "https://hooks.example.com/"},
      {"https://hooks.example.com:8443/a?x=1&y=2", "https://hooks.example.com:8443/a?x=1&y=2"},
      {"https://hooks.example.com./a", "https://hooks.example.com/a"},
      {"https://例子.中国/回调", "https://xn--fsqu00a.xn--fiqs8s/%e5%9b%9e%e8%b0%83"},
      {"https://bücher.example/?q=%20", "https://xn--bcher-kva.example/?q=%20"},
      {"https://8.8.8.8/", "https://8.8.8.8/"},
      {"https://0x08080808/", "https://8.8.8.8/"},
      {"https://[2606:4700::1111]/x", "https://[2606:4700::1111]/x"},
      {"https://my_host.example.com/", "https://my_host.example.com/"},
  };
  for (const auto& [given, stored] : table) {
    EXPECT_EQ(Check(given), stored);
    EXPECT_EQ(Check(stored), stored) << "once more changes nothing";
  }
}

TEST(Url, RefusesWhatIsNotAPublicHttpsEndpoint) {
  for (const char* url : {"",
                          "example.com",
                          "//example.com/",
                          "http://example.com/",
                          "ftp://example.com/",
                          "file:///etc/passwd",
                          "gopher://example.com:6379/_",
                          "https:example.com",
                          "https:/example.com/",
                          "https:///example.com/",
                          "https://",
                          "https://?x",
                          "https://user@example.com/",
                          "https://user:pass@example.com/",
                          "https://example.com/#top",
                          "https://example.com:80/",
                          "https://example.com:22/",
                          "https://example.com:25/",
                          "https://example.com:0/",
                          "https://example.com:65536/",
                          "https://example.com:x/",
                          "https://exa mple.com/",
                          "https://example.com/a b",
                          "https://example.com\\@evil.example/",
                          "https://example.com/\r\nX: y",
                          "https://-a.example.com/",
                          "https://a..example.com/",
                          "https://exa$mple.com/",
                          "https://localhost/",
                          "https://x.localhost/",
                          "https://redis/",
                          "https://127.0.0.1/",
                          "https://127.1/",
                          "https://2130706433/",
                          "https://0x7f000001/",
                          "https://0177.0.0.1/",
                          "https://169.254.169.254/latest/meta-data",
                          "https://10.0.0.8/",
                          "https://256.1.1.1/",
                          "https://1.2.3.4.5/",
                          "https://[::1]/",
                          "https://[::ffff:8.8.8.8]/",
                          "https://[fd00::1]/",
                          "https://[fe80::1%25eth0]/",
                          "https://[fe80::1]/",
                          "https://[::]/",
                          "https://[2606:4700::1111/",
                          "https://%6c%6f%63%61%6c%68%6f%73%74/"}) {
    EXPECT_FALSE(CheckUrl(url, {}).ok()) << url << " -> " << Check(url);
  }
  EXPECT_FALSE(CheckUrl("https://example.com/\xff", {}).ok());
  EXPECT_FALSE(CheckUrl("https://" + std::string(64, 'a') + ".example.com/", {}).ok());
  EXPECT_TRUE(CheckUrl("https://" + std::string(63, 'a') + ".example.com/", {}).ok());
  EXPECT_FALSE(CheckUrl("https://example.com/" + std::string(2048, 'a'), {}).ok());
  EXPECT_FALSE(CheckUrl("https://example.com/" + std::string(300, '\xe5'), {}).ok());
}

TEST(Url, TheOperatorMayAllowMore) {
  EXPECT_EQ(Check("http://example.com:80/", {.allow_http = true}), "http://example.com/");
  EXPECT_FALSE(CheckUrl("http://127.0.0.1:8080/", {.allow_http = true}).ok());
  EXPECT_EQ(Check("http://127.1:8080/in", {.allow_http = true, .allow_private = true}), "http://127.0.0.1:8080/in");
  EXPECT_EQ(Check("https://crm/in", {.allow_private = true}), "https://crm/in");
  EXPECT_EQ(Check("https://[::1]:8443/", {.allow_private = true}), "https://[::1]:8443/");
  EXPECT_FALSE(CheckUrl("ftp://crm/", {.allow_http = true, .allow_private = true}).ok());
  EXPECT_FALSE(CheckUrl("http://user@crm/", {.allow_http = true, .allow_private = true}).ok());
}

}  // namespace
}  // namespace lanting::net
