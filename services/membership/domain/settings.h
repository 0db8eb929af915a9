// What a tenant and the operator say about the tenant as a whole. Pure values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/clock.h"

namespace lanting::membership {

struct Settings {
  std::vector<std::string> cors_allowed_origins;
  std::int64_t version = 0;  // 0: never written
  std::optional<Time> update_time;
};

// nullopt: the gateway's default; 0: no limit.
struct TenantLimits {
  std::optional<int> key_per_second, key_burst, tenant_per_second, tenant_burst, max_in_flight;
  std::optional<Time> update_time;
};

}  // namespace lanting::membership
