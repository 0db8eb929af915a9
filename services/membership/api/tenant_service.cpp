#include "membership/api/tenant_service.h"

#include "membership/api/convert.h"
#include "membership/api/key_service.h"
#include "membership/api/settings_service.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/events/publish.h"
#include "membership/store/settings_store.h"
#include "membership/store/tenant_store.h"
#include "platform/auth/key.h"
#include "platform/idempotency/write.h"
#include "platform/paging/page_token.h"
#include "platform/paging/value.h"
#include "platform/resource/times.h"
#include "platform/resource/update_mask.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
using idempotency::Work;

// The operator has no tenant: each of its calls works inside the one it is about.
rpc::Call Within(const rpc::Call& call, const Id& tenant) {
  rpc::Call inside = call;
  inside.principal.tenant = tenant;
  return inside;
}

pb::TenantLimits Named(const TenantLimits& limits, const std::string& name) {
  auto p = convert::ToProto(limits);
  p.set_name(name);
  return p;
}

}  // namespace

Result<pb::Tenant> TenantService::CreateTenant(const rpc::Call& call, const pb::CreateTenantRequest& request) {
  const Tenant tenant{TenantIdFor(call.request_id, call.now), request.tenant().display_name(), call.now};
  return idempotency::Write<pb::Tenant>(pool_, Within(call, tenant.id), [&](pg::Tx&, Work& work) -> Result<pb::Tenant> {
    // Only a request_id whose reply was forgotten (24 h) can meet its tenant.
    work.OnConflict("tenant_pkey", {.code = Code::kAlreadyExists,
                                    .reason = "TENANT_EXISTS",
                                    .message = "The tenant of this request_id was made before."});
    tenant_store::Create(work, tenant);
    work.Publish(events::TenantCreated(tenant, {call.now, call.traceparent}));
    return convert::ToProto(tenant);
  });
}

Result<pb::Tenant> TenantService::GetTenant(const rpc::Call& call, const pb::GetTenantRequest& request) {
  const auto id = names::Parse(request.name()).first;
  return pg::ReadTenant(pool_, id, call.deadline, [&](pg::Tx& tx) -> Result<pb::Tenant> {
    auto tenant = tenant_store::Get(tx);
    if (!tenant) return errors::TenantNotFound(request.name());
    return convert::ToProto(*tenant);
  });
}

Result<pb::ListTenantsResponse> TenantService::ListTenants(const rpc::Call& call,
                                                           const pb::ListTenantsRequest& request) {
  const paging::ListKey key{Id(), call.method, "", "", ""};
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const auto after, paging::DecodePageToken(key, request.page_token()));
  std::optional<std::string> after_time;
  if (after) {
    after_time = paging::ToSqlText(paging::Type::kTime, after->last_value.value_or(""));
    if (!after_time) return lanting::errors::InvalidField("pageToken", "INVALID_PAGE_TOKEN", "Is not of this list.");
  }
  return pg::ReadTenant(pool_, Id(), call.deadline, [&](pg::Tx& tx) -> Result<pb::ListTenantsResponse> {
    auto tenants = tenant_store::List(tx, after_time, after ? after->last_id : Id(), size + 1);
    pb::ListTenantsResponse response;
    const bool more = tenants.size() > static_cast<std::size_t>(size);
    if (more) tenants.pop_back();
    for (const auto& tenant : tenants) *response.add_tenants() = convert::ToProto(tenant);
    if (more) {
      const auto& last = tenants.back();
      response.set_next_page_token(
          paging::EncodePageToken(key, {.last_value = pg::ToParam(last.create_time).value, .last_id = last.id}));
    }
    return response;
  });
}

Result<pb::Key> TenantService::CreateTenantKey(const rpc::Call& call, const pb::CreateTenantKeyRequest& request) {
  return MakeKey(pool_, Within(call, names::Parse(request.parent()).first), request.key());
}

Result<pb::TenantLimits> TenantService::GetTenantLimits(const rpc::Call& call,
                                                        const pb::GetTenantLimitsRequest& request) {
  const auto tenant = names::Parse(request.name()).first;
  return pg::ReadTenant(pool_, tenant, call.deadline, [&](pg::Tx& tx) -> Result<pb::TenantLimits> {
    if (!tenant_store::Get(tx)) return errors::TenantNotFound(names::Tenant(tenant));
    return Named(settings_store::GetLimits(tx), request.name());
  });
}

Result<pb::TenantLimits> TenantService::UpdateTenantLimits(const rpc::Call& call,
                                                           const pb::UpdateTenantLimitsRequest& request) {
  const auto& patch = request.tenant_limits();
  const auto inside = Within(call, names::Parse(patch.name()).first);
  return idempotency::Write<pb::TenantLimits>(pool_, inside, [&](pg::Tx& tx, Work& work) -> Result<pb::TenantLimits> {
    if (!settings_store::LockTenant(tx)) return errors::TenantNotFound(names::Tenant(tx.tenant()));
    auto wanted = convert::ToProto(settings_store::GetLimits(tx));
    RETURN_IF_ERROR(resource::ApplyUpdate(request.update_mask(), patch, "tenantLimits", &wanted));
    auto limits = convert::FromProto(wanted);
    limits.update_time = call.now;
    settings_store::PutLimits(work, tx.tenant(), limits);
    return Named(limits, patch.name());
  });
}

Result<pb::IntrospectKeyResponse> TenantService::IntrospectKey(const rpc::Call& call,
                                                               const pb::IntrospectKeyRequest& request) {
  pb::IntrospectKeyResponse response;
  const auto parsed = auth::ParseKey(request.secret());
  if (!parsed) return response;
  ASSIGN_OR_RETURN(auto found, pg::ReadTenant(pool_, parsed->tenant, call.deadline,
                                              [&](pg::Tx& tx) -> Result<std::optional<settings_store::EdgeKey>> {
                                                return settings_store::FindEdgeKey(tx, parsed->secret_hash);
                                              }));
  if (!found || !IsActive(found->key, call.now)) return response;
  const Key& key = found->key;
  if (usage_ != nullptr) usage_->Note(parsed->tenant, key.id, call.now);
  response.set_active(true);
  response.set_tenant(names::Tenant(parsed->tenant));
  response.set_key(names::Key(key.id));
  for (const auto& scope : key.scopes) response.add_scopes(scope);
  if (key.expire_time) *response.mutable_expire_time() = resource::ToTimestamp(*key.expire_time);
  *response.mutable_limits() = convert::ToProto(found->limits);
  for (const auto& origin : found->cors_allowed_origins) response.add_cors_allowed_origins(origin);
  return response;
}

void TenantService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (TenantService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("CreateTenant", &TenantService::CreateTenant);
  bind("GetTenant", &TenantService::GetTenant);
  bind("ListTenants", &TenantService::ListTenants);
  bind("CreateTenantKey", &TenantService::CreateTenantKey);
  bind("GetTenantLimits", &TenantService::GetTenantLimits);
  bind("UpdateTenantLimits", &TenantService::UpdateTenantLimits);
  bind("IntrospectKey", &TenantService::IntrospectKey);
}

}  // namespace lanting::membership
