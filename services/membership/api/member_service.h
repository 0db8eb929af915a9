// MemberService, but for the import RPCs, and the join by invite link of GateService.
#pragma once

#include "membership/api/join_batcher.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class MemberService {
 public:
  // Both must outlive this and every server it is registered with.
  MemberService(pg::Pool& pool, JoinBatcher& joins) : pool_(pool), joins_(joins) {}

  // lanting.membership.v1.MemberService: CreateMember, BatchCreateMembers, GetMember, ListMembers, RemoveMember.
  void Register(rpc::Service& members);
  // lanting.membership.v1.GateService: JoinByInviteLink.
  void RegisterJoin(rpc::Service& gates);

 private:
  pg::Pool& pool_;
  JoinBatcher& joins_;
};

}  // namespace lanting::membership
