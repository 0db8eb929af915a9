#include "platform/base/id.h"
#include "platform/base/strings.h"
#include "platform/paging/filter_node.h"

namespace lanting::paging {
namespace {

using Node = Filter::Node;

constexpr std::size_t kMaxTerms = 50;
constexpr int kMaxDepth = 20;
constexpr std::size_t kMaxKey = 64;
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kWordEnd = " \t\r\n()\"',=<>!";

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsKeyChar(char c) { return IsNameStart(c) || (c >= '0' && c <= '9'); }
bool IsNameChar(char c) { return IsKeyChar(c) || c == '.'; }

// The longer operators first.
constexpr std::array<std::pair<std::string_view, Op>, 7> kOps{{{"!=", Op::kNe},
                                                               {"<=", Op::kLe},
                                                               {">=", Op::kGe},
                                                               {"=", Op::kEq},
                                                               {"<", Op::kLt},
                                                               {">", Op::kGt},
                                                               {":", Op::kHas}}};

bool Allowed(const FilterField& field, Op op) {
  if (op == Op::kEq || op == Op::kNe) return true;
  if (!field.holds.empty()) return op == Op::kHas;
  if (op == Op::kHas) return field.type == Type::kString;
  return field.type == Type::kString || field.type == Type::kInt || field.type == Type::kTime;
}

std::string WhatIsAllowed(const FilterField& field) {
  switch (field.type) {
    case Type::kString:
      return "text";
    case Type::kInt:
      return "a 64-bit integer";
    case Type::kBool:
      return "true or false";
    case Type::kTime:
      return "an RFC 3339 time such as 2024-05-01T08:00:00Z";
    case Type::kId:
      return "a resource name or id";
    case Type::kEnum:
      break;
  }
  std::string names;
  for (const auto& [name, number] : field.values) names += (names.empty() ? "" : ", ") + name;
  return "one of " + names;
}

// "communities/*/groups/*" against "communities/<id>/groups/<id>": the last id.
std::optional<std::string_view> LastId(std::string_view name, std::string_view pattern) {
  auto parts = Split(name, '/'), expected = Split(pattern, '/');
  if (parts.size() != expected.size()) return std::nullopt;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (expected[i] == "*" ? Id::Parse(parts[i]).value_or(Id()).IsNil() : parts[i] != expected[i]) return std::nullopt;
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

bool IsKeyword(std::string_view word) { return word == "AND" || word == "OR" || word == "NOT"; }

// "attributes.city" of the family "attributes": "city".
std::optional<std::string_view> KeyOf(std::string_view name, const FilterField& family) {
  if (name.substr(0, family.name.size()) != family.name) return std::nullopt;
  name.remove_prefix(family.name.size());
  if (name.size() < 2 || name.size() > kMaxKey + 1 || name[0] != '.') return std::nullopt;
  name.remove_prefix(1);
  for (char c : name) {
    if (!IsKeyChar(c)) return std::nullopt;
  }
  return name;
}

// Recursive descent; `negated` is whether an odd number of NOTs stands around a place, which by De Morgan's laws turns
// AND into OR, OR into AND and a term into its opposite.
class Parser {
 public:
  Parser(std::string_view text, const std::vector<FilterField>& fields) : text_(text), fields_(fields) {}

  Result<Node> Parse() {
    SkipSpace();
    if (at_ == text_.size()) return Node{};
    ASSIGN_OR_RETURN(auto node, Clauses(false, 0));
    if (at_ < text_.size()) return Fail(at_, text_[at_] == ')' ? "no parenthesis is open" : "expected AND or OR");
    return node;
  }

 private:
  Error Fail(std::size_t position, const std::string& what) const {
    std::string known;
    for (const auto& f : fields_)
      known += (known.empty() ? "" : ", ") + ToLowerCamel(f.name) + (f.keyed() ? ".KEY" : "");
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

  // Takes AND or OR, which stand apart from what is before them.
  bool TakeKeyword(std::string_view keyword) {
    const bool apart = at_ > 0 && (kSpace.find(text_[at_ - 1]) != std::string_view::npos || text_[at_ - 1] == ')');
    if (!apart || Word() != keyword) return false;
    at_ += keyword.size();
    SkipSpace();
    return true;
  }

  static Node Join(Node::Kind kind, Node first, Node second) {
    if (first.kind != kind) {
      Node joined{.kind = kind};
      joined.children.push_back(std::move(first));
      first = std::move(joined);
    }
    if (second.kind == kind) {
      for (auto& child : second.children) first.children.push_back(std::move(child));
    } else {
      first.children.push_back(std::move(second));
    }
    return first;
  }

  Result<Node> Clauses(bool negated, int depth) {
    ASSIGN_OR_RETURN(auto node, Clause(negated, depth));
    while (TakeKeyword("AND")) {
      ASSIGN_OR_RETURN(auto next, Clause(negated, depth));
      node = Join(negated ? Node::Kind::kOr : Node::Kind::kAnd, std::move(node), std::move(next));
    }
    return node;
  }

  Result<Node> Clause(bool negated, int depth) {
    ASSIGN_OR_RETURN(auto node, Operand(negated, depth));
    while (TakeKeyword("OR")) {
      ASSIGN_OR_RETURN(auto next, Operand(negated, depth));
      node = Join(negated ? Node::Kind::kAnd : Node::Kind::kOr, std::move(node), std::move(next));
    }
    return node;
  }

  Result<Node> Operand(bool negated, int depth) {
    if (TakeNot()) negated = !negated;
    if (at_ == text_.size() || text_[at_] != '(') return Term(negated);
    if (depth == kMaxDepth) return Fail(at_, "more than 20 parentheses deep");
    const auto open = at_++;
    SkipSpace();
    ASSIGN_OR_RETURN(auto node, Clauses(negated, depth + 1));
    if (at_ == text_.size()) return Fail(open, "the parenthesis is not closed");
    if (text_[at_] != ')') return Fail(at_, "expected AND or OR");
    ++at_;
    SkipSpace();
    return node;
  }

  bool TakeNot() {
    if (at_ < text_.size() && text_[at_] == '-') {
      ++at_;
    } else if (Word() == "NOT") {
      at_ += 3;
    } else {
      return false;
    }
    SkipSpace();
    return true;
  }

  Result<Node> Term(bool negated) {
    if (++terms_ > kMaxTerms) return Fail(at_, "more than 50 terms");
    Node term{.kind = Node::Kind::kTerm};
    term.negated = negated;
    RETURN_IF_ERROR(Field(&term));
    SkipSpace();
    const auto op_at = at_;
    ASSIGN_OR_RETURN(term.op, Operator());
    if (!Allowed(*term.field, term.op))
      return Fail(op_at, "this operator is not for " + ToLowerCamel(term.field->name));
    SkipSpace();
    const auto value_at = at_;
    ASSIGN_OR_RETURN(auto literal, Literal());
    auto value = Value(*term.field, literal);
    if (!value) return Fail(value_at, ToLowerCamel(term.field->name) + " takes " + WhatIsAllowed(*term.field));
    term.value = *std::move(value);
    SkipSpace();
    return term;
  }

  Result<void> Field(Node* term) {
    if (at_ == text_.size()) return Fail(at_, "expected a field");
    auto start = at_;
    while (at_ < text_.size() && (at_ == start ? IsNameStart(text_[at_]) : IsNameChar(text_[at_]))) ++at_;
    auto name = text_.substr(start, at_ - start);
    if (name.empty() || IsKeyword(name)) return Fail(start, "expected a field");
    if (at_ < text_.size() && text_[at_] == '(') return Fail(start, "functions are not supported");
    for (const auto& f : fields_) {
      const auto key = f.keyed() ? KeyOf(name, f) : std::nullopt;
      if (!key && (f.keyed() || (name != f.name && name != ToLowerCamel(f.name)))) continue;
      term->field = &f;
      if (key) term->key = *key;
      return {};
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
    if (word.empty() || IsKeyword(word)) return Fail(at_, "expected a value");
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

  const std::string_view text_;
  const std::vector<FilterField>& fields_;
  std::size_t at_ = 0;
  std::size_t terms_ = 0;
};

}  // namespace

Result<Node> detail::ParseFilter(std::string_view text, const std::vector<FilterField>& fields) {
  return Parser(text, fields).Parse();
}

}  // namespace lanting::paging
