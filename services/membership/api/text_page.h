// Pages of lists whose rows have no id of their own: the cursor is a text that the store understands.
#pragma once

#include <string>
#include <string_view>

#include "platform/paging/page_token.h"
#include "platform/rpc/call.h"

namespace lanting::membership {

struct TextPage {
  paging::ListKey key;
  int size = 0;
  std::string after;  // "" on the first page

  bool first() const { return after.empty(); }
  std::string TokenAfter(std::string last) const {
    return paging::EncodePageToken(key, {.last_value = std::move(last), .last_id = Id()});
  }
};

// Of a request with a parent, page_size and page_token. `request` and `call` outlive the page.
template <typename Request>
Result<TextPage> PageOf(const rpc::Call& call, const Request& request) {
  TextPage page{.key = {.tenant = call.tenant(), .method = call.method, .parent = request.parent()}};
  ASSIGN_OR_RETURN(page.size, paging::PageSize(request.page_size()));
  ASSIGN_OR_RETURN(auto cursor, paging::DecodePageToken(page.key, request.page_token()));
  if (cursor) page.after = cursor->last_value.value_or("");
  return page;
}

}  // namespace lanting::membership
