// Naming conventions, and the names of members: rows in, rows out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "membership/domain/naming.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::naming_store {

struct CommunityNaming {
  NamingConvention convention;
  std::string locale;
};
// nullopt: there is no such community.
std::optional<CommunityNaming> Get(pg::Tx& tx, const Id& community);
void Put(idempotency::Work& work, const Id& tenant, const NamingConvention& convention);

struct MemberName {
  Id id;
  std::string display_name;
};
// Of ACTIVE members, in the order of their ids.
std::vector<MemberName> NamesAfter(pg::Tx& tx, const Id& community, const Id& after, int limit);

}  // namespace lanting::membership::naming_store
