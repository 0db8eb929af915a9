#include "platform/resource/page.h"

namespace lanting::resource {
namespace {

// A page ends early at about this many bytes of rows: a message has its bound, and so has the memory of a call.
constexpr std::size_t kMaxPageBytes = 4 * 1024 * 1024;

// How many of the first `count` rows a page holds: at least one, if there is one.
std::size_t Fitting(const pqxx::result& rows, std::size_t count) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (const auto& field : rows[static_cast<int>(i)]) bytes += field.size();
    if (bytes >= kMaxPageBytes) return i + 1;
  }
  return count;
}

}  // namespace

Result<std::string> ReadPage(pg::Pool& pool, const rpc::Call& call, const ListSpec& spec,
                             const ListArguments& arguments, const std::function<void(const pqxx::row&)>& add,
                             const std::function<Result<void>(pg::Tx&)>& check) {
  const std::string parent = arguments.parent.IsNil() ? "" : arguments.parent.ToString();
  const paging::ListKey key{call.tenant(), call.method, parent, arguments.filter, arguments.order_by};
  ASSIGN_OR_RETURN(const int size, paging::PageSize(arguments.page_size));
  ASSIGN_OR_RETURN(const auto order, paging::ParseOrderBy(arguments.order_by, spec.orders));
  ASSIGN_OR_RETURN(const auto after, paging::DecodePageToken(key, arguments.page_token));
  std::vector<paging::Param> params{call.tenant().ToUuid()};
  if (!parent.empty()) params.push_back(arguments.parent.ToUuid());
  ASSIGN_OR_RETURN(const auto filter, paging::FilterSql(arguments.filter, spec.filters, params));
  ASSIGN_OR_RETURN(const auto keyset, paging::KeysetSql(order, spec.id_column, after, size, params));
  const std::string sql = spec.select + filter + keyset.where + keyset.tail;

  ASSIGN_OR_RETURN(const auto rows,
                   pg::ReadTenant(pool, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pqxx::result> {
                     if (spec.settings) tx.Run(*spec.settings);
                     auto found = tx.RunDynamic(sql, {params.begin(), params.end()});
                     if (found.empty() && !after && check) RETURN_IF_ERROR(check(tx));
                     return found;
                   }));
  const auto shown = Fitting(rows, std::min<std::size_t>(rows.size(), static_cast<std::size_t>(size)));
  for (std::size_t i = 0; i < shown; ++i) add(rows[static_cast<int>(i)]);
  if (shown == rows.size()) return std::string();
  const auto last = rows[static_cast<int>(shown) - 1];
  paging::Cursor cursor{.last_value = std::nullopt, .last_id = pg::GetId(last["id"])};
  if (order.field) cursor.last_value = last[order.field->name].c_str();
  return paging::EncodePageToken(key, cursor);
}

}  // namespace lanting::resource
