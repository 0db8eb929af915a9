// The filter of a list: a subset of AIP-160, as a tree that becomes SQL with placeholders or is asked about one row in
// memory. Both give the same answer.
//
// Grammar:  filter  = clause {AND clause}
//           clause  = term {OR term}              OR binds tighter than AND: a AND b OR c is a AND (b OR c)
//           term    = [NOT | -] (field operator value | "(" filter ")")
// A field is a declared name in snake_case or lowerCamel. Operators are = != < <= > >= and `:`. For strings `:` is
// "contains", case-sensitive; other values but sets do not have it; booleans, enums and resources know = and != only. A
// set (tags) is asked what it holds: `:` and `=` find rows that hold the value, `!=` those that do not. A value is a
// bare word (it ends at white space or any of ( ) " ' , = < > !) or text in double or single quotes, within which \" \'
// \\ \n and \t stand for themselves, quotes, backslash, new line and tab: integers, true | false, RFC 3339 timestamps,
// enum value names, resource names or their last id, and text, which is compared exactly (no wildcards) and, by < and
// >, byte by byte. Two terms without AND or OR between them, and functions, are refused.
//
// There are no unknowns: a term is true or false of every row. An absent (NULL) value is different from every value, so
// `!=` finds it and the other operators do not; NOT finds whatever its operand does not, absent values included:
// NOT fan_score > 50 is everybody who has no score or one up to 50.
//
// At most 2000 bytes, 50 terms and 20 parentheses deep; the empty filter matches everything.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/result.h"
#include "platform/paging/value.h"

namespace google::protobuf {
class EnumDescriptor;
}

namespace lanting::paging {

struct FilterField {
  std::string name;    // snake_case API name, "create_time"; dots for a nested field
  std::string column;  // SQL expression, trusted; {key} in it makes a family of fields, see below
  Type type = Type::kString;
  std::vector<std::pair<std::string, int>> values{};  // kEnum: name -> number
  std::string resource{};  // kId: pattern of the resource name, "communities/*/groups/*"; its last id is compared
  // Of a set: the SQL condition, never NULL, that a row holds {value}; `column` is then not used.
  std::string holds{};

  // "m.attributes ->> {key}" with the name "attributes": every attributes.KEY with a key of 1 to 64 letters, digits and
  // underscores, each a field of its own. The key is a parameter like the value.
  bool keyed() const { return column.find("{key}") != std::string::npos; }
};

// All names of an enum but its zero value, for FilterField::values.
std::vector<std::pair<std::string, int>> EnumValues(const google::protobuf::EnumDescriptor* descriptor);

// A value in memory: integers, enums' numbers, booleans (0, 1) and times (microseconds since 1970) as a number, text as
// it is, an id as Id::ToUuid() writes it.
using FilterValue = std::variant<std::int64_t, std::string>;
FilterValue ToFilterValue(Time time);

// What a row has in a field: nothing if it is absent, all elements of a set. `key` is that of a keyed field, else "".
using FieldLookup = std::function<std::vector<FilterValue>(const FilterField& field, const std::string& key)>;

class Filter {
 public:
  struct Node;

  // A fault: InvalidField("filter", "INVALID_FILTER") with the position (in characters, from 1) and the fields.
  // `fields` must outlive the filter.
  static Result<Filter> Parse(std::string_view text, const std::vector<FilterField>& fields);

  // SQL to be put after a WHERE condition: " AND state = $3::integer AND ..."; "" for the empty filter. Values are
  // appended to `params`, whose numbering the placeholders continue. No byte of the text is in the SQL.
  std::string ToSql(std::vector<Param>& params) const;

  bool Matches(const FieldLookup& row) const;

  // Whether a term asks about the field of this name.
  bool Uses(std::string_view field) const;

 private:
  explicit Filter(std::shared_ptr<const Node> root) : root_(std::move(root)) {}

  std::shared_ptr<const Node> root_;
};

// Parse and ToSql at once: what lists use. `params` is as it was when the filter is refused.
Result<std::string> FilterSql(std::string_view text, const std::vector<FilterField>& fields,
                              std::vector<Param>& params);

}  // namespace lanting::paging
