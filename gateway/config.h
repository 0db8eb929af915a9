// The gateway's settings.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "platform/config/config.h"
#include "platform/http/server.h"

namespace lanting::gateway {

struct UpstreamConfig {
  std::string package;  // "lanting.membership.v1": all of its services are routed
  std::string target;   // "127.0.0.1:9101"
};

struct Config {
  std::string http_address, admin_address, log_level;
  std::vector<UpstreamConfig> upstreams;
  int threads = 1;
  int channels = 1;
  std::chrono::milliseconds max_timeout{10'000};  // default and cap of a call
  std::chrono::milliseconds drain{10'000};
  http::Limits limits;
};

// Faults of the settings are in env.Faults(); of LANTING_UPSTREAMS in `faults`.
Config ReadConfig(config::Reader& env, std::vector<std::string>* faults);

}  // namespace lanting::gateway
