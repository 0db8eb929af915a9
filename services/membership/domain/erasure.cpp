#include "membership/domain/erasure.h"

#include <algorithm>
#include <cctype>

#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

constexpr std::string_view kWordEnd = " \t\r\n()\"',=<>!:";

bool IsWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool NamesPeople(std::string_view field) {
  return field == "display_name" || field == "displayName" || field == "external_id" || field == "externalId";
}

// One piece of a filter: white space, a sign, a word, or a text in quotes; `value` is what it stands for.
struct Piece {
  std::string_view text;
  std::string value;
  bool is_word = false, is_quoted = false;
};

Piece Next(std::string_view rest) {
  const char first = rest[0];
  if (first == '"' || first == '\'') {
    Piece piece{.is_quoted = true};
    std::size_t at = 1;
    for (; at < rest.size() && rest[at] != first; ++at) {
      if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
      piece.value += rest[at];
    }
    piece.text = rest.substr(0, std::min(at + 1, rest.size()));
    return piece;
  }
  if (kWordEnd.find(first) != std::string_view::npos)
    return {.text = rest.substr(0, 1), .value = std::string(1, first)};
  // A colon ends the word of a field; in a value (a time) it does no harm: no name is looked for in its parts.
  const auto end = std::min(rest.find_first_of(kWordEnd), rest.size());
  return {.text = rest.substr(0, end), .value = std::string(rest.substr(0, end)), .is_word = true};
}

}  // namespace

bool Mentions(std::string_view text, std::string_view name) {
  if (Utf8Length(name).value_or(0) < 2) return false;
  for (std::size_t at = 0; (at = text.find(name, at)) != std::string_view::npos; ++at) {
    const auto end = at + name.size();
    const bool joined_before = at > 0 && IsWordByte(text[at - 1]) && IsWordByte(name.front());
    const bool joined_after = end < text.size() && IsWordByte(text[end]) && IsWordByte(name.back());
    if (!joined_before && !joined_after) return true;
  }
  return false;
}

std::string ForgetInFilter(std::string_view filter, const std::vector<std::string>& names, const std::string& erased) {
  std::string out, field;
  bool compared = false;  // an operator stands behind the field
  for (auto rest = filter; !rest.empty();) {
    const auto piece = Next(rest);
    rest.remove_prefix(piece.text.size());
    const bool is_value = compared && (piece.is_word || piece.is_quoted);
    const bool known = std::find(names.begin(), names.end(), piece.value) != names.end();
    out += is_value && known && NamesPeople(field) ? '"' + erased + '"' : std::string(piece.text);
    if (is_value) {
      field.clear();
      compared = false;
    } else if (piece.is_word) {
      field = piece.value;
    } else if (piece.text.find_first_of("=<>!:") != std::string_view::npos) {
      compared = !field.empty();
    }
  }
  return out;
}

}  // namespace lanting::membership
