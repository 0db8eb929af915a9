#include "gateway/transcode/http_template.h"

#include <algorithm>

namespace lanting::gateway {
namespace {

bool IsLiteralChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_.~").find(c) != std::string_view::npos;
}

bool IsFieldPath(std::string_view text) {
  bool start = true;
  for (char c : text) {
    if (c == '.') {
      if (start) return false;
      start = true;
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!start && c >= '0' && c <= '9')) {
      start = false;
    } else {
      return false;
    }
  }
  return !start;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<HttpTemplate> Parse() {
    if (!Take('/')) return Fault("must start with '/'");
    RETURN_IF_ERROR(Segments(false));
    if (Take(':')) {
      out_.verb = TakeLiteral();
      if (out_.verb.empty()) return Fault("the verb after ':' is empty or holds a character that is not a literal's");
    }
    if (!rest_.empty()) return Fault("unexpected '" + std::string(rest_) + "'");
    return std::move(out_);
  }

 private:
  static Error Fault(std::string message) { return {.code = Code::kInvalidArgument, .message = std::move(message)}; }

  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string TakeLiteral() {
    auto end = std::find_if_not(rest_.begin(), rest_.end(), IsLiteralChar);
    std::string literal(rest_.begin(), end);
    rest_.remove_prefix(literal.size());
    return literal;
  }

  Result<void> Segments(bool in_variable) {
    do {
      if (!out_.segments.empty() && out_.segments.back().kind == Segment::kDoubleStar)
        return Fault("'**' must be the last segment");
      RETURN_IF_ERROR(OneSegment(in_variable));
    } while (Take('/'));
    return {};
  }

  Result<void> OneSegment(bool in_variable) {
    if (Take('*')) {
      out_.segments.push_back({Take('*') ? Segment::kDoubleStar : Segment::kStar, {}});
      return {};
    }
    if (Take('{')) {
      if (in_variable) return Fault("variables do not nest");
      return OneVariable();
    }
    std::string literal = TakeLiteral();
    if (literal.empty()) return Fault("a segment is empty or holds a character that is not a literal's");
    out_.segments.push_back({Segment::kLiteral, std::move(literal)});
    return {};
  }

  Result<void> OneVariable() {
    Variable variable;
    std::size_t end = rest_.find_first_of("=}");
    if (end == std::string_view::npos) return Fault("'{' without '}'");
    variable.field_path = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (!IsFieldPath(variable.field_path)) return Fault("'" + variable.field_path + "' is not a field path");
    variable.begin = out_.segments.size();
    if (Take('=')) {
      RETURN_IF_ERROR(Segments(true));
    } else {
      out_.segments.push_back({Segment::kStar, {}});
    }
    if (!Take('}')) return Fault("'{' without '}'");
    variable.end = out_.segments.size();
    variable.multi = variable.end - variable.begin > 1 || out_.segments[variable.begin].kind == Segment::kDoubleStar;
    for (const Variable& other : out_.variables)
      if (other.field_path == variable.field_path) return Fault("'" + variable.field_path + "' is bound twice");
    out_.variables.push_back(std::move(variable));
    return {};
  }

  std::string_view rest_;
  HttpTemplate out_;
};

}  // namespace

std::string HttpTemplate::Shape() const {
  std::string shape;
  for (const Segment& s : segments) {
    shape += '/';
    shape += s.kind == Segment::kStar ? "*" : s.kind == Segment::kDoubleStar ? "**" : s.literal;
  }
  if (!verb.empty()) shape += ":" + verb;
  return shape;
}

Result<HttpTemplate> ParseHttpTemplate(std::string_view text) { return Parser(text).Parse(); }

}  // namespace lanting::gateway
