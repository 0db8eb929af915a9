// Keys looked up at the membership service (TenantService/IntrospectKey), for every process but membership itself.
#pragma once

#include <memory>
#include <string>

#include "platform/auth/key_authenticator.h"

namespace lanting::rpc {
class Channel;
}

namespace lanting::auth {

class RemoteKeySource : public KeySource {
 public:
  // `operator_key` must have the scope platform.introspect.
  RemoteKeySource(std::shared_ptr<rpc::Channel> membership, const std::string& operator_key);
  // Whatever keeps membership from answering, a wrong operator key included, is DEPENDENCY_UNAVAILABLE: it is not the
  // fault of whoever presented `key`.
  Result<std::optional<KeyInfo>> Find(const ParsedKey& key, Deadline deadline) override;

 private:
  std::shared_ptr<rpc::Channel> membership_;
  std::string authorization_;
};

}  // namespace lanting::auth
