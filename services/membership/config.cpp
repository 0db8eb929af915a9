#include "membership/config.h"

namespace lanting::membership {

Config ReadConfig(config::Reader& env) {
  Config c;
  auto number = [&](const char* name, long fallback, config::Bounds bounds, const char* help) {
    return static_cast<int>(env.Int(name, fallback, bounds, help));
  };
  c.pg_url = env.Secret("LANTING_PG_URL", {}, "PostgreSQL as membership_app");
  c.pg_relay_url = env.Secret("LANTING_PG_RELAY_URL", {}, "PostgreSQL as membership_relay; not through a pooler");
  c.redis_url = env.Secret("LANTING_REDIS_URL", {}, "Redis of the streams, redis://host:port or unix:///path");
  c.grpc_address = env.String("LANTING_GRPC_ADDRESS", "127.0.0.1:9101", "where the API is served");
  c.admin_address = env.String("LANTING_ADMIN_ADDRESS", "127.0.0.1:9201", "where /healthz /readyz /metrics are served");
  c.admin_key = env.Secret("LANTING_ADMIN_KEY", {}, "credential of the operator, at least 32 characters");
  c.introspect_key = env.Secret("LANTING_INTROSPECT_KEY", "",
                                "credential of the gateways, which may only ask what a key is; at least 32 characters");
  c.workers = number("LANTING_WORKERS", 8, {1, 256}, "threads that run calls");
  c.queue = number("LANTING_QUEUE", 1024, {1, 1'000'000}, "calls that may wait for a thread; more are refused");
  c.pg_pool = number("LANTING_PG_POOL", 8, {2, 256}, "connections to PostgreSQL at most");
  c.stream_buckets = number("LANTING_STREAM_BUCKETS", 4, {1, 64}, "streams the events are spread over");
  c.join_committers = number("LANTING_JOIN_COMMITTERS", 2, {1, 16}, "threads that commit joins in groups");
  c.drain =
      env.Millis("LANTING_DRAIN_MS", 10'000, {0, 300'000}, "how long calls in flight may take to finish at the end");
  c.log_level = env.String("LANTING_LOG_LEVEL", "info", "debug | info | warn | error");
  return c;
}

}  // namespace lanting::membership
