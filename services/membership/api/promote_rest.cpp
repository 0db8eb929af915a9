#include "membership/api/promote_rest.h"

#include "membership/store/join_store.h"

namespace lanting::membership {

using idempotency::Work;

void PromoteRest(pg::Pool& pool, const rpc::Call& call, const Id& community, int promoted) {
  if (promoted > 0) idempotency::WakeRelay();
  while (promoted == kMaxPromotions) {
    auto result = pg::InTenantTx(pool, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<int> {
      Work work;
      ASSIGN_OR_RETURN(int count, PromoteWaiting(tx, work, {call.now, call.traceparent}, community));
      work.Apply(tx);
      return count;
    });
    if (!result.ok()) return;  // who is left over comes in with the next place that falls free
    promoted = *result;
    idempotency::WakeRelay();
  }
}

Result<int> LetIn(pg::Tx& tx, const rpc::Call& call, const Id& community, outbox::Event fact) {
  Work work;
  work.Publish(std::move(fact));
  ASSIGN_OR_RETURN(int promoted, PromoteWaiting(tx, work, {call.now, call.traceparent}, community));
  work.Apply(tx);
  return promoted;
}

}  // namespace lanting::membership
