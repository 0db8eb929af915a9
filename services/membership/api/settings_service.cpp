#include "membership/api/settings_service.h"

#include <set>

#include "membership/api/convert.h"
#include "membership/domain/community.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/store/settings_store.h"
#include "platform/auth/origin.h"
#include "platform/idempotency/write.h"
#include "platform/resource/etag.h"
#include "platform/resource/times.h"
#include "platform/resource/update_mask.h"

namespace lanting::membership {
namespace convert {

v1::Settings ToProto(const Settings& settings) {
  v1::Settings p;
  p.set_name("settings");
  for (const auto& origin : settings.cors_allowed_origins) p.add_cors_allowed_origins(origin);
  if (settings.update_time) *p.mutable_update_time() = resource::ToTimestamp(*settings.update_time);
  p.set_etag(resource::Etag(settings.version));
  return p;
}

Result<void> FromProto(const v1::Settings& from, Settings* settings) {
  std::vector<FieldViolation> violations;
  std::set<std::string_view> seen;
  for (int i = 0; i < from.cors_allowed_origins_size(); ++i) {
    const auto& origin = from.cors_allowed_origins(i);
    const auto field = "settings.corsAllowedOrigins[" + std::to_string(i) + "]";
    if (!auth::IsOriginPattern(origin)) {
      violations.push_back({field, "INVALID_FORMAT",
                            "An origin is e.g. \"https://app.example.com\", \"http://localhost:5173\" or "
                            "\"https://*.example.com\": lower case, no path, no port that is the scheme's own."});
    } else if (!seen.insert(origin).second) {
      violations.push_back({field, "DUPLICATE_VALUE", "Each origin is given once."});
    }
  }
  if (!violations.empty()) return lanting::errors::InvalidFields(std::move(violations));
  settings->cors_allowed_origins = {from.cors_allowed_origins().begin(), from.cors_allowed_origins().end()};
  return {};
}

v1::TenantLimits ToProto(const TenantLimits& limits) {
  v1::TenantLimits p;
  if (limits.key_per_second) p.set_key_per_second(*limits.key_per_second);
  if (limits.key_burst) p.set_key_burst(*limits.key_burst);
  if (limits.tenant_per_second) p.set_tenant_per_second(*limits.tenant_per_second);
  if (limits.tenant_burst) p.set_tenant_burst(*limits.tenant_burst);
  if (limits.max_in_flight) p.set_max_in_flight(*limits.max_in_flight);
  if (limits.update_time) *p.mutable_update_time() = resource::ToTimestamp(*limits.update_time);
  return p;
}

TenantLimits FromProto(const v1::TenantLimits& from) {
  TenantLimits limits;
  if (from.has_key_per_second()) limits.key_per_second = from.key_per_second();
  if (from.has_key_burst()) limits.key_burst = from.key_burst();
  if (from.has_tenant_per_second()) limits.tenant_per_second = from.tenant_per_second();
  if (from.has_tenant_burst()) limits.tenant_burst = from.tenant_burst();
  if (from.has_max_in_flight()) limits.max_in_flight = from.max_in_flight();
  return limits;
}

}  // namespace convert

namespace pb = v1;
using idempotency::Work;

Result<pb::Settings> SettingsService::GetSettings(const rpc::Call& call, const pb::GetSettingsRequest&) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Settings> {
    return convert::ToProto(settings_store::GetSettings(tx));
  });
}

Result<pb::Settings> SettingsService::UpdateSettings(const rpc::Call& call, const pb::UpdateSettingsRequest& request) {
  const auto& patch = request.settings();
  return idempotency::Write<pb::Settings>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Settings> {
    if (!settings_store::LockTenant(tx)) return errors::TenantNotFound(names::Tenant(tx.tenant()));
    auto settings = settings_store::GetSettings(tx);
    RETURN_IF_ERROR(resource::CheckEtag(patch.etag(), settings.version));
    const auto before = convert::ToProto(settings);
    auto wanted = before;
    RETURN_IF_ERROR(resource::ApplyUpdate(request.update_mask(), patch, "settings", &wanted));
    RETURN_IF_ERROR(convert::FromProto(wanted, &settings));
    if (wanted.SerializeAsString() == before.SerializeAsString()) return before;
    ++settings.version;
    settings.update_time = call.now;
    settings_store::PutSettings(work, tx.tenant(), settings);
    return convert::ToProto(settings);
  });
}

void SettingsService::Register(rpc::Service& service) {
  service.Unary<pb::GetSettingsRequest, pb::Settings>(
      "GetSettings", [this](const auto& call, const auto& request) { return GetSettings(call, request); });
  service.Unary<pb::UpdateSettingsRequest, pb::Settings>(
      "UpdateSettings", [this](const auto& call, const auto& request) { return UpdateSettings(call, request); });
}

}  // namespace lanting::membership
