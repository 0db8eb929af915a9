// Members as they are read, listed and removed. Getting in is join_store.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "membership/domain/member.h"
#include "membership/store/join_store.h"
#include "platform/base/result.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership {

// A row of sql::kSelectMembers or kGetMember, without waiting_position.
Member ReadMember(const pqxx::row& row);

// Without waiting_position. nullopt: no such member of the community.
std::optional<Member> FindMember(pg::Tx& tx, const Id& community, const Id& member);

// With waiting_position. MEMBER_NOT_FOUND also if the member is of another community.
Result<Member> GetMember(pg::Tx& tx, const Id& community, const Id& member);

// The member, locked until the end of the transaction. MEMBER_NOT_FOUND. Whoever locks more than one member holds the
// lock of the community first.
Result<Member> LockMember(pg::Tx& tx, const Id& community, const Id& member);

// The person leaves (or gives up waiting), and the first of the waiting list take the free places. The member as it is
// now. `reason` is kept for staff. MEMBER_NOT_FOUND, MEMBER_GONE.
Result<Member> RemoveMember(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community,
                            const Id& member, const std::string& reason = "");

}  // namespace lanting::membership
