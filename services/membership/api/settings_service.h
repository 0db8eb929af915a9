// SettingsService: a tenant's own settings; and their form in the API, with that of the operator's limits.
#pragma once

#include "lanting/membership/v1/tenant_settings_service.pb.h"
#include "membership/domain/settings.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class SettingsService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit SettingsService(pg::Pool& pool) : pool_(pool) {}

  Result<v1::Settings> GetSettings(const rpc::Call& call, const v1::GetSettingsRequest& request);
  Result<v1::Settings> UpdateSettings(const rpc::Call& call, const v1::UpdateSettingsRequest& request);

  // Every RPC of lanting.membership.v1.SettingsService.
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
};

namespace convert {

v1::Settings ToProto(const Settings& settings);
// INVALID_FIELDS below "settings.": an origin that is none, or is there twice. Reads what a caller may set.
Result<void> FromProto(const v1::Settings& from, Settings* settings);

// Without a name.
v1::TenantLimits ToProto(const TenantLimits& limits);
TenantLimits FromProto(const v1::TenantLimits& from);

}  // namespace convert
}  // namespace lanting::membership
