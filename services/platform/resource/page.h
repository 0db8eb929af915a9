// One page of a list: filter, order, keyset and token around a SELECT of the store.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "platform/paging/filter.h"
#include "platform/paging/order_by.h"
#include "platform/pg/pool.h"
#include "platform/rpc/call.h"

namespace lanting::resource {

struct ListSpec {
  // Up to and with its WHERE condition, which uses $1 (the tenant) and, where the list has a parent, $2 (its id). A
  // column that can be ordered by is selected under its API name.
  const char* select;
  const char* id_column;
  std::vector<paging::FilterField> filters{};
  std::vector<paging::OrderField> orders{};
  // Run in the transaction before the page is read, if there is one: settings for its plan.
  const pg::Statement* settings = nullptr;
};

struct ListArguments {
  Id parent{};
  std::string filter{}, order_by{};
  int page_size = 0;
  std::string page_token{};
};

// A page may hold fewer rows than asked for: it ends early at about 4 MiB. Hands each row of the page to `add` and
// answers the token of the next page, "" at the end. An empty first page asks `check`, if there is one, whether the
// parent is there at all.
Result<std::string> ReadPage(pg::Pool& pool, const rpc::Call& call, const ListSpec& spec,
                             const ListArguments& arguments, const std::function<void(const pqxx::row&)>& add,
                             const std::function<Result<void>(pg::Tx&)>& check = {});

}  // namespace lanting::resource
