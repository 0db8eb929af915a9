// Staff: rows in, rows out. Whoever adds, changes or ends one holds the lock of the community (store/join_store.h), so
// that numbers and the last owner hold.
#pragma once

#include <optional>
#include <vector>

#include "membership/domain/staff.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::staff_store {

Staff Read(const pqxx::row& row);
std::optional<Staff> Get(pg::Tx& tx, const Id& community, const Id& staff);
// All active ones, in the order of their creation (at most kMaxStaff).
std::vector<Staff> Active(pg::Tx& tx, const Id& community);

struct Numbers {
  int all = 0, of_role = 0;
};
// Of the active ones.
Numbers Count(pg::Tx& tx, const Id& community, StaffRole role);

// MEMBER_NOT_FOUND, GROUP_NOT_FOUND: what the assignment names is not of its community.
Result<void> CheckReferences(pg::Tx& tx, const Staff& staff);
// Open main groups of the community, oldest first, at most 1,000.
std::vector<Id> OpenMainGroups(pg::Tx& tx, const Id& community);

// STAFF_ASSIGNED comes as the conflict of the effect.
void Create(idempotency::Work& work, const Id& tenant, const Staff& staff);
// Also its end.
void Update(idempotency::Work& work, const Id& tenant, const Staff& staff);

}  // namespace lanting::membership::staff_store
