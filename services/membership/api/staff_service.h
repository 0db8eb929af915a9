// StaffService: who does what for a community.
#pragma once

#include "lanting/membership/v1/staff_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class StaffService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit StaffService(pg::Pool& pool) : pool_(pool) {}

  Result<v1::Staff> CreateStaff(const rpc::Call& call, const v1::CreateStaffRequest& request);
  Result<v1::Staff> GetStaff(const rpc::Call& call, const v1::GetStaffRequest& request);
  Result<v1::ListStaffResponse> ListStaff(const rpc::Call& call, const v1::ListStaffRequest& request);
  Result<v1::Staff> UpdateStaff(const rpc::Call& call, const v1::UpdateStaffRequest& request);
  Result<v1::Staff> EndStaff(const rpc::Call& call, const v1::EndStaffRequest& request);
  Result<v1::RoleCoverage> GetRoleCoverage(const rpc::Call& call, const v1::GetRoleCoverageRequest& request);
  Result<v1::ListStaffRolesResponse> ListStaffRoles(const rpc::Call& call, const v1::ListStaffRolesRequest& request);

  // Every RPC of lanting.membership.v1.StaffService.
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
