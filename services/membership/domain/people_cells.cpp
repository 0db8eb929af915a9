#include "membership/domain/people_cells.h"

#include <algorithm>
#include <array>

#include "membership/domain/channel.h"
#include "platform/base/strings.h"

namespace lanting::membership::cells {
namespace {

constexpr std::array<std::string_view, 10> kFormulaStarts = {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"};

bool LooksLikeFormula(std::string_view text) {
  return std::any_of(kFormulaStarts.begin(), kFormulaStarts.end(), [&](auto start) { return text.starts_with(start); });
}

std::string_view WithoutApostrophes(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of('\''), text.size()));
  return text;
}

constexpr std::array<std::string_view, 3> kTagSeparators = {";", "；", "|"};

// The separator or backslash that stands at the start, or nothing.
std::string_view SpecialAt(std::string_view text) {
  for (auto separator : kTagSeparators) {
    if (text.starts_with(separator)) return separator;
  }
  return text.substr(0, text.starts_with('\\') ? 1 : 0);
}

struct ClassWords {
  CustomerClass value;
  std::string_view english, chinese, short_chinese;
};
constexpr std::array kClasses = {
    ClassWords{CustomerClass::kPotential, "POTENTIAL", "潜在客户", "潜在"},
    ClassWords{CustomerClass::kOrdinary, "ORDINARY", "普通客户", "普通"},
    ClassWords{CustomerClass::kExpert, "EXPERT", "专家客户", "专家"},
    ClassWords{CustomerClass::kBulk, "BULK", "大宗客户", "大宗"},
};

}  // namespace

std::string Protect(std::string_view text) {
  return (LooksLikeFormula(WithoutApostrophes(text)) ? "'" : "") + std::string(text);
}

std::string_view Unprotect(std::string_view cell) {
  const bool protected_cell = cell.starts_with('\'') && LooksLikeFormula(WithoutApostrophes(cell));
  return cell.substr(protected_cell ? 1 : 0);
}

std::vector<std::string> SplitTags(std::string_view cell) {
  std::vector<std::string> tags;
  std::string tag;
  const auto end = [&] {
    if (const auto text = Trim(tag); !text.empty()) tags.emplace_back(text);
    tag.clear();
  };
  for (std::size_t i = 0; i < cell.size();) {
    const auto special = SpecialAt(cell.substr(i));
    if (special.empty()) {
      tag.push_back(cell[i++]);
      continue;
    }
    i += special.size();
    if (special != "\\") {
      end();
      continue;
    }
    const auto escaped = SpecialAt(cell.substr(i));
    tag += escaped.empty() ? special : escaped;
    i += escaped.size();
  }
  end();
  return tags;
}

std::string JoinTags(const std::vector<std::string>& tags) {
  std::string cell;
  for (const auto& tag : tags) {
    if (!cell.empty()) cell += ';';
    for (std::size_t i = 0; i < tag.size();) {
      const auto special = SpecialAt(std::string_view(tag).substr(i));
      const auto n = std::max<std::size_t>(special.size(), 1);
      if (!special.empty()) cell += '\\';
      cell.append(tag, i, n);
      i += n;
    }
  }
  return cell;
}

CustomerClass ParseCustomerClass(std::string_view text) {
  auto name = ToLowerAscii(Trim(text));
  if (name.starts_with("customer_class_")) name.erase(0, 15);
  const auto known = std::find_if(kClasses.begin(), kClasses.end(), [&](const ClassWords& c) {
    return name == ToLowerAscii(c.english) || name == c.chinese || name == c.short_chinese;
  });
  return known == kClasses.end() ? CustomerClass::kUnspecified : known->value;
}

std::string_view CustomerClassName(CustomerClass customer_class) {
  const auto known =
      std::find_if(kClasses.begin(), kClasses.end(), [&](const auto& c) { return c.value == customer_class; });
  return known == kClasses.end() ? "" : known->english;
}

// Also where it begins or ends with white space, which readers cut off otherwise.
void AppendCell(std::string_view text, std::string& out) {
  const bool plain = text.find_first_of("\",;\t\r\n") == std::string_view::npos && Trim(text).size() == text.size();
  if (plain) {
    out += text;
    return;
  }
  out += '"';
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void AppendRow(const std::vector<std::string>& row, std::string& out) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += ',';
    AppendCell(row[i], out);
  }
  out += "\r\n";
}

}  // namespace lanting::membership::cells
