#include "membership/api/key_service.h"

#include "membership/api/convert.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/store/sql_tenant.h"
#include "membership/store/tenant_store.h"
#include "platform/auth/key.h"
#include "platform/idempotency/write.h"
#include "platform/resource/page.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
using idempotency::Work;

}  // namespace

Result<pb::Key> MakeKey(pg::Pool& pool, const rpc::Call& call, const pb::Key& wanted) {
  auto key = convert::FromProto(wanted);
  RETURN_IF_ERROR(CheckNewKey(key, call.now));
  // Made once for all tries of this call, so that the reply tells whose key it is: this call's, or that of an earlier
  // one whose secret nobody has any more.
  key.id = Id::New(call.now);
  key.create_time = call.now;
  const auto secret = auth::GenerateKey(call.tenant());
  auto reply = idempotency::Write<pb::Key>(pool, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Key> {
    if (!tenant_store::Get(tx)) return errors::TenantNotFound(names::Tenant(call.tenant()));
    tenant_store::CreateKey(work, tx.tenant(), key, auth::ParseKey(secret)->secret_hash);
    return convert::ToProto(key);
  });
  if (reply.ok() && reply->name() == names::Key(key.id)) reply->set_secret(secret);
  return reply;
}

Result<pb::Key> KeyService::CreateKey(const rpc::Call& call, const pb::CreateKeyRequest& request) {
  for (const auto& scope : request.key().scopes()) {
    if (!call.principal.Has(scope)) return lanting::errors::ScopeMissing(scope);
  }
  return MakeKey(pool_, call, request.key());
}

Result<pb::ListKeysResponse> KeyService::ListKeys(const rpc::Call& call, const pb::ListKeysRequest& request) {
  static const resource::ListSpec spec{.select = sql::kListKeys, .id_column = "k.id"};
  pb::ListKeysResponse response;
  ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      resource::ReadPage(
          pool_, call, spec, {.page_size = request.page_size(), .page_token = request.page_token()},
          [&](const pqxx::row& row) { *response.add_keys() = convert::ToProto(tenant_store::ReadKey(row)); }));
  return response;
}

Result<pb::Key> KeyService::RevokeKey(const rpc::Call& call, const pb::RevokeKeyRequest& request) {
  return idempotency::Write<pb::Key>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Key> {
    auto key = tenant_store::LockKey(tx, names::Parse(request.name()).first);
    if (!key) return errors::KeyNotFound(request.name());
    if (!key->revoke_time) {
      key->revoke_time = call.now;
      tenant_store::Revoke(work, tx.tenant(), *key);
    }
    return convert::ToProto(*key);
  });
}

void KeyService::Register(rpc::Service& service) {
  service.Unary<pb::CreateKeyRequest, pb::Key>(
      "CreateKey", [this](const auto& call, const auto& request) { return CreateKey(call, request); });
  service.Unary<pb::ListKeysRequest, pb::ListKeysResponse>(
      "ListKeys", [this](const auto& call, const auto& request) { return ListKeys(call, request); });
  service.Unary<pb::RevokeKeyRequest, pb::Key>(
      "RevokeKey", [this](const auto& call, const auto& request) { return RevokeKey(call, request); });
}

}  // namespace lanting::membership
