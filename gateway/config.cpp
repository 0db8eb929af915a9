#include "gateway/config.h"

#include "platform/base/strings.h"

namespace lanting::gateway {
namespace {

std::vector<UpstreamConfig> ParseUpstreams(std::string_view text, std::vector<std::string>* faults) {
  std::vector<UpstreamConfig> upstreams;
  for (std::string_view entry : Split(text, ',')) {
    entry = Trim(entry);
    if (entry.empty()) continue;
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == entry.size()) {
      faults->push_back("LANTING_UPSTREAMS: '" + std::string(entry) + "' is not package=host:port");
      continue;
    }
    upstreams.push_back({std::string(entry.substr(0, equals)), std::string(entry.substr(equals + 1))});
  }
  if (upstreams.empty() && faults->empty()) faults->push_back("LANTING_UPSTREAMS: names no service");
  return upstreams;
}

}  // namespace

Config ReadConfig(config::Reader& env, std::vector<std::string>* faults) {
  Config c;
  c.http_address = env.String("LANTING_HTTP_ADDRESS", "127.0.0.1:8080", "host:port of the REST API");
  c.admin_address = env.String("LANTING_ADMIN_ADDRESS", "127.0.0.1:9200", "host:port of health and metrics");
  c.log_level = env.String("LANTING_LOG_LEVEL", "info", "debug, info, warn or error");
  c.upstreams = ParseUpstreams(
      env.String("LANTING_UPSTREAMS", std::nullopt, "services behind the gateway: package=host:port,package=host:port"),
      faults);
  c.threads = static_cast<int>(env.Int("LANTING_HTTP_THREADS", 1, {1, 64}, "I/O threads of the REST API"));
  c.channels = static_cast<int>(env.Int("LANTING_UPSTREAM_CHANNELS", 1, {1, 16}, "HTTP/2 connections to each service"));
  c.max_timeout =
      env.Millis("LANTING_MAX_TIMEOUT_MS", 10'000, {100, 600'000}, "longest a call may take, and its default");
  c.drain = env.Millis("LANTING_DRAIN_MS", 10'000, {0, 600'000}, "time for calls in flight to finish at shutdown");
  // With its envelope it must fit into the 20 MiB that a service takes.
  c.limits.max_body_bytes = static_cast<std::size_t>(
      env.Int("LANTING_MAX_BODY_BYTES", 16 * 1024 * 1024, {1024, 16 * 1024 * 1024}, "largest body, raw ones included"));
  c.limits.max_buffered_bytes = static_cast<std::size_t>(
      env.Int("LANTING_MAX_BUFFERED_BYTES", 256 * 1024 * 1024, {1024 * 1024, 64LL * 1024 * 1024 * 1024},
              "bodies held of all connections together; beyond: 503"));
  c.limits.body_timeout =
      env.Millis("LANTING_BODY_TIMEOUT_MS", 60'000, {100, 600'000}, "longest the body of a request may take to arrive");
  c.limits.max_connections = static_cast<std::size_t>(
      env.Int("LANTING_MAX_CONNECTIONS", 12'000, {1, 1'000'000}, "open client connections; beyond: 503"));
  return c;
}

}  // namespace lanting::gateway
