// The calls of CommunityService that change a group that is there.
#pragma once

#include "lanting/membership/v1/community_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class GroupHandlers {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit GroupHandlers(pg::Pool& pool) : pool_(pool) {}

  Result<v1::Group> UpdateGroup(const rpc::Call& call, const v1::UpdateGroupRequest& request);
  Result<v1::Group> CloseGroup(const rpc::Call& call, const v1::CloseGroupRequest& request);
  Result<v1::Group> ReopenGroup(const rpc::Call& call, const v1::ReopenGroupRequest& request);

  void Register(rpc::Service& communities);

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
