#include "platform/obs/json_text.h"

#include <algorithm>
#include <cstdio>

#include "platform/base/strings.h"

namespace lanting::obs {
namespace {

void AppendAscii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
    out.push_back(c);
    return;
  }
  char escape[8];
  std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  out += escape;
}

bool IsPlain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

// Length of the well-formed multi-byte character that `text` begins with; 0 if there is none.
std::size_t CharacterLength(std::string_view text) {
  for (std::size_t length = 2; length <= std::min<std::size_t>(4, text.size()); ++length) {
    if (Utf8Length(text.substr(0, length)) == std::size_t{1}) return length;
  }
  return 0;
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const auto plain = std::find_if_not(text.begin(), text.end(), IsPlain) - text.begin();
    out.append(text, 0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    std::size_t length = 1;
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      AppendAscii(out, text[0]);
    } else if ((length = CharacterLength(text)) > 0) {
      out.append(text, 0, length);
    } else {
      out += "\xef\xbf\xbd";
      length = 1;
    }
    text.remove_prefix(length);
  }
  out.push_back('"');
}

}  // namespace lanting::obs
