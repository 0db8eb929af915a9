// CommunityService: communities, house rules and groups.
#pragma once

#include "lanting/membership/v1/community_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class CommunityService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit CommunityService(pg::Pool& pool) : pool_(pool) {}

  Result<v1::ListCommunityTemplatesResponse> ListCommunityTemplates(const rpc::Call& call,
                                                                    const v1::ListCommunityTemplatesRequest& request);
  Result<v1::Community> CreateCommunity(const rpc::Call& call, const v1::CreateCommunityRequest& request);
  Result<v1::Community> GetCommunity(const rpc::Call& call, const v1::GetCommunityRequest& request);
  Result<v1::ListCommunitiesResponse> ListCommunities(const rpc::Call& call, const v1::ListCommunitiesRequest& request);
  Result<v1::Community> UpdateCommunity(const rpc::Call& call, const v1::UpdateCommunityRequest& request);
  Result<v1::Group> CreateGroup(const rpc::Call& call, const v1::CreateGroupRequest& request);
  Result<v1::Group> GetGroup(const rpc::Call& call, const v1::GetGroupRequest& request);
  Result<v1::ListGroupsResponse> ListGroups(const rpc::Call& call, const v1::ListGroupsRequest& request);
  Result<v1::HouseRules> PublishHouseRules(const rpc::Call& call, const v1::PublishHouseRulesRequest& request);
  Result<v1::HouseRules> GetHouseRules(const rpc::Call& call, const v1::GetHouseRulesRequest& request);

  Result<v1::Community> ArchiveCommunity(const rpc::Call& call, const v1::ArchiveCommunityRequest& request);
  Result<v1::Community> ReopenCommunity(const rpc::Call& call, const v1::ReopenCommunityRequest& request);
  Result<v1::CheckSuitabilityResponse> CheckSuitability(const rpc::Call& call,
                                                        const v1::CheckSuitabilityRequest& request);

  // Every RPC of lanting.membership.v1.CommunityService but those of GroupHandlers.
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
