// The filter of a list: a subset of AIP-160, turned into SQL with placeholders.
//
// Grammar: `term AND term ...` where a term is `field operator value`. A field is a declared name in snake_case or
// lowerCamel. Operators are = != < <= > >= and, for strings only, `:` (contains, case-sensitive); booleans, enums and
// resources know = and != only. A value is a bare word (it ends at white space or any of ( ) " ' , = < > !) or text in
// double or single quotes, within which \" \' \\ \n and \t stand for themselves, quotes, backslash, new line and tab:
// integers, true | false, RFC 3339 timestamps, enum value names, resource names or their last id, and text, which is
// compared exactly (no wildcards). An absent (NULL) value is different from every value: `!=` finds it, the others do
// not. OR, NOT, `-`, parentheses and functions are not supported and say so. At most 2000 bytes and 20 terms; the empty
// filter matches everything.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/result.h"
#include "platform/paging/value.h"

namespace google::protobuf {
class EnumDescriptor;
}

namespace lanting::paging {

struct FilterField {
  std::string name;    // snake_case API name, "create_time"; dots for a nested field
  std::string column;  // SQL expression, trusted
  Type type = Type::kString;
  std::vector<std::pair<std::string, int>> values{};  // kEnum: name -> number
  std::string resource{};  // kId: pattern of the resource name, "communities/*/groups/*"; its last id is compared
};

// All names of an enum but its zero value, for FilterField::values.
std::vector<std::pair<std::string, int>> EnumValues(const google::protobuf::EnumDescriptor* descriptor);

// SQL to be put after a WHERE condition: " AND state = $3::integer AND ..."; "" for the empty filter. Values are
// appended to `params`, whose numbering the placeholders continue. No byte of `text` is in the SQL. A fault:
// InvalidField("filter", "INVALID_FILTER") with the position (in characters, from 1) and the fields; `params` is then
// as it was.
Result<std::string> FilterSql(std::string_view text, const std::vector<FilterField>& fields,
                              std::vector<Param>& params);

}  // namespace lanting::paging
