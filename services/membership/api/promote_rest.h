// The rest of a long waiting list, after a call that made room.
#pragma once

#include "membership/domain/community.h"
#include "platform/idempotency/write.h"
#include "platform/pg/pool.h"
#include "platform/rpc/call.h"

namespace lanting::membership {

// When `promoted` people came in and that is as many as one transaction takes (kMaxPromotions): the others, step by
// step, each a transaction of its own, so that none grows without bound. Wakes the relay if anybody came in.
void PromoteRest(pg::Pool& pool, const rpc::Call& call, const Id& community, int promoted);

// For a change that makes room: writes its fact, and lets the waiting list in behind it, now, so that what is read next
// in the transaction is what came of it. The number let in.
Result<int> LetIn(pg::Tx& tx, const rpc::Call& call, const Id& community, outbox::Event fact);

}  // namespace lanting::membership
