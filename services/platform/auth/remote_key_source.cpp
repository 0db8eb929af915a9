#include "platform/auth/remote_key_source.h"

#include "lanting/membership/v1/tenant_service.pb.h"
#include "platform/rpc/channel.h"

namespace lanting::auth {

RemoteKeySource::RemoteKeySource(std::shared_ptr<rpc::Channel> membership, const std::string& operator_key)
    : membership_(std::move(membership)), authorization_("Bearer " + operator_key) {}

Result<std::optional<KeyInfo>> RemoteKeySource::Find(const ParsedKey& key, Deadline deadline) {
  membership::v1::IntrospectKeyRequest request;
  request.set_secret(key.text);
  auto reply = rpc::CallUnary<membership::v1::IntrospectKeyResponse>(
      *membership_, "/lanting.membership.v1.TenantService/IntrospectKey", request,
      {.deadline = deadline, .authorization = authorization_});
  if (!reply.ok()) {
    return errors::DependencyUnavailable("membership",
                                         "IntrospectKey: " + reply.error().reason + " " + reply.error().internal);
  }
  if (!reply->active()) return std::optional<KeyInfo>();
  constexpr std::string_view kPrefix = "tenants/";
  std::string_view tenant = reply->tenant();
  auto id = tenant.starts_with(kPrefix) ? Id::Parse(tenant.substr(kPrefix.size())) : std::nullopt;
  if (!id) return errors::Internal("IntrospectKey: not a tenant's name");
  KeyInfo info{{*id, reply->key(), {reply->scopes().begin(), reply->scopes().end()}}, std::nullopt};
  if (reply->has_expire_time()) {
    info.expire_time = Time(std::chrono::seconds(reply->expire_time().seconds()) +
                            std::chrono::microseconds(reply->expire_time().nanos() / 1000));
  }
  return std::optional<KeyInfo>(std::move(info));
}

}  // namespace lanting::auth
