// order_by (AIP-132) and the keyset condition that goes with it. A list is ordered by at most one declared field, then
// by id, so that every row has its place and a page begins exactly after the last row of the one before.
//
//   std::vector<Param> params{tenant, community};
//   auto sql = "SELECT ... WHERE tenant_id = $1 AND community_id = $2" + filter_sql + keyset.where + keyset.tail;
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.h"
#include "platform/paging/page_token.h"
#include "platform/paging/value.h"

namespace lanting::paging {

struct OrderField {
  std::string name;    // snake_case API name, "create_time"
  std::string column;  // SQL expression; never NULL (coalesce it)
  Type type = Type::kString;
};

struct Order {
  std::optional<OrderField> field;  // unset: by id only
  bool descending = false;
};

// "" (by id, which is by time of creation), "create_time", "createTime desc"; "id" is always known. Anything else:
// InvalidField("orderBy", "INVALID_ORDER_BY") with the list of fields.
Result<Order> ParseOrderBy(std::string_view text, const std::vector<OrderField>& fields);

struct Keyset {
  std::string where;  // "" on the first page, else " AND (created_at, id) > ($3::timestamptz, $4::uuid)"
  std::string tail;   // " ORDER BY created_at, id LIMIT 51": one more than the page, to know whether there is a next
};

// Appends what the condition needs to `params`; placeholders continue its numbering. A cursor whose value is not of the
// field's type: InvalidField("pageToken", "INVALID_PAGE_TOKEN").
Result<Keyset> KeysetSql(const Order& order, std::string_view id_column, const std::optional<Cursor>& after,
                         int page_size, std::vector<Param>& params);

}  // namespace lanting::paging
