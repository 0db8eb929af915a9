// What the edge knows of a service key: one answer of membership's IntrospectKey, and what is counted here meanwhile.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "platform/auth/key_authenticator.h"

namespace lanting::gateway {

// What the operator set for a tenant; nullopt: the process's default. 0 means no limit.
struct TenantLimits {
  std::optional<int> key_per_second, key_burst, tenant_per_second, tenant_burst, max_in_flight;
};

// Shared by all keys of a tenant, for as long as one of them is remembered or in use.
struct TenantState {
  std::atomic<int> in_flight{0};
  std::mutex mutex;      // of the two `tat` below, which gcra.h explains: 0 is a full bucket
  std::int64_t tat = 0;  // microseconds of the steady clock
};
struct KeyState {
  std::int64_t tat = 0;  // behind the tenant's mutex
};

// One answer; not changed afterwards. The states live on when a newer answer takes its place.
struct EdgeKey : auth::KeyInfo {
  TenantLimits limits;
  std::vector<std::string> origins;  // auth/origin.h
  std::shared_ptr<TenantState> tenant_state;
  std::shared_ptr<KeyState> key_state;
  // "lanting:limit:{<tenant>}:<key id>" and "lanting:limit:{<tenant>}": one hash slot of a Redis Cluster.
  std::string key_bucket, tenant_bucket;
};

using EdgeKeyPtr = std::shared_ptr<const EdgeKey>;

}  // namespace lanting::gateway
