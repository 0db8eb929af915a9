// ListMembers: what can be filtered and ordered by, and the page.
#pragma once

#include "lanting/membership/v1/member_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/call.h"

namespace lanting::membership {

Result<lanting::membership::v1::ListMembersResponse> ListMembers(
    pg::Pool& pool, const rpc::Call& call, const lanting::membership::v1::ListMembersRequest& request);

}  // namespace lanting::membership
