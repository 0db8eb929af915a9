// Pages of a list (AIP-158): the size, and the opaque token that says where the next page begins.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/id.h"
#include "platform/base/result.h"

namespace lanting::paging {

// The list a token belongs to. A token is good for exactly the same one.
struct ListKey {
  Id tenant;
  std::string_view method;  // full name, "lanting.membership.v1.MembershipService/ListMembers"
  std::string_view parent, filter, order_by;
};

// The last row of the page before.
struct Cursor {
  std::optional<std::string> last_value;  // of the order_by column, in PostgreSQL's text form; unset when by id only
  Id last_id;
};

// base64url of lanting.common.v1.PageToken.
std::string EncodePageToken(const ListKey& list, const Cursor& last);

// An empty token is the first page: nullopt. Garbage, or a token of another list, tenant or order:
// InvalidField("pageToken", "INVALID_PAGE_TOKEN").
Result<std::optional<Cursor>> DecodePageToken(const ListKey& list, std::string_view token);

// 0 -> 50, more than 1000 -> 1000, negative: InvalidField("pageSize", "OUT_OF_RANGE").
Result<int> PageSize(int requested);

}  // namespace lanting::paging
