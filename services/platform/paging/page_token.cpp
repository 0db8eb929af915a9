#include "platform/paging/page_token.h"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>

#include "lanting/common/v1/page_token.pb.h"
#include "platform/base/strings.h"

namespace lanting::paging {
namespace {

constexpr std::size_t kMaxTokenBytes = 8 * 1024;
constexpr int kDefaultPageSize = 50, kMaxPageSize = 1000;

// Each part with its length before it, so that no two lists have the same text.
std::string QueryHash(const ListKey& list) {
  std::string text = list.tenant.ToString();
  for (std::string_view part : {list.method, list.parent, list.filter, list.order_by}) {
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  return Sha256(text).substr(0, 16);
}

Error Invalid() {
  return errors::InvalidField("pageToken", "INVALID_PAGE_TOKEN",
                              "not a page token of this list: use the nextPageToken of the page before, with the same "
                              "parent, filter and orderBy");
}

}  // namespace

std::string EncodePageToken(const ListKey& list, const Cursor& last) {
  common::v1::PageToken token;
  token.set_query_hash(QueryHash(list));
  if (last.last_value) token.set_last_value(*last.last_value);
  token.set_last_id(last.last_id.ToString());
  return Base64UrlEncode(token.SerializeAsString());
}

Result<std::optional<Cursor>> DecodePageToken(const ListKey& list, std::string_view token) {
  if (token.empty()) return std::optional<Cursor>();
  if (token.size() > kMaxTokenBytes) return Invalid();
  auto bytes = Base64UrlDecode(token);
  google::protobuf::LogSilencer silence;  // garbage is the caller's affair, not a line in our log
  common::v1::PageToken parsed;
  // Serialised again it must be the same: no unknown fields, no second spelling.
  if (!bytes || !parsed.ParseFromString(*bytes)) return Invalid();
  parsed.DiscardUnknownFields();
  if (parsed.SerializeAsString() != *bytes) return Invalid();
  auto id = Id::Parse(parsed.last_id());
  if (!id || parsed.query_hash() != QueryHash(list)) return Invalid();
  Cursor cursor{.last_value = std::nullopt, .last_id = *id};
  if (parsed.has_last_value()) cursor.last_value = parsed.last_value();
  return std::optional<Cursor>(std::move(cursor));
}

Result<int> PageSize(int requested) {
  if (requested < 0) return errors::InvalidField("pageSize", "OUT_OF_RANGE", "must not be negative");
  return requested == 0 ? kDefaultPageSize : std::min(requested, kMaxPageSize);
}

}  // namespace lanting::paging
