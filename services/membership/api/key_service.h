// KeyService: a tenant's own keys.
#pragma once

#include "lanting/membership/v1/tenant_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class KeyService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit KeyService(pg::Pool& pool) : pool_(pool) {}

  Result<v1::Key> CreateKey(const rpc::Call& call, const v1::CreateKeyRequest& request);
  Result<v1::Key> GetKey(const rpc::Call& call, const v1::GetKeyRequest& request);
  // The secret as in MakeKey.
  Result<v1::Key> RotateKey(const rpc::Call& call, const v1::RotateKeyRequest& request);
  Result<v1::ListKeysResponse> ListKeys(const rpc::Call& call, const v1::ListKeysRequest& request);
  Result<v1::Key> RevokeKey(const rpc::Call& call, const v1::RevokeKeyRequest& request);

  // Every RPC of lanting.membership.v1.KeyService.
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
};

// Makes `key` in the tenant of `call`. The secret is in this reply only: the remembered reply is without it, and so is
// the answer to a retry. TENANT_NOT_FOUND if there is no such tenant, TOO_MANY_KEYS.
Result<v1::Key> MakeKey(pg::Pool& pool, const rpc::Call& call, const v1::Key& key);

}  // namespace lanting::membership
