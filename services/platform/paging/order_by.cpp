#include "platform/paging/order_by.h"

#include "platform/base/strings.h"

namespace lanting::paging {
namespace {

constexpr std::size_t kMaxBytes = 200;

Error Invalid(const std::string& what, const std::vector<OrderField>& fields) {
  std::string known = "id";
  for (const auto& f : fields) known += ", " + ToLowerCamel(f.name);
  return errors::InvalidField("orderBy", "INVALID_ORDER_BY",
                              what + "; write `field` or `field desc`; fields: " + known);
}

}  // namespace

Result<Order> ParseOrderBy(std::string_view text, const std::vector<OrderField>& fields) {
  if (text.size() > kMaxBytes) return Invalid("too long", fields);
  std::vector<std::string_view> words;
  for (auto word : Split(text, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  if (words.empty()) return Order{};
  if (text.find(',') != std::string_view::npos) return Invalid("one field only", fields);
  if (words.size() > 2 || (words.size() == 2 && words[1] != "desc" && words[1] != "asc")) {
    return Invalid("not an order", fields);
  }
  Order order{.field = std::nullopt, .descending = words.size() == 2 && words[1] == "desc"};
  if (words[0] == "id") return order;
  for (const auto& f : fields) {
    if (words[0] == f.name || words[0] == ToLowerCamel(f.name)) {
      order.field = f;
      return order;
    }
  }
  return Invalid("unknown field", fields);
}

Result<Keyset> KeysetSql(const Order& order, std::string_view id_column, const std::optional<Cursor>& after,
                         int page_size, std::vector<Param>& params) {
  const std::string id(id_column), direction = order.descending ? " DESC" : "";
  const std::string compare = order.descending ? " < " : " > ";
  Keyset keyset;
  if (after && after->last_value.has_value() != order.field.has_value()) {
    return errors::InvalidField("pageToken", "INVALID_PAGE_TOKEN", "not a page token of this order");
  }
  if (after && order.field) {
    auto value = ToSqlText(order.field->type, *after->last_value);
    if (!value) return errors::InvalidField("pageToken", "INVALID_PAGE_TOKEN", "not a page token of this order");
    params.push_back(std::move(value));
    keyset.where = " AND (" + order.field->column + ", " + id + ")" + compare + "(" +
                   Placeholder(params.size(), order.field->type) + ", ";
    params.push_back(after->last_id.ToUuid());
    keyset.where += Placeholder(params.size(), Type::kId) + ")";
  } else if (after) {
    params.push_back(after->last_id.ToUuid());
    keyset.where = " AND " + id + compare + Placeholder(params.size(), Type::kId);
  }
  keyset.tail = " ORDER BY " + (order.field ? order.field->column + direction + ", " : "") + id + direction +
                " LIMIT " + std::to_string(page_size + 1);
  return keyset;
}

}  // namespace lanting::paging
