// HouseRulesService: who accepted which version of the house rules.
#pragma once

#include "lanting/membership/v1/house_rules_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class HouseRulesService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit HouseRulesService(pg::Pool& pool) : pool_(pool) {}

  Result<v1::Member> AcceptHouseRules(const rpc::Call& call, const v1::AcceptHouseRulesRequest& request);
  Result<v1::ListHouseRulesResponse> ListHouseRules(const rpc::Call& call, const v1::ListHouseRulesRequest& request);
  Result<v1::ListRulesAcceptancesResponse> ListRulesAcceptances(const rpc::Call& call,
                                                                const v1::ListRulesAcceptancesRequest& request);
  Result<v1::HouseRulesStatus> GetHouseRulesStatus(const rpc::Call& call,
                                                   const v1::GetHouseRulesStatusRequest& request);

  // Every RPC of lanting.membership.v1.HouseRulesService.
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
