// Communities, house rules and groups: rows in, rows out. Reads run in any transaction; writes say the effect of a
// Work.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "membership/domain/community.h"
#include "membership/domain/gate.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::community_store {

std::optional<Community> Get(pg::Tx& tx, const Id& community);
// The same, locked until the end of the transaction.
std::optional<Community> Lock(pg::Tx& tx, const Id& community);
bool Exists(pg::Tx& tx, const Id& community);
Community Read(const pqxx::row& row);

// The community with its first rules and its first gate.
void Open(idempotency::Work& work, const Id& tenant, const Community& community, const HouseRules& rules,
          const Gate& gate);
// Writes everything an update may change; version and update_time are the caller's.
void Update(idempotency::Work& work, const Id& tenant, const Community& community);

// Now, in the transaction: state, version and update_time.
void SetState(pg::Tx& tx, const Community& community);

// `community_version` is that of the community with the new rules.
void Publish(idempotency::Work& work, const Id& tenant, const HouseRules& rules, std::int64_t community_version);
// Version 0 is the one in force.
std::optional<HouseRules> GetHouseRules(pg::Tx& tx, const Id& community, int version);

void CreateGroup(idempotency::Work& work, const Id& tenant, const Group& group);
// Now, in the transaction, for a Work whose effect is another one.
void InsertGroup(pg::Tx& tx, const Group& group);
// Now, in the transaction: everything an update, or a change of state, may change; version and update_time are the
// caller's. The caller holds the lock of the community.
void UpdateGroup(pg::Tx& tx, const Group& group);
int FreeMainPlaces(pg::Tx& tx, const Id& community);
std::optional<Group> GetGroup(pg::Tx& tx, const Id& community, const Id& group);
Group ReadGroup(const pqxx::row& row);

}  // namespace lanting::membership::community_store
