#include "membership/store/export_store.h"

#include "membership/store/sql_export.h"

namespace lanting::membership::export_store {

std::vector<Channel> Channels(pg::Tx& tx, const Id& community) {
  std::vector<Channel> channels;
  for (const auto& row : tx.Run(sql::kChannelsInUse, tx.tenant(), community)) {
    channels.push_back(static_cast<Channel>(pg::GetInt(row["channel"])));
  }
  return channels;
}

std::vector<std::string> AttributeKeys(pg::Tx& tx, const Id& community, int limit) {
  std::vector<std::string> keys;
  for (const auto& row : tx.Run(sql::kAttributesInUse, tx.tenant(), community, limit)) {
    keys.push_back(pg::GetString(row["key"]));
  }
  return keys;
}

}  // namespace lanting::membership::export_store
