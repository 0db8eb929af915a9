#include "membership/domain/naming.h"

#include <algorithm>
#include <set>

#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

using Kind = NamingFault::Kind;

constexpr std::size_t kMaxPlaceholders = 10, kMaxPlaceholderLength = 20;

// Texts and placeholders of a template in turn; texts may be empty at the ends only.
struct Template {
  std::vector<std::string> texts;  // one more than keys
  std::vector<std::string> keys;
};

Result<Template> ParseTemplate(std::string_view text, const std::string& field) {
  auto refuse = [&](std::string why) { return lanting::errors::InvalidField(field, "INVALID_FORMAT", std::move(why)); };
  Template parsed;
  for (;;) {
    const auto open = text.find('{');
    parsed.texts.emplace_back(text.substr(0, open));
    if (parsed.texts.back().find('}') != std::string::npos) return refuse("A } closes no {.");
    if (open == std::string_view::npos) break;
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) return refuse("A { is not closed.");
    const auto key = text.substr(open + 1, close - open - 1);
    if (const auto length = Utf8Length(key); key != Trim(key) || !length || *length == 0 ||
                                             *length > kMaxPlaceholderLength || key.find('{') != std::string_view::npos)
      return refuse("A placeholder has a name of 1 to 20 characters.");
    if (std::find(parsed.keys.begin(), parsed.keys.end(), key) != parsed.keys.end())
      return refuse("The placeholder " + std::string(key) + " is there twice.");
    if (!parsed.keys.empty() && parsed.texts.back().empty())
      return refuse("Between two placeholders there is a text that parts them.");
    parsed.keys.emplace_back(key);
    text.remove_prefix(close + 1);
  }
  if (parsed.keys.empty()) return refuse("A template has a placeholder, e.g. {昵称}.");
  if (parsed.keys.size() > kMaxPlaceholders) return refuse("A template has at most 10 placeholders.");
  return parsed;
}

Result<void> CheckParts(const NamingConvention& convention, const Template& parsed, const std::string& field) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < convention.parts.size(); ++i) {
    const auto& key = convention.parts[i].key;
    const auto at = field + ".parts[" + std::to_string(i) + "].key";
    if (std::find(parsed.keys.begin(), parsed.keys.end(), key) == parsed.keys.end())
      return lanting::errors::InvalidField(at, "UNKNOWN_VALUE", "The template has no such placeholder.");
    if (!seen.insert(key).second)
      return lanting::errors::InvalidField(at, "DUPLICATE_VALUE", "Each placeholder is given once.");
  }
  return {};
}

// What people type for a character of ASCII: its full-width form, and for - the dashes.
std::vector<std::string> LookAlikes(char c) {
  if (c <= ' ' || c > '~') return {};
  const int full_width = 0xff01 + (c - '!');
  std::vector<std::string> alike = {{static_cast<char>(0xe0 | full_width >> 12),
                                     static_cast<char>(0x80 | (full_width >> 6 & 0x3f)),
                                     static_cast<char>(0x80 | (full_width & 0x3f))}};
  if (c == '-') alike.insert(alike.end(), {"—", "–", "‐", "−", "_"});
  return alike;
}

std::string Listed(const std::vector<std::string>& texts, const char* separator) {
  constexpr std::size_t kShown = 10;
  std::string listed;
  for (std::size_t i = 0; i < texts.size() && i < kShown; ++i) listed += (i == 0 ? "" : separator) + texts[i];
  return texts.size() > kShown ? listed + "…" : listed;
}

const std::vector<std::string>& AllowedOf(const NamingConvention& convention, const std::string& key) {
  static const std::vector<std::string> kAnything;
  for (const auto& part : convention.parts) {
    if (part.key == key) return part.allowed;
  }
  return kAnything;
}

}  // namespace

Result<NameChecker> NameChecker::Make(const NamingConvention& convention, const std::string& field) {
  NameChecker checker;
  if (!convention.template_text.empty() && !convention.expression.empty()) {
    return lanting::errors::InvalidField(field + ".expression", "CONFLICTING_VALUES",
                                         "A convention is a template or an expression.");
  }
  if (!convention.expression.empty()) {
    auto pattern = Pattern::Compile(convention.expression);
    if (!pattern.ok())
      return lanting::errors::InvalidField(field + ".expression", pattern.error().reason, pattern.error().message);
    checker.pattern_ = std::move(pattern).value();
  }
  if (convention.template_text.empty()) {
    if (!convention.parts.empty())
      return lanting::errors::InvalidField(field + ".parts", "UNKNOWN_VALUE", "Parts are those of a template.");
    return checker;
  }
  ASSIGN_OR_RETURN(auto parsed, ParseTemplate(convention.template_text, field + ".template"));
  RETURN_IF_ERROR(CheckParts(convention, parsed, field));
  checker.prefix_ = parsed.texts[0];
  for (std::size_t i = 0; i < parsed.keys.size(); ++i)
    checker.slots_.push_back({parsed.keys[i], AllowedOf(convention, parsed.keys[i]), parsed.texts[i + 1]});
  return checker;
}

void NameChecker::CheckPart(const Slot& slot, std::string_view value, std::vector<NamingFault>* faults) const {
  for (const auto& other : slots_) {
    if (!other.then.empty() && value.find(other.then) != std::string_view::npos)
      return faults->push_back({Kind::kExtraText, slot.key, other.then, ""});
  }
  const auto text = Trim(value);
  if (text.empty()) return faults->push_back({Kind::kMissingPart, slot.key, "", ""});
  const auto& allowed = slot.allowed;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), text) == allowed.end())
    faults->push_back({Kind::kNotAllowed, slot.key, std::string(text), ""});
}

std::vector<NamingFault> NameChecker::CheckSlots(std::string_view name) const {
  std::vector<NamingFault> faults;
  if (name.starts_with(prefix_)) {
    name.remove_prefix(prefix_.size());
  } else {
    faults.push_back({Kind::kMissingText, "", "", prefix_});
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const auto& slot = slots_[i];
    const bool last = i + 1 == slots_.size();
    // The last part goes on until the text at the end.
    const auto end = slot.then.empty() ? std::string_view::npos : last ? name.rfind(slot.then) : name.find(slot.then);
    if (end != std::string_view::npos) {
      CheckPart(slot, name.substr(0, end), &faults);
      name.remove_prefix(end + slot.then.size());
      if (last && !name.empty()) faults.push_back({Kind::kExtraText, slot.key, std::string(name), ""});
      continue;
    }
    CheckPart(slot, name, &faults);
    if (last && !slot.then.empty()) faults.push_back({Kind::kMissingText, "", "", slot.then});
    for (++i; i < slots_.size(); ++i) faults.push_back({Kind::kMissingPart, slots_[i].key, "", ""});
  }
  return faults;
}

std::vector<NamingFault> NameChecker::Check(std::string_view name) const {
  if (pattern_ && !pattern_->Matches(name)) return {{.kind = Kind::kNoMatch}};
  if (slots_.empty()) return {};
  auto faults = CheckSlots(name);
  if (faults.empty()) return faults;
  // If the name is right but for － in the place of -, that is all there is to say.
  std::string plain(name);
  std::vector<NamingFault> alike;
  auto replace = [&](const std::string& text) {
    if (text.size() != 1) return;
    for (const auto& typed : LookAlikes(text[0])) {
      if (plain.find(typed) == std::string::npos) continue;
      alike.push_back({Kind::kLookAlike, "", typed, text});
      for (std::size_t at = 0; (at = plain.find(typed, at)) != std::string::npos;)
        plain.replace(at, typed.size(), text);
    }
  };
  replace(prefix_);
  for (const auto& slot : slots_) replace(slot.then);
  return !alike.empty() && CheckSlots(plain).empty() ? alike : faults;
}

Result<void> CheckConvention(const NamingConvention& convention) {
  ASSIGN_OR_RETURN(const auto checker, NameChecker::Make(convention));
  if (!convention.IsSet()) return {};
  constexpr const char* kField = "namingConvention.example";
  if (convention.example.empty())
    return lanting::errors::InvalidField(kField, "REQUIRED", "A convention shows a name that follows it.");
  const auto faults = checker.Check(convention.example);
  if (faults.empty()) return {};
  return lanting::errors::InvalidField(kField, "EXAMPLE_DOES_NOT_MATCH", FaultText(faults.front(), convention, "en"));
}

std::string FaultText(const NamingFault& fault, const NamingConvention& convention, std::string_view locale) {
  const bool english = locale == "en";
  auto say = [&](const std::string& in_english, const std::string& in_chinese) {
    return english ? in_english : in_chinese;
  };
  switch (fault.kind) {
    case Kind::kLookAlike:
      return say("Use \"" + fault.expected + "\", not \"" + fault.found + "\".",
                 "请用“" + fault.expected + "”，不要用“" + fault.found + "”。");
    case Kind::kMissingPart:
      return say("\"" + fault.part + "\" is missing.", "缺少“" + fault.part + "”。");
    case Kind::kNotAllowed: {
      const auto& allowed = AllowedOf(convention, fault.part);
      return say("\"" + fault.found + "\" is not allowed as \"" + fault.part + "\": " + Listed(allowed, ", ") + ".",
                 "“" + fault.part + "”不能是“" + fault.found + "”，可选：" + Listed(allowed, "、") + "。");
    }
    case Kind::kMissingText:
      return say("\"" + fault.expected + "\" is missing.", "缺少“" + fault.expected + "”。");
    case Kind::kExtraText:
      return say("\"" + fault.found + "\" is too much at \"" + fault.part + "\".",
                 "“" + fault.part + "”处多了“" + fault.found + "”。");
    case Kind::kNoMatch:
      break;
  }
  return say("The name does not follow the convention; an example is \"" + convention.example + "\".",
             "不符合命名规则，例如“" + convention.example + "”。");
}

}  // namespace lanting::membership
