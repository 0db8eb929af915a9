#include "gateway/config.h"

#include <algorithm>

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
    std::string target(entry.substr(equals + 1));
    std::replace(target.begin(), target.end(), ';', ',');  // the commas here are taken
    upstreams.push_back({std::string(entry.substr(0, equals)), std::move(target)});
  }
  if (upstreams.empty() && faults->empty()) faults->push_back("LANTING_UPSTREAMS: names no service");
  return upstreams;
}

Listening ReadListening(config::Reader& env, std::vector<std::string>* faults) {
  Listening l;
  l.http_address = env.String("LANTING_HTTP_ADDRESS", "127.0.0.1:8080", "host:port of the REST API");
  l.admin_address = env.String("LANTING_ADMIN_ADDRESS", "127.0.0.1:9200", "host:port of health and metrics");
  l.threads = static_cast<int>(env.Int("LANTING_HTTP_THREADS", 1, {1, 64}, "I/O threads of the REST API"));
  l.tls.certificate_file = env.String("LANTING_TLS_CERTIFICATE_FILE", "",
                                      "PEM chain: with it the REST API speaks TLS; read again on SIGHUP");
  l.tls.key_file = env.String("LANTING_TLS_KEY_FILE", "", "PEM key of the certificate");
  l.tls.client_ca_file =
      env.String("LANTING_TLS_CLIENT_CA_FILE", "", "PEM: clients must have a certificate by one of these");
  if (l.tls.certificate_file.empty() != l.tls.key_file.empty())
    faults->push_back("LANTING_TLS_CERTIFICATE_FILE and LANTING_TLS_KEY_FILE are set both or none");
  l.http2 = env.Bool("LANTING_HTTP2", true, "HTTP/2 beside HTTP/1.1: by ALPN, or by prior knowledge without TLS");
  l.gzip_level =
      static_cast<int>(env.Int("LANTING_GZIP_LEVEL", 1, {0, 9}, "of replies to clients that take gzip; 0: none"));
  // With its envelope it must fit into the 20 MiB that a service takes.
  l.limits.max_body_bytes = static_cast<std::size_t>(
      env.Int("LANTING_MAX_BODY_BYTES", 16 * 1024 * 1024, {1024, 16 * 1024 * 1024}, "largest body, raw ones included"));
  l.limits.max_buffered_bytes = static_cast<std::size_t>(
      env.Int("LANTING_MAX_BUFFERED_BYTES", 256 * 1024 * 1024, {1024 * 1024, 64LL * 1024 * 1024 * 1024},
              "bodies held of all connections together; beyond: 503"));
  l.limits.body_timeout =
      env.Millis("LANTING_BODY_TIMEOUT_MS", 60'000, {100, 600'000}, "longest the body of a request may take to arrive");
  l.limits.max_connections = static_cast<std::size_t>(
      env.Int("LANTING_MAX_CONNECTIONS", 12'000, {1, 1'000'000}, "open client connections; beyond: 503"));
  return l;
}

GateOptions ReadGate(config::Reader& env, std::vector<std::string>* faults) {
  constexpr config::Bounds kAny{0, 1'000'000};
  const auto limit = [&](const char* name, int fallback, const char* help) {
    return static_cast<int>(env.Int(name, fallback, kAny, help));
  };
  GateOptions g;
  g.limits.key_per_second = limit("LANTING_KEY_RATE", 100, "requests a second of one service key; 0: no limit");
  g.limits.key_burst = limit("LANTING_KEY_BURST", 200, "requests that a key may make at once");
  g.limits.tenant_per_second = limit("LANTING_TENANT_RATE", 500, "requests a second of one tenant; 0: no limit");
  g.limits.tenant_burst = limit("LANTING_TENANT_BURST", 1'000, "requests that a tenant may make at once");
  g.limits.tenant_in_flight = limit("LANTING_TENANT_IN_FLIGHT", 64, "calls of one tenant at a time; 0: no limit");
  g.limits.process_in_flight = limit("LANTING_IN_FLIGHT", 1'024, "calls of all tenants at a time; 0: no limit");
  g.failed_auth_per_minute =
      limit("LANTING_FAILED_AUTH_RATE", 60, "unknown keys a minute that one address may have looked up; 0: no limit");
  std::vector<std::string> bad;
  g.trusted_proxies = ParseCidrs(
      env.String("LANTING_TRUSTED_PROXIES", "", "networks whose X-Forwarded-For is believed: 10.0.0.0/8,fd00::/8"),
      &bad);
  for (const std::string& fault : bad) faults->push_back("LANTING_TRUSTED_PROXIES: " + fault);
  g.rates.redis_url = env.Secret("LANTING_REDIS_URL", "", "where rates are counted for all gateways; without: in each");
  return g;
}

}  // namespace

Config ReadConfig(config::Reader& env, std::vector<std::string>* faults) {
  Config c;
  c.listening = ReadListening(env, faults);
  c.log_level = env.String("LANTING_LOG_LEVEL", "info", "debug, info, warn or error");
  c.upstreams = ParseUpstreams(env.String("LANTING_UPSTREAMS", std::nullopt,
                                          "services behind the gateway: package=host:port[;host:port...],package=..."),
                               faults);
  c.channels = static_cast<int>(env.Int("LANTING_UPSTREAM_CHANNELS", 1, {1, 16}, "HTTP/2 connections to each address"));
  c.max_timeout =
      env.Millis("LANTING_MAX_TIMEOUT_MS", 10'000, {100, 600'000}, "longest a call may take, and its default");
  c.max_stream = env.Millis("LANTING_MAX_STREAM_MS", 3'600'000, {1'000, 86'400'000},
                            "longest a streaming call may take, and its default");
  c.heartbeat = env.Millis("LANTING_HEARTBEAT_MS", 15'000, {100, 600'000},
                           "a streaming call that says nothing for so long says that it lives");
  c.drain = env.Millis("LANTING_DRAIN_MS", 10'000, {0, 600'000}, "time for calls in flight to finish at shutdown");
  c.introspect_key = env.Secret("LANTING_INTROSPECT_KEY", "",
                                "credential for asking membership about keys; without: keys are not looked up here");
  c.gate = ReadGate(env, faults);
  c.docs_dir = env.String("LANTING_DOCS_DIR", "", "files of the API viewer at /docs (gateway/openapi/viewer/install)");
  return c;
}

}  // namespace lanting::gateway
