// TenantService: for the operator of Lanting, and for its own processes (IntrospectKey).
#pragma once

#include "lanting/membership/v1/tenant_service.pb.h"
#include "membership/store/key_usage.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class TenantService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit TenantService(pg::Pool& pool, KeyUsage* usage = nullptr) : pool_(pool), usage_(usage) {}

  Result<v1::Tenant> CreateTenant(const rpc::Call& call, const v1::CreateTenantRequest& request);
  Result<v1::Tenant> GetTenant(const rpc::Call& call, const v1::GetTenantRequest& request);
  Result<v1::ListTenantsResponse> ListTenants(const rpc::Call& call, const v1::ListTenantsRequest& request);
  Result<v1::Key> CreateTenantKey(const rpc::Call& call, const v1::CreateTenantKeyRequest& request);
  Result<v1::TenantLimits> GetTenantLimits(const rpc::Call& call, const v1::GetTenantLimitsRequest& request);
  Result<v1::TenantLimits> UpdateTenantLimits(const rpc::Call& call, const v1::UpdateTenantLimitsRequest& request);
  Result<v1::IntrospectKeyResponse> IntrospectKey(const rpc::Call& call, const v1::IntrospectKeyRequest& request);

  // Every RPC of lanting.membership.v1.TenantService.
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
  KeyUsage* usage_;  // null: nobody wants to know
};

}  // namespace lanting::membership
