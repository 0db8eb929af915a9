// The gateway's settings.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "gateway/protect/gate.h"
#include "platform/config/config.h"
#include "platform/http/server.h"

namespace lanting::gateway {

struct UpstreamConfig {
  std::string package;  // "lanting.membership.v1": all of its services are routed
  std::string target;   // "127.0.0.1:9101", or several with commas
};

// What is bound when the process starts; a change needs another start.
struct Listening {
  std::string http_address, admin_address;
  int threads = 1;
  http::Limits limits;
  http::TlsOptions tls;  // no certificate: plain
  bool http2 = true;
  int gzip_level = 1;

  friend bool operator==(const Listening&, const Listening&) = default;
};

struct Config {
  Listening listening;
  std::string log_level;
  std::vector<UpstreamConfig> upstreams;
  int channels = 1;
  std::chrono::milliseconds max_timeout{10'000};    // default and cap of a unary call
  std::chrono::milliseconds max_stream{3'600'000};  // the same of a streaming one
  std::chrono::milliseconds heartbeat{15'000};      // of a streaming call that says nothing
  std::chrono::milliseconds drain{10'000};
  std::string introspect_key;
  GateOptions gate;      // without its functions, which are the gateway's
  std::string docs_dir;  // of the files that /docs shows the API with; empty: /docs says how to get them
};

// Faults of the settings are in env.Faults(); of their inner form (LANTING_UPSTREAMS ...) in `faults`.
Config ReadConfig(config::Reader& env, std::vector<std::string>* faults);

}  // namespace lanting::gateway
