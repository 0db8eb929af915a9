// The settings of the membership process, all from the environment (LANTING_*).
#pragma once

#include <chrono>
#include <string>

#include "platform/config/config.h"

namespace lanting::membership {

struct Config {
  std::string pg_url, pg_relay_url, redis_url;
  std::string grpc_address, admin_address;
  std::string admin_key, introspect_key;
  int workers, queue, pg_pool, stream_buckets, join_committers;
  std::chrono::milliseconds drain;
  std::string log_level;
};

// Reads everything; what is wrong is in env.Faults(), what is in force in env.Describe().
Config ReadConfig(config::Reader& env);

}  // namespace lanting::membership
