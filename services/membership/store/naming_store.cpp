#include "membership/store/naming_store.h"

#include <stdexcept>

#include "lanting/membership/v1/naming.pb.h"
#include "membership/store/sql_naming.h"

namespace lanting::membership::naming_store {
namespace {

std::string Pack(const NamingConvention& convention) {
  v1::NamingConvention message;
  message.set_template_(convention.template_text);
  message.set_expression(convention.expression);
  for (const auto& part : convention.parts) {
    auto* to = message.add_parts();
    to->set_key(part.key);
    to->mutable_allowed()->Assign(part.allowed.begin(), part.allowed.end());
  }
  message.set_example(convention.example);
  return message.SerializeAsString();
}

void Unpack(const std::string& bytes, NamingConvention* convention) {
  v1::NamingConvention message;
  if (!message.ParseFromString(bytes)) throw std::runtime_error("stored NamingConvention does not parse");
  convention->template_text = message.template_();
  convention->expression = message.expression();
  for (const auto& part : message.parts())
    convention->parts.push_back({part.key(), {part.allowed().begin(), part.allowed().end()}});
  convention->example = message.example();
}

}  // namespace

std::optional<CommunityNaming> Get(pg::Tx& tx, const Id& community) {
  const auto rows = tx.Run(sql::kGetNaming, tx.tenant(), community);
  if (rows.empty()) return std::nullopt;
  CommunityNaming found{.convention = {.community = community}, .locale = pg::GetString(rows[0]["locale"])};
  if (rows[0]["version"].is_null()) return found;
  Unpack(pg::GetBytes(rows[0]["convention"]), &found.convention);
  found.convention.version = pg::GetInt(rows[0]["version"]);
  found.convention.update_time = pg::GetTime(rows[0]["update_time"]);
  return found;
}

void Put(idempotency::Work& work, const Id& tenant, const NamingConvention& c) {
  work.Do(sql::kPutNaming, tenant, c.community, pg::Bytes{Pack(c)}, c.version, c.update_time);
}

std::vector<MemberName> NamesAfter(pg::Tx& tx, const Id& community, const Id& after, int limit) {
  std::vector<MemberName> names;
  for (const auto& row : tx.Run(sql::kNamesOfMembers, tx.tenant(), community, after, limit))
    names.push_back({pg::GetId(row["id"]), pg::GetString(row["display_name"])});
  return names;
}

}  // namespace lanting::membership::naming_store
