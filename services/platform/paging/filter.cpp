#include "platform/paging/filter.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "platform/base/strings.h"
#include "platform/paging/filter_node.h"

namespace lanting::paging {
namespace {

using Node = Filter::Node;

constexpr std::size_t kMaxBytes = 2000;

void ReplaceAll(std::string& text, std::string_view from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// --- SQL ---

// A condition that may be NULL where the column is.
std::string Comparison(const std::string& column, Type type, Op op, const std::string& value) {
  // Byte by byte, whatever the collation of the database: as Matches does.
  const std::string ordered = type == Type::kString ? column + " COLLATE \"C\"" : column;
  switch (op) {
    case Op::kEq:
      return column + " = " + value;
    case Op::kNe:
      return column + " IS DISTINCT FROM " + value;
    case Op::kLt:
      return ordered + " < " + value;
    case Op::kLe:
      return ordered + " <= " + value;
    case Op::kGt:
      return ordered + " > " + value;
    case Op::kGe:
      return ordered + " >= " + value;
    case Op::kHas:
      return "strpos(" + column + ", " + value + ") > 0";
  }
  return "false";
}

std::string TermSql(const Node& term, std::vector<Param>& params) {
  const auto& field = *term.field;
  std::string column = field.column;
  if (field.keyed()) {
    params.push_back(term.key);
    ReplaceAll(column, "{key}", Placeholder(params.size(), Type::kString));
    column = "(" + column + ")";
  }
  params.push_back(term.value);
  const auto value = Placeholder(params.size(), field.type);
  if (!field.holds.empty()) {
    std::string condition = field.holds;
    ReplaceAll(condition, "{value}", value);
    return (term.op == Op::kNe) != term.negated ? "NOT " + condition : condition;
  }
  // = and != are each other's opposite also for NULL; they are kept as they are, since indexes know them.
  Op op = term.op;
  bool negated = term.negated;
  if (negated && (op == Op::kEq || op == Op::kNe)) {
    op = op == Op::kEq ? Op::kNe : Op::kEq;
    negated = false;
  }
  const auto condition = Comparison(column, field.type, op, value);
  return negated ? "(" + condition + ") IS NOT TRUE" : condition;
}

std::string NodeSql(const Node& node, std::vector<Param>& params) {
  if (node.kind == Node::Kind::kTerm) return TermSql(node, params);
  std::string sql;
  for (const auto& child : node.children) {
    if (!sql.empty()) sql += node.kind == Node::Kind::kAnd ? " AND " : " OR ";
    sql += NodeSql(child, params);
  }
  return "(" + sql + ")";
}

// --- memory ---

std::int64_t Number(std::string_view digits) {
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// "2024-05-01 08:00:00.000000+08:00", as ToSqlText makes it.
Time ParseSqlTime(const std::string& text) {
  using namespace std::chrono;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0, off_hour = 0, off_minute = 0;
  char sign = '+';
  std::sscanf(text.c_str(), "%d-%d-%d %d:%d:%d.%d%c%d:%d", &year, &month, &day, &hour, &minute, &second, &micros, &sign,
              &off_hour, &off_minute);
  const minutes offset = hours(off_hour) + minutes(off_minute);
  return Time(sys_days(std::chrono::year(year) / month / day)) + hours(hour) + minutes(minute) + seconds(second) +
         microseconds(micros) - (sign == '-' ? -offset : offset);
}

FilterValue TermValue(const Node& term) {
  switch (term.field->type) {
    case Type::kInt:
    case Type::kEnum:
      return Number(term.value);
    case Type::kBool:
      return std::int64_t{term.value == "true"};
    case Type::kTime:
      return ToFilterValue(ParseSqlTime(term.value));
    case Type::kString:
    case Type::kId:
      break;
  }
  return term.value;
}

bool Compare(const FilterValue& has, Op op, const FilterValue& wants) {
  switch (op) {
    case Op::kEq:
      return has == wants;
    case Op::kNe:
      return has != wants;
    case Op::kLt:
      return has < wants;
    case Op::kLe:
      return has <= wants;
    case Op::kGt:
      return has > wants;
    case Op::kGe:
      return has >= wants;
    case Op::kHas:
      return std::get<std::string>(has).find(std::get<std::string>(wants)) != std::string::npos;
  }
  return false;
}

bool TermMatches(const Node& term, const FieldLookup& row) {
  const auto has = row(*term.field, term.key);
  const auto wants = TermValue(term);
  bool matches = false;
  if (!term.field->holds.empty()) {
    matches = (std::find(has.begin(), has.end(), wants) != has.end()) != (term.op == Op::kNe);
  } else {
    matches = has.empty() ? term.op == Op::kNe : Compare(has.front(), term.op, wants);
  }
  return matches != term.negated;
}

bool NodeMatches(const Node& node, const FieldLookup& row) {
  auto matches = [&](const Node& child) { return NodeMatches(child, row); };
  switch (node.kind) {
    case Node::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), matches);
    case Node::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), matches);
    case Node::Kind::kTerm:
      break;
  }
  return TermMatches(node, row);
}

bool NodeUses(const Node& node, std::string_view field) {
  if (node.kind == Node::Kind::kTerm) return node.field->name == field;
  return std::any_of(node.children.begin(), node.children.end(),
                     [&](const Node& child) { return NodeUses(child, field); });
}

}  // namespace

std::vector<std::pair<std::string, int>> EnumValues(const google::protobuf::EnumDescriptor* descriptor) {
  std::vector<std::pair<std::string, int>> values;
  for (int i = 0; i < descriptor->value_count(); ++i) {
    if (descriptor->value(i)->number() != 0)
      values.emplace_back(descriptor->value(i)->name(), descriptor->value(i)->number());
  }
  return values;
}

FilterValue ToFilterValue(Time time) {
  return std::int64_t{std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch()).count()};
}

Result<Filter> Filter::Parse(std::string_view text, const std::vector<FilterField>& fields) {
  if (text.size() > kMaxBytes) return errors::InvalidField("filter", "INVALID_FILTER", "longer than 2000 bytes");
  if (!Utf8Length(text) || text.find('\0') != std::string_view::npos) {
    return errors::InvalidField("filter", "INVALID_FILTER", "not UTF-8 text without NUL");
  }
  ASSIGN_OR_RETURN(auto root, detail::ParseFilter(text, fields));
  return Filter(std::make_shared<const Node>(std::move(root)));
}

std::string Filter::ToSql(std::vector<Param>& params) const {
  std::string sql;
  if (root_->kind != Node::Kind::kAnd) return " AND " + NodeSql(*root_, params);
  for (const auto& child : root_->children) sql += " AND " + NodeSql(child, params);
  return sql;
}

bool Filter::Matches(const FieldLookup& row) const { return NodeMatches(*root_, row); }

bool Filter::Uses(std::string_view field) const { return NodeUses(*root_, field); }

Result<std::string> FilterSql(std::string_view text, const std::vector<FilterField>& fields,
                              std::vector<Param>& params) {
  ASSIGN_OR_RETURN(const auto filter, Filter::Parse(text, fields));
  return filter.ToSql(params);
}

}  // namespace lanting::paging
