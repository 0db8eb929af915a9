// ListMembers, and the pages of members that other lists have in common with it. What can be filtered by:
// member_fields.h.
#pragma once

#include "lanting/membership/v1/member_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/resource/page.h"
#include "platform/rpc/call.h"

namespace lanting::membership {

// A page of the members of the community `arguments.parent`, added to `members`; the token of the next one.
Result<std::string> ReadMembers(pg::Pool& pool, const rpc::Call& call, resource::ListArguments arguments,
                                google::protobuf::RepeatedPtrField<lanting::membership::v1::Member>* members);

Result<lanting::membership::v1::ListMembersResponse> ListMembers(
    pg::Pool& pool, const rpc::Call& call, const lanting::membership::v1::ListMembersRequest& request);

}  // namespace lanting::membership
