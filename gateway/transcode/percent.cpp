#include "gateway/transcode/percent.h"

#include "platform/base/strings.h"

namespace lanting::gateway {
namespace {

int Hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> PercentDecode(std::string_view text, bool keep_reserved) {
  constexpr std::string_view kReserved = "!#$&'()*+,/:;=?@[]";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = Hex(text[i + 1]), low = Hex(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    const char c = static_cast<char>(high << 4 | low);
    if (keep_reserved && kReserved.find(c) != std::string_view::npos)
      out += text.substr(i, 3);
    else
      out += c;
    i += 2;
  }
  if (out.find('\0') != std::string::npos || !Utf8Length(out)) return std::nullopt;
  return out;
}

}  // namespace lanting::gateway
