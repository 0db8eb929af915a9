// Lexical forms of strings: what FORMAT_* of lanting/common/v1/options.proto mean.
#pragma once

#include <string_view>

namespace lanting::rpc {

// Printable ASCII, no space at either end.
bool IsToken(std::string_view text);
// A zone or link of the IANA database as installed (package tzdata), spelt exactly as there.
bool IsTimeZone(std::string_view text);
// "zh-CN" or "en".
bool IsLocale(std::string_view text);
// No control character; first and last characters are not Unicode white space. `text` is well-formed UTF-8.
bool IsDisplayName(std::string_view text);

}  // namespace lanting::rpc
