// A second consumer process of the platform, for tests: writes down every event of its sources.
#include <signal.h>

#include <cstdio>

#include "platform/base/strings.h"
#include "platform/config/config.h"
#include "platform/obs/log.h"
#include "support/audit_projector/record.h"

int main() {
  using namespace lanting;
  config::Reader env;
  inbox::ConsumerOptions options{.name = "audit"};
  const auto pg_url = env.Secret("LANTING_PG_URL", std::nullopt, "libpq URL of role audit_app");
  options.redis_url = env.Secret("LANTING_REDIS_URL", std::nullopt, "redis:// or unix://");
  const auto sources = env.String("LANTING_SOURCES", "membership", "services to listen to, separated by commas");
  const auto types = env.String("LANTING_AUDIT_TYPES", "lanting.membership.v1.MemberJoined",
                                "full names of event messages, separated by commas");
  options.instance = env.String("LANTING_INSTANCE", "", "name in the group; default host.pid");
  options.buckets = static_cast<int>(env.Int("LANTING_STREAM_BUCKETS", 4, {1, 64}, "streams per service"));
  options.claim_idle = env.Millis("LANTING_CLAIM_IDLE_MS", 60000, {50, 3600000}, "when entries are taken over");
  options.handle_timeout = env.Millis("LANTING_HANDLE_TIMEOUT_MS", 10000, {100, 60000}, "longest transaction");
  if (const auto faults = env.Faults(); !faults.empty()) {
    for (const auto& fault : faults) std::fprintf(stderr, "%s\n", fault.c_str());
    return 2;
  }
  for (auto source : Split(sources, ',')) options.sources.emplace_back(Trim(source));
  inbox::Handlers handlers;
  for (auto type : Split(types, ',')) handlers[std::string(Trim(type))] = {&audit::Record};

  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // before any thread starts, so that all inherit it
  obs::InitLog("audit", "warn");
  pg::Pool pool({.url = pg_url, .application_name = "lanting-audit", .size = 2});
  inbox::Consumer consumer(options, handlers, pool);
  consumer.Start();
  int signal = 0;
  sigwait(&ends, &signal);
  consumer.Stop();
}
