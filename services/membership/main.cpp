// lanting-membership: composition root. Starts without PostgreSQL and Redis and heals by itself; refuses to go on
// (exit 78, EX_CONFIG) with settings that are wrong or as a database role that row-level security does not bind.
#include <atomic>
#include <cstdio>
#include <string_view>

#include "membership/api/api.h"
#include "membership/api/key_source.h"
#include "membership/config.h"
#include "membership/migrations.gen.h"
#include "membership/workers/import_worker.h"
#include "membership/workers/promotion_worker.h"
#include "platform/idempotency/write.h"
#include "platform/obs/admin.h"
#include "platform/obs/log.h"
#include "platform/outbox/relay.h"
#include "platform/pg/role_check.h"
#include "platform/rpc/health.h"
#include "platform/rpc/process.h"
#include "platform/rpc/server.h"

using namespace lanting;
using namespace lanting::membership;

constexpr int kExitConfig = 78;
constexpr const char* kSchema = "membership";

int Run(const Config& config) {
  rpc::Process process;
  pg::Pool pool({.url = config.pg_url,
                 .application_name = "lanting-membership",
                 .size = static_cast<std::size_t>(config.pg_pool)});
  outbox::Relay relay({.service = kSchema,
                       .pg_url = config.pg_relay_url,
                       .redis_url = config.redis_url,
                       .buckets = config.stream_buckets});
  idempotency::SetWakeRelay([&] { relay.Wake(); });
  ImportWorker imports(pool, Clock::System());
  PromotionWorker promotions(pool, Clock::System());
  JoinBatcher joins(pool, {.name = "joins", .threads = static_cast<std::size_t>(config.join_committers)});

  Api api(pool, joins, [&] { imports.Wake(); });

  rpc::Server server(
      {.address = config.grpc_address,
       .executor = {config.workers, static_cast<std::size_t>(config.queue)},
       .authenticator = std::make_shared<auth::KeyAuthenticator>(
           std::make_shared<StoreKeySource>(pool), auth::KeyAuthenticatorOptions{.admin_key = config.admin_key})},
      api.services());

  std::atomic<bool> fatal = false;
  rpc::Readiness readiness;
  const auto soon = [] { return DeadlineIn(std::chrono::seconds(2)); };
  const int needed = membership::kMigrations.back().version;
  readiness.Add("postgres",
                [&] { return pg::ReadTenant(pool, Id(), soon(), [](pg::Tx&) -> Result<void> { return {}; }); });
  readiness.Add(
      "role", [&] { return pg::CheckRole(pool, kSchema, soon()); }, rpc::Readiness::Failure::kFatal);
  readiness.Add("schema", [&]() -> Result<void> {
    RETURN_IF_ERROR(pg::CheckSchema(pool, kSchema, needed, soon()));
    return {};
  });
  obs::AdminServer admin(config.admin_address, [&] { return readiness.NotReady(); });
  readiness.Start([&](bool ready) { server.SetServing(ready); },
                  [&](const std::string& why) { fatal = true, process.Fail(why); });
  relay.Start();
  imports.Start();
  promotions.Start();

  const int code = process.Wait();
  server.Shutdown(config.drain);
  readiness.Stop();
  promotions.Stop();
  imports.Stop();
  relay.Stop();
  idempotency::SetWakeRelay({});
  return fatal ? kExitConfig : code;
}

int main(int argc, char** argv) {
  config::Reader env;
  const auto config = ReadConfig(env);
  if (argc > 1 && std::string_view(argv[1]) == "--help") return std::fputs(env.Describe().c_str(), stdout) < 0;
  obs::InitLog("membership", config.log_level);
  for (const auto& fault : env.Faults()) obs::LogError("bad setting", {{"setting", fault}});
  if (!env.Faults().empty()) return kExitConfig;
  obs::Info("starting", {{"configuration", env.Describe()}});
  try {
    return Run(config);
  } catch (const std::exception& e) {  // an address in use, an operator's key that is too short
    obs::LogError("cannot start", {{"cause", e.what()}});
    return 1;
  }
}
