// The path templates of google.api.http rules:
//
//   Template = "/" Segments [":" verb]    Segments = Segment {"/" Segment}
//   Segment  = "*" | "**" | literal | "{" field.path ["=" Segments] "}"
//
// `{x}` is `{x=*}`; `**` stands last only; variables do not nest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.h"

namespace lanting::gateway {

struct Segment {
  enum Kind { kLiteral, kStar, kDoubleStar } kind = kLiteral;
  std::string literal;
};

struct Variable {
  std::string field_path;  // "member.name"
  // The segments [begin, end) that it binds.
  std::size_t begin = 0, end = 0;
  // More than one segment, or `**`: reserved characters stay percent-encoded in the value.
  bool multi = false;
};

struct HttpTemplate {
  std::vector<Segment> segments;
  std::vector<Variable> variables;
  std::string verb;  // without the colon; empty if none

  // The template without its variable names, "/v1/communities/*:ban": two with the same shape are the same route.
  std::string Shape() const;
};

// The error's message says what is wrong, for whoever wrote the proto.
Result<HttpTemplate> ParseHttpTemplate(std::string_view text);

}  // namespace lanting::gateway
