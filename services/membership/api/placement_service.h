// PlacementService: further places, moves, routing by tags, groups split off.
#pragma once

#include <google/protobuf/empty.pb.h>

#include "lanting/membership/v1/placement_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class PlacementService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit PlacementService(pg::Pool& pool) : pool_(pool) {}

  Result<v1::AddToGroupResponse> AddToGroup(const rpc::Call& call, const v1::AddToGroupRequest& request);
  Result<v1::Member> RemoveFromGroup(const rpc::Call& call, const v1::RemoveFromGroupRequest& request);
  Result<v1::Member> MoveMember(const rpc::Call& call, const v1::MoveMemberRequest& request);
  Result<v1::ListGroupMembersResponse> ListGroupMembers(const rpc::Call& call,
                                                        const v1::ListGroupMembersRequest& request);
  Result<v1::RoutingRule> CreateRoutingRule(const rpc::Call& call, const v1::CreateRoutingRuleRequest& request);
  Result<v1::ListRoutingRulesResponse> ListRoutingRules(const rpc::Call& call,
                                                        const v1::ListRoutingRulesRequest& request);
  Result<google::protobuf::Empty> DeleteRoutingRule(const rpc::Call& call, const v1::DeleteRoutingRuleRequest& request);
  Result<v1::RouteMembersResponse> RouteMembers(const rpc::Call& call, const v1::RouteMembersRequest& request);
  Result<v1::SplitGroupResponse> SplitGroup(const rpc::Call& call, const v1::SplitGroupRequest& request);
  Result<v1::GroupLineage> GetGroupLineage(const rpc::Call& call, const v1::GetGroupLineageRequest& request);
  Result<v1::GroupSplit> GetGroupSplit(const rpc::Call& call, const v1::GetGroupSplitRequest& request);

  // Every RPC of lanting.membership.v1.PlacementService.
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
