#include "webhooks/config.h"

#include "platform/base/strings.h"

namespace lanting::webhooks {
namespace {

// "lanting.membership.v1=127.0.0.1:9101,..." -> the address of membership; "" if it is not named.
std::string MembershipOf(const std::string& upstreams) {
  constexpr std::string_view kPrefix = "lanting.membership.v1=";
  for (auto entry : Split(upstreams, ','))
    if (Trim(entry).starts_with(kPrefix)) return std::string(Trim(entry).substr(kPrefix.size()));
  return "";
}

}  // namespace

Config ReadConfig(config::Reader& env) {
  Config c;
  auto number = [&](const char* name, long fallback, config::Bounds bounds, const char* help) {
    return static_cast<int>(env.Int(name, fallback, bounds, help));
  };
  c.pg_url = env.Secret("LANTING_PG_URL", {}, "PostgreSQL as webhooks_app");
  c.pg_relay_url = env.Secret("LANTING_PG_RELAY_URL", {}, "PostgreSQL as webhooks_relay; not through a pooler");
  c.redis_url = env.Secret("LANTING_REDIS_URL", {}, "Redis of the streams, redis://host:port or unix:///path");
  c.grpc_address = env.String("LANTING_GRPC_ADDRESS", "127.0.0.1:9102", "where the API is served");
  c.admin_address = env.String("LANTING_ADMIN_ADDRESS", "127.0.0.1:9202", "where /healthz /readyz /metrics are served");
  c.membership_address = MembershipOf(
      env.String("LANTING_UPSTREAMS", "lanting.membership.v1=127.0.0.1:9101", "services: package=host:port,..."));
  const auto operator_key = env.Secret("LANTING_ADMIN_KEY", "", "in place of LANTING_INTROSPECT_KEY");
  c.introspect_key = env.Secret("LANTING_INTROSPECT_KEY", operator_key, "credential to ask membership whose a key is");
  c.secrets_key = env.Secret("LANTING_SECRETS_KEY", {}, "seals the webhooks' secrets: 32 bytes in base64 or hex");
  c.old_secrets_keys = env.Secret("LANTING_SECRETS_OLD_KEYS", "", "keys before that, separated by commas");
  c.allow_private = env.Bool("LANTING_WEBHOOK_ALLOW_PRIVATE", false, "also send to addresses that are not public");
  c.allow_http = env.Bool("LANTING_WEBHOOK_ALLOW_HTTP", false, "also send without TLS");
  c.ca_file = env.String("LANTING_WEBHOOK_CA_FILE", "", "certificates to trust, PEM; the system's if not set");
  c.instance =
      env.String("LANTING_INSTANCE", "",
                 "name among the readers of events, the same after a restart if it can be; host.pid if not set");
  c.in_flight = number("LANTING_WEBHOOK_IN_FLIGHT", 256, {1, 10'000}, "requests under way at most");
  c.per_webhook = number("LANTING_WEBHOOK_PER_WEBHOOK", 8, {1, 100}, "requests under way to one webhook at most");
  c.workers = number("LANTING_WORKERS", 4, {1, 256}, "threads that run calls");
  c.queue = number("LANTING_QUEUE", 1024, {1, 1'000'000}, "calls that may wait for a thread; more are refused");
  c.pg_pool = number("LANTING_PG_POOL", 8, {4, 256}, "connections to PostgreSQL at most");
  c.stream_buckets = number("LANTING_STREAM_BUCKETS", 4, {1, 64}, "streams the events are spread over");
  c.drain =
      env.Millis("LANTING_DRAIN_MS", 10'000, {0, 300'000}, "how long calls in flight may take to finish at the end");
  c.log_level = env.String("LANTING_LOG_LEVEL", "info", "debug | info | warn | error");
  return c;
}

}  // namespace lanting::webhooks
