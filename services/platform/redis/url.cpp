#include "platform/redis/url.h"

#include <charconv>
#include <optional>
#include <string_view>

namespace lanting::redis {
namespace {

std::optional<int> ToInt(std::string_view text, int max) {
  int value = -1;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > max) return std::nullopt;
  return value;
}

Error Bad(const char* what) {
  return Error{.code = Code::kInvalidArgument,
               .reason = "INVALID_FIELDS",
               .message = std::string("Redis URL: ") + what +
                          "; expected redis://[[user]:password@]host[:port][/db] or unix:///path[?db=n]"};
}

}  // namespace

Result<Address> ParseUrl(const std::string& url) {
  std::string_view rest = url;
  Address out;
  std::string_view db;
  if (rest.starts_with("unix://")) {
    rest.remove_prefix(7);
    if (auto q = rest.find("?db="); q != rest.npos) {
      db = rest.substr(q + 4);
      rest = rest.substr(0, q);
    }
    if (!rest.starts_with('/')) return Bad("the socket path is not absolute");
    out.unix_path = rest;
  } else if (rest.starts_with("redis://")) {
    rest.remove_prefix(8);
    if (auto slash = rest.find('/'); slash != rest.npos) {
      db = rest.substr(slash + 1);
      rest = rest.substr(0, slash);
    }
    if (auto at = rest.rfind('@'); at != rest.npos) {
      std::string_view login = rest.substr(0, at);
      auto colon = login.find(':');
      if (colon == login.npos) return Bad("no password before @");
      out.user = login.substr(0, colon);
      out.password = login.substr(colon + 1);
      rest = rest.substr(at + 1);
    }
    if (auto colon = rest.rfind(':'); colon != rest.npos) {
      auto port = ToInt(rest.substr(colon + 1), 65535);
      if (!port || *port == 0) return Bad("the port is not a number of 1 to 65535");
      out.port = *port;
      rest = rest.substr(0, colon);
    }
    if (rest.empty()) return Bad("no host");
    out.host = rest;
  } else {
    return Bad("unknown scheme");
  }
  if (!db.empty()) {
    auto n = ToInt(db, 65535);
    if (!n) return Bad("the database is not a number");
    out.db = *n;
  }
  return out;
}

}  // namespace lanting::redis
