#include "platform/paging/value.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "platform/base/id.h"
#include "platform/base/strings.h"

namespace lanting::paging {
namespace {

// Takes `digits` decimal digits off the front of `text`.
std::optional<int> TakeNumber(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool TakeChar(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+08:00", "+0800" or "+08"; nullopt if none of these.
std::optional<std::string> TakeOffset(std::string_view& text) {
  if (TakeChar(text, "Zz")) return "+00:00";
  char sign = text.empty() ? ' ' : text[0];
  if (!TakeChar(text, "+-")) return std::nullopt;
  auto hours = TakeNumber(text, 2);
  bool colon = TakeChar(text, ":");
  std::optional<int> minutes = text.empty() && !colon ? 0 : TakeNumber(text, 2);
  if (!hours || !minutes || *hours > 14 || *minutes > 59) return std::nullopt;
  char out[32];
  std::snprintf(out, sizeof out, "%c%02d:%02d", sign, *hours, *minutes);
  return std::string(out);
}

std::optional<std::string> TimeText(std::string_view text) {
  auto year = TakeNumber(text, 4);
  if (!year || *year < 1 || !TakeChar(text, "-")) return std::nullopt;
  auto month = TakeNumber(text, 2);
  if (!month || !TakeChar(text, "-")) return std::nullopt;
  auto day = TakeNumber(text, 2);
  if (!day || !TakeChar(text, "Tt ")) return std::nullopt;
  using namespace std::chrono;
  if (!year_month_day(std::chrono::year(*year), std::chrono::month(*month), std::chrono::day(*day)).ok()) {
    return std::nullopt;
  }
  auto hour = TakeNumber(text, 2);
  if (!hour || *hour > 23 || !TakeChar(text, ":")) return std::nullopt;
  auto minute = TakeNumber(text, 2);
  if (!minute || *minute > 59 || !TakeChar(text, ":")) return std::nullopt;
  auto second = TakeNumber(text, 2);
  if (!second || *second > 59) return std::nullopt;
  std::string fraction;
  if (TakeChar(text, ".")) {
    while (auto digit = TakeNumber(text, 1)) fraction.push_back(static_cast<char>('0' + *digit));
    if (fraction.empty() || fraction.size() > 9) return std::nullopt;
  }
  fraction.resize(6, '0');
  auto offset = TakeOffset(text);
  if (!offset || !text.empty()) return std::nullopt;
  char out[64];
  std::snprintf(out, sizeof out, "%04d-%02d-%02d %02d:%02d:%02d.%s%s", *year, *month, *day, *hour, *minute, *second,
                fraction.c_str(), offset->c_str());
  return std::string(out);
}

template <typename Int>
std::optional<std::string> IntText(std::string_view text) {
  Int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::to_string(value);
}

}  // namespace

std::optional<std::string> ToSqlText(Type type, std::string_view text) {
  switch (type) {
    case Type::kString:
      if (text.find('\0') != std::string_view::npos || !Utf8Length(text)) return std::nullopt;
      return std::string(text);
    case Type::kInt:
      return IntText<std::int64_t>(text);
    case Type::kEnum:
      return IntText<std::int32_t>(text);
    case Type::kBool:
      if (text == "true" || text == "t") return "true";
      if (text == "false" || text == "f") return "false";
      return std::nullopt;
    case Type::kTime:
      return TimeText(text);
    case Type::kId: {
      auto id = Id::Parse(text);
      if (!id) return std::nullopt;
      return id->ToUuid();
    }
  }
  return std::nullopt;
}

std::string Placeholder(std::size_t number, Type type) {
  std::string_view cast = "text";
  switch (type) {
    case Type::kString:
      break;
    case Type::kInt:
      cast = "bigint";
      break;
    case Type::kEnum:
      cast = "integer";
      break;
    case Type::kBool:
      cast = "boolean";
      break;
    case Type::kTime:
      cast = "timestamptz";
      break;
    case Type::kId:
      cast = "uuid";
      break;
  }
  return "$" + std::to_string(number) + "::" + std::string(cast);
}

}  // namespace lanting::paging
