#include "membership/api/key_service.h"

#include "membership/api/cause.h"
#include "membership/api/convert.h"
#include "membership/api/enum_names.h"
#include "membership/domain/names.h"
#include "membership/domain/staff_errors.h"
#include "membership/events/publish.h"
#include "membership/store/settings_store.h"
#include "membership/store/sql_tenant.h"
#include "membership/store/tenant_store.h"
#include "platform/auth/key.h"
#include "platform/idempotency/write.h"
#include "platform/resource/page.h"
#include "platform/resource/times.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
using idempotency::Work;

// One more active key, with the tenant locked so that the number holds. `leaving`: how many end with it.
Result<void> MakeRoom(pg::Tx& tx, Time now, int leaving = 0) {
  if (!settings_store::LockTenant(tx)) return errors::TenantNotFound(names::Tenant(tx.tenant()));
  if (tenant_store::CountActiveKeys(tx, now) - leaving >= kMaxActiveKeys) return errors::TooManyKeys(kMaxActiveKeys);
  return {};
}

Result<void> CheckScopes(const rpc::Call& call, const std::vector<std::string>& scopes) {
  for (const auto& scope : scopes) {
    if (!call.principal.Has(scope)) return lanting::errors::ScopeMissing(scope);
  }
  return {};
}

const resource::ListSpec& KeyList() {
  using paging::Type;
  static const resource::ListSpec spec{
      .select = sql::kListKeys,
      .id_column = "k.id",
      .filters = {{"state", sql::kKeyState, Type::kEnum, ShortEnumValues(pb::KeyState_descriptor())},
                  {"role", "k.role", Type::kEnum, ShortEnumValues(pb::StaffRole_descriptor())},
                  {"display_name", "k.display_name", Type::kString}}};
  return spec;
}

Result<Rotation> WantedRotation(const pb::RotateKeyRequest& request) {
  Rotation wanted;
  if (request.has_overlap()) {
    if (request.overlap().nanos() != 0) {
      return lanting::errors::InvalidField("overlap", "OUT_OF_RANGE", "Must be whole seconds.");
    }
    wanted.overlap = std::chrono::seconds(request.overlap().seconds());
  }
  if (request.has_expire_time()) wanted.expire_time = resource::FromTimestamp(request.expire_time());
  return wanted;
}

std::optional<Key> Other(pg::Tx& tx, const Id& key) {
  return key.IsNil() ? std::nullopt : tenant_store::GetKey(tx, key);
}

}  // namespace

Result<pb::Key> MakeKey(pg::Pool& pool, const rpc::Call& call, const pb::Key& wanted) {
  auto key = convert::FromProto(wanted);
  RETURN_IF_ERROR(CompleteNewKey(key, call.now));
  // Made once for all tries of this call, so that the reply tells whose key it is: this call's, or that of an earlier
  // one whose secret nobody has any more.
  key.id = Id::New(call.now);
  key.create_time = call.now;
  const auto secret = auth::GenerateKey(call.tenant());
  auto reply = idempotency::Write<pb::Key>(pool, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Key> {
    RETURN_IF_ERROR(MakeRoom(tx, call.now));
    tenant_store::CreateKey(work, tx.tenant(), key, auth::ParseKey(secret)->secret_hash);
    work.Publish(events::KeyCreated(key, CauseOf(call)));
    return convert::ToProto(key, call.now);
  });
  if (reply.ok() && reply->name() == names::Key(key.id)) reply->set_secret(secret);
  return reply;
}

Result<pb::Key> KeyService::CreateKey(const rpc::Call& call, const pb::CreateKeyRequest& request) {
  const auto& key = request.key();
  RETURN_IF_ERROR(CheckScopes(call, key.scopes().empty() ? ScopesOf(static_cast<StaffRole>(key.role()))
                                                         : std::vector(key.scopes().begin(), key.scopes().end())));
  return MakeKey(pool_, call, key);
}

Result<pb::Key> KeyService::GetKey(const rpc::Call& call, const pb::GetKeyRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Key> {
    const auto key = tenant_store::GetKey(tx, names::Parse(request.name()).first);
    if (!key) return errors::KeyNotFound(request.name());
    return convert::ToProto(*key, call.now);
  });
}

Result<pb::Key> KeyService::RotateKey(const rpc::Call& call, const pb::RotateKeyRequest& request) {
  ASSIGN_OR_RETURN(const auto wanted, WantedRotation(request));
  const auto secret = auth::GenerateKey(call.tenant());
  Id made;
  auto reply = idempotency::Write<pb::Key>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Key> {
    settings_store::LockTenant(tx);  // before the key, as whoever makes one does
    auto old = tenant_store::LockKey(tx, names::Parse(request.name()).first);
    if (!old) return errors::KeyNotFound(request.name());
    RETURN_IF_ERROR(CheckScopes(call, old->scopes));
    ASSIGN_OR_RETURN(const auto fresh,
                     Rotate(*old, Other(tx, old->rotated_from), Other(tx, old->replaced_by), wanted, call.now));
    RETURN_IF_ERROR(MakeRoom(tx, call.now, IsActive(*old, call.now) ? 0 : 1));
    made = fresh.id;
    tenant_store::RotateKey(work, tx.tenant(), *old, fresh, auth::ParseKey(secret)->secret_hash);
    work.Publish(events::KeyCreated(fresh, CauseOf(call)));
    work.Publish(events::KeyRotated(*old, CauseOf(call)));
    return convert::ToProto(fresh, call.now);
  });
  // Not in the reply to a retry, which finds the key of an earlier call.
  if (reply.ok() && reply->name() == names::Key(made)) reply->set_secret(secret);
  return reply;
}

Result<pb::ListKeysResponse> KeyService::ListKeys(const rpc::Call& call, const pb::ListKeysRequest& request) {
  pb::ListKeysResponse response;
  ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      resource::ReadPage(
          pool_, call, KeyList(),
          {.filter = request.filter(), .page_size = request.page_size(), .page_token = request.page_token()},
          [&](const pqxx::row& row) {
            *response.add_keys() = convert::ToProto(tenant_store::ReadKey(row), call.now);
          }));
  return response;
}

Result<pb::Key> KeyService::RevokeKey(const rpc::Call& call, const pb::RevokeKeyRequest& request) {
  return idempotency::Write<pb::Key>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Key> {
    auto key = tenant_store::LockKey(tx, names::Parse(request.name()).first);
    if (!key) return errors::KeyNotFound(request.name());
    if (!key->revoke_time) {
      key->revoke_time = call.now;
      ++key->version;
      tenant_store::Revoke(work, tx.tenant(), *key);
      work.Publish(events::KeyRevoked(*key, CauseOf(call)));
    }
    return convert::ToProto(*key, call.now);
  });
}

void KeyService::Register(rpc::Service& service) {
  service.Unary<pb::CreateKeyRequest, pb::Key>(
      "CreateKey", [this](const auto& call, const auto& request) { return CreateKey(call, request); });
  service.Unary<pb::GetKeyRequest, pb::Key>(
      "GetKey", [this](const auto& call, const auto& request) { return GetKey(call, request); });
  service.Unary<pb::RotateKeyRequest, pb::Key>(
      "RotateKey", [this](const auto& call, const auto& request) { return RotateKey(call, request); });
  service.Unary<pb::ListKeysRequest, pb::ListKeysResponse>(
      "ListKeys", [this](const auto& call, const auto& request) { return ListKeys(call, request); });
  service.Unary<pb::RevokeKeyRequest, pb::Key>(
      "RevokeKey", [this](const auto& call, const auto& request) { return RevokeKey(call, request); });
}

}  // namespace lanting::membership
