// What an export of members must know before its first row.
#pragma once

#include <string>
#include <vector>

#include "membership/domain/member.h"
#include "platform/pg/tx.h"

namespace lanting::membership::export_store {

// Channels on which members of the community have an identity.
std::vector<Channel> Channels(pg::Tx& tx, const Id& community);
// Keys of the attributes that its members have, at most `limit`.
std::vector<std::string> AttributeKeys(pg::Tx& tx, const Id& community, int limit);

}  // namespace lanting::membership::export_store
