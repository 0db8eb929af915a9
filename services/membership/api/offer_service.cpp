// The handlers of GateService for offers of the waiting list.
#include "membership/api/cause.h"
#include "membership/api/convert_member.h"
#include "membership/api/gate_service.h"
#include "membership/domain/names.h"
#include "membership/store/offer_store.h"
#include "platform/idempotency/write.h"

namespace lanting::membership {
namespace pb = v1;
using idempotency::Work;

Result<pb::Member> GateService::AcceptOffer(const rpc::Call& call, const pb::AcceptOfferRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Member>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Member> {
    ASSIGN_OR_RETURN(auto member, membership::AcceptOffer(tx, work, CauseOf(call), name.first, name.second));
    return convert::ToProto(member, convert::SeesStaffView(call));
  });
}

Result<pb::Member> GateService::DeclineOffer(const rpc::Call& call, const pb::DeclineOfferRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Member>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Member> {
    ASSIGN_OR_RETURN(auto member, membership::DeclineOffer(tx, work, CauseOf(call), name.first, name.second));
    return convert::ToProto(member, convert::SeesStaffView(call));
  });
}

}  // namespace lanting::membership
