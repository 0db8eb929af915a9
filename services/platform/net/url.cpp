#include "platform/net/url.h"

#include <curl/curl.h>
#include <locale.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "platform/base/strings.h"
#include "platform/net/address.h"

namespace lanting::net {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048, kMaxHostBytes = 253, kMaxLabelBytes = 63;

Error Refused(std::string why) {
  return {.code = Code::kInvalidArgument, .reason = "INVALID_FORMAT", .message = std::move(why)};
}

// libidn2, beneath curl, takes text in the character set of the thread's locale.
class Utf8Locale {
 public:
  Utf8Locale() : mine_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)), before_(mine_ ? ::uselocale(mine_) : nullptr) {}
  ~Utf8Locale() {
    if (!mine_) return;
    ::uselocale(before_);
    ::freelocale(mine_);
  }
  Utf8Locale(const Utf8Locale&) = delete;

 private:
  locale_t mine_, before_;
};

class Url {
 public:
  Url() : handle_(curl_url()) {}
  bool Parse(const std::string& text) {
    return curl_url_set(handle_.get(), CURLUPART_URL, text.c_str(), CURLU_URLENCODE) == CURLUE_OK;
  }
  std::optional<std::string> Get(CURLUPart part, unsigned flags = 0) const {
    const Utf8Locale utf8;
    char* text = nullptr;
    if (curl_url_get(handle_.get(), part, &text, flags) != CURLUE_OK) return std::nullopt;
    std::string out = text;
    curl_free(text);
    return out;
  }

 private:
  struct Free {
    void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
  };
  std::unique_ptr<CURLU, Free> handle_;
};

bool IsDnsName(std::string_view host) {
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  for (auto label : Split(host, '.')) {
    const bool plain = std::ranges::all_of(
        label, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
    if (!plain || label.empty() || label.size() > kMaxLabelBytes || label.front() == '-' || label.back() == '-')
      return false;
  }
  return true;
}

// The last label of a name is never a number alone, so what ends like that was meant as an IPv4 address.
bool LooksLikeIpv4(std::string_view host) {
  const auto last = host.substr(host.rfind('.') + 1);
  return std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
}

Result<void> CheckHost(const std::string& host, const UrlRules& rules) {
  const bool is_v6 = host.starts_with('[');
  if (is_v6 || LooksLikeIpv4(host)) {
    const auto address = is_v6 ? host.substr(1, host.size() - 2) : host;
    if (!rules.allow_private && !IsPublicUnicast(address)) {
      return Refused("The address " + host + " is not a public one.");
    }
    return {};
  }
  if (!IsDnsName(host)) return Refused("Its host is neither a DNS name nor an address.");
  const bool local = host.find('.') == host.npos || host.ends_with(".localhost");
  if (local && !rules.allow_private) return Refused("The host " + host + " is not a public name.");
  return {};
}

Result<void> CheckPort(const std::string& port, const UrlRules& rules) {
  int number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  if (number >= 1024 || number == 443 || (number == 80 && rules.allow_http)) return {};
  return Refused("Its port must be 443 or above 1023.");
}

}  // namespace

Result<std::string> CheckUrl(const std::string& text, const UrlRules& rules) {
  if (text.size() > kMaxUrlBytes) return Refused("It is longer than 2048 bytes.");
  const bool strange = std::ranges::any_of(text, [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '\\'; });
  if (strange || !Utf8Length(text)) return Refused("It has white space, control characters or a backslash.");
  Url url;
  const auto colon = text.find("://");
  const bool parsed = colon != text.npos && text.substr(colon + 3, 1) != "/" && url.Parse(text);
  const auto scheme = parsed ? url.Get(CURLUPART_SCHEME).value_or("") : "";
  if (scheme != "https" && !(scheme == "http" && rules.allow_http)) {
    return Refused(rules.allow_http ? "It must be https://host/path or http://host/path."
                                    : "It must be https://host/path.");
  }
  if (url.Get(CURLUPART_USER) || url.Get(CURLUPART_PASSWORD))
    return Refused("It may not hold a user name or password.");
  if (url.Get(CURLUPART_FRAGMENT)) return Refused("It may not have a fragment (#).");
  if (url.Get(CURLUPART_ZONEID)) return Refused("Its address may not have a zone.");
  auto host = url.Get(CURLUPART_HOST, CURLU_PUNYCODE).value_or("");
  std::ranges::transform(host, host.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (host.ends_with('.')) host.pop_back();
  RETURN_IF_ERROR(CheckHost(host, rules));
  const auto port = url.Get(CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or("0");
  RETURN_IF_ERROR(CheckPort(port, rules));

  std::string out = scheme + "://" + host;
  if (port != (scheme == "https" ? "443" : "80")) out += ":" + port;
  out += url.Get(CURLUPART_PATH).value_or("/");
  if (const auto query = url.Get(CURLUPART_QUERY)) out += "?" + *query;
  if (out.size() > kMaxUrlBytes) return Refused("It is longer than 2048 bytes when percent-encoded.");
  return out;
}

}  // namespace lanting::net
