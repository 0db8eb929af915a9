#include "platform/paging/filter.h"

#include <google/protobuf/descriptor.h>

#include <array>

#include "platform/base/id.h"
#include "platform/base/strings.h"

namespace lanting::paging {
namespace {

constexpr std::size_t kMaxBytes = 2000;
constexpr std::size_t kMaxTerms = 20;
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kWordEnd = " \t\r\n()\"',=<>!";

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNameChar(char c) { return IsNameStart(c) || (c >= '0' && c <= '9') || c == '.'; }

enum class Op { kEq, kNe, kLt, kLe, kGt, kGe, kHas };

// The longer operators first.
constexpr std::array<std::pair<std::string_view, Op>, 7> kOps{{{"!=", Op::kNe},
                                                               {"<=", Op::kLe},
                                                               {">=", Op::kGe},
                                                               {"=", Op::kEq},
                                                               {"<", Op::kLt},
                                                               {">", Op::kGt},
                                                               {":", Op::kHas}}};

bool Allowed(Type type, Op op) {
  if (op == Op::kEq || op == Op::kNe) return true;
  if (op == Op::kHas) return type == Type::kString;
  return type == Type::kString || type == Type::kInt || type == Type::kTime;
}

std::string_view WhatIsAllowed(Type type) {
  switch (type) {
    case Type::kString:
      return "text";
    case Type::kInt:
      return "a 64-bit integer";
    case Type::kBool:
      return "true or false";
    case Type::kTime:
      return "an RFC 3339 time such as 2024-05-01T08:00:00Z";
    case Type::kEnum:
      return "one of ";
    case Type::kId:
      return "a resource name or id";
  }
  return "";
}

// "communities/*/groups/*" against "communities/<id>/groups/<id>": the last id.
std::optional<std::string_view> LastId(std::string_view name, std::string_view pattern) {
  auto parts = Split(name, '/'), expected = Split(pattern, '/');
  if (parts.size() != expected.size()) return std::nullopt;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (expected[i] == "*" ? !Id::Parse(parts[i]) : parts[i] != expected[i]) return std::nullopt;
  }
  return parts.back();
}

std::optional<std::string> Value(const FilterField& field, std::string_view text) {
  if (field.type == Type::kEnum) {
    for (const auto& [name, number] : field.values) {
      if (name == text) return std::to_string(number);
    }
    return std::nullopt;
  }
  if (field.type == Type::kBool && text != "true" && text != "false") return std::nullopt;
  if (field.type == Type::kId && text.find('/') != std::string_view::npos) {
    auto id = LastId(text, field.resource);
    return id ? ToSqlText(Type::kId, *id) : std::nullopt;
  }
  return ToSqlText(field.type, text);
}

std::string Condition(const FilterField& field, Op op, std::size_t number) {
  auto value = Placeholder(number, field.type);
  switch (op) {
    case Op::kEq:
      return field.column + " = " + value;
    case Op::kNe:
      return field.column + " IS DISTINCT FROM " + value;
    case Op::kLt:
      return field.column + " < " + value;
    case Op::kLe:
      return field.column + " <= " + value;
    case Op::kGt:
      return field.column + " > " + value;
    case Op::kGe:
      return field.column + " >= " + value;
    case Op::kHas:
      return "strpos(" + field.column + ", " + value + ") > 0";
  }
  return "false";
}

class Parser {
 public:
  Parser(std::string_view text, const std::vector<FilterField>& fields, std::vector<Param>& params)
      : text_(text), fields_(fields), params_(params) {}

  Result<std::string> Parse() {
    std::string sql;
    SkipSpace();
    for (std::size_t terms = 0; at_ < text_.size(); ++terms) {
      if (terms == kMaxTerms) return Fail(at_, "more than 20 terms");
      if (terms > 0) RETURN_IF_ERROR(And());
      ASSIGN_OR_RETURN(auto condition, Term());
      sql += " AND " + condition;
      SkipSpace();
    }
    return sql;
  }

 private:
  Error Fail(std::size_t position, const std::string& what) const {
    std::string known;
    for (const auto& f : fields_) known += (known.empty() ? "" : ", ") + ToLowerCamel(f.name);
    auto characters = Utf8Length(text_.substr(0, position)).value_or(position) + 1;
    return errors::InvalidField("filter", "INVALID_FILTER",
                                "at character " + std::to_string(characters) + ": " + what + "; fields: " + known);
  }

  void SkipSpace() {
    while (at_ < text_.size() && kSpace.find(text_[at_]) != std::string_view::npos) ++at_;
  }

  // The bare word at the current place, without taking it.
  std::string_view Word() const {
    auto end = text_.find_first_of(kWordEnd, at_);
    return text_.substr(at_, end == std::string_view::npos ? end : end - at_);
  }

  Result<void> And() {
    auto word = Word();
    if (word == "OR") return Fail(at_, "OR is not supported");
    if (!text_.empty() && word.empty() && (text_[at_] == '(' || text_[at_] == ')')) {
      return Fail(at_, "parentheses are not supported");
    }
    if (word != "AND" || kSpace.find(text_[at_ - 1]) == std::string_view::npos) return Fail(at_, "expected AND");
    at_ += word.size();
    SkipSpace();
    return {};
  }

  Result<std::string> Term() {
    ASSIGN_OR_RETURN(const FilterField* field, Field());
    SkipSpace();
    auto op_at = at_;
    ASSIGN_OR_RETURN(Op op, Operator());
    if (!Allowed(field->type, op)) return Fail(op_at, "this operator is not for " + ToLowerCamel(field->name));
    SkipSpace();
    auto value_at = at_;
    ASSIGN_OR_RETURN(auto literal, Literal());
    auto value = Value(*field, literal);
    if (!value) return Fail(value_at, ToLowerCamel(field->name) + " takes " + Expected(*field));
    params_.push_back(std::move(value));
    return Condition(*field, op, params_.size());
  }

  Result<const FilterField*> Field() {
    if (at_ == text_.size()) return Fail(at_, "expected a field");
    if (text_[at_] == '(' || text_[at_] == ')') return Fail(at_, "parentheses are not supported");
    if (text_[at_] == '-') return Fail(at_, "NOT (-) is not supported");
    auto start = at_;
    while (at_ < text_.size() && (at_ == start ? IsNameStart(text_[at_]) : IsNameChar(text_[at_]))) ++at_;
    auto name = text_.substr(start, at_ - start);
    if (name.empty() || name == "AND" || name == "OR") return Fail(start, "expected a field");
    if (name == "NOT") return Fail(start, "NOT is not supported");
    if (at_ < text_.size() && text_[at_] == '(') return Fail(start, "functions are not supported");
    for (const auto& f : fields_) {
      if (name == f.name || name == ToLowerCamel(f.name)) return &f;
    }
    return Fail(start, "unknown field \"" + std::string(name.substr(0, 64)) + "\"");
  }

  Result<Op> Operator() {
    for (const auto& [symbol, op] : kOps) {
      if (text_.substr(at_, symbol.size()) == symbol) {
        at_ += symbol.size();
        return op;
      }
    }
    return Fail(at_, "expected one of = != < <= > >= :");
  }

  Result<std::string> Literal() {
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) return Quoted();
    auto word = Word();
    if (word.empty() || word == "AND" || word == "OR" || word == "NOT") return Fail(at_, "expected a value");
    at_ += word.size();
    if (at_ < text_.size() && text_[at_] == '(') return Fail(at_, "functions are not supported");
    return std::string(word);
  }

  Result<std::string> Quoted() {
    const auto start = at_;
    const char quote = text_[at_++];
    std::string out;
    for (; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == quote) {
        ++at_;
        return out;
      }
      if (c == '\\') {
        if (++at_ == text_.size()) break;
        static constexpr std::string_view kEscapes = "\"'\\nt", kMeaning = "\"'\\\n\t";
        auto which = kEscapes.find(text_[at_]);
        if (which == std::string_view::npos) return Fail(at_ - 1, "unknown escape");
        c = kMeaning[which];
      }
      out.push_back(c);
    }
    return Fail(start, "the quoted text does not end");
  }

  static std::string Expected(const FilterField& field) {
    std::string out(WhatIsAllowed(field.type));
    for (std::size_t i = 0; field.type == Type::kEnum && i < field.values.size(); ++i) {
      out += (i > 0 ? ", " : "") + field.values[i].first;
    }
    return out;
  }

  const std::string_view text_;
  const std::vector<FilterField>& fields_;
  std::vector<Param>& params_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<std::pair<std::string, int>> EnumValues(const google::protobuf::EnumDescriptor* descriptor) {
  std::vector<std::pair<std::string, int>> values;
  for (int i = 0; i < descriptor->value_count(); ++i) {
    if (descriptor->value(i)->number() != 0)
      values.emplace_back(descriptor->value(i)->name(), descriptor->value(i)->number());
  }
  return values;
}

Result<std::string> FilterSql(std::string_view text, const std::vector<FilterField>& fields,
                              std::vector<Param>& params) {
  if (text.size() > kMaxBytes) return errors::InvalidField("filter", "INVALID_FILTER", "longer than 2000 bytes");
  if (!Utf8Length(text) || text.find('\0') != std::string_view::npos) {
    return errors::InvalidField("filter", "INVALID_FILTER", "not UTF-8 text without NUL");
  }
  const auto before = params.size();
  auto sql = Parser(text, fields, params).Parse();
  if (!sql.ok()) params.resize(before);
  return sql;
}

}  // namespace lanting::paging
