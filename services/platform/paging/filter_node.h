// The tree of a filter, for filter*.cpp only. NOT is gone: the parser moves it down to the terms.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "platform/paging/filter.h"

namespace lanting::paging {

enum class Op { kEq, kNe, kLt, kLe, kGt, kGe, kHas };

struct Filter::Node {
  enum class Kind { kAnd, kOr, kTerm } kind = Kind::kAnd;
  std::vector<Node> children{};  // kAnd, kOr; an AND of nothing is the empty filter

  // kTerm
  const FilterField* field = nullptr;
  Op op = Op::kEq;
  bool negated = false;
  std::string key{};    // of a keyed field
  std::string value{};  // as PostgreSQL reads it
};

namespace detail {
// Of a filter that is UTF-8 and not too long.
Result<Filter::Node> ParseFilter(std::string_view text, const std::vector<FilterField>& fields);
}  // namespace detail

}  // namespace lanting::paging
