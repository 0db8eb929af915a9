// The settings of the webhooks process, all from the environment (LANTING_*).
#pragma once

#include <chrono>
#include <string>

#include "platform/config/config.h"

namespace lanting::webhooks {

struct Config {
  std::string pg_url, pg_relay_url, redis_url;
  std::string grpc_address, admin_address;
  std::string membership_address, introspect_key;
  std::string secrets_key, old_secrets_keys;
  bool allow_private, allow_http;
  std::string ca_file, instance;
  int workers, queue, pg_pool, stream_buckets, in_flight, per_webhook;
  std::chrono::milliseconds drain;
  std::string log_level;
};

// Reads everything; what is wrong is in env.Faults(), what is in force in env.Describe().
Config ReadConfig(config::Reader& env);

}  // namespace lanting::webhooks
