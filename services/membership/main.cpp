// lanting-membership: composition root. Starts without PostgreSQL and Redis and heals by itself; refuses to go on
// (exit 78, EX_CONFIG) with settings that are wrong or as a database role that row-level security does not bind.
#include <atomic>

#include "membership/api/api.h"
#include "membership/api/key_source.h"
#include "membership/config.h"
#include "membership/migrations.gen.h"
#include "membership/workers/import_worker.h"
#include "membership/workers/key_usage_worker.h"
#include "membership/workers/promotion_worker.h"
#include "platform/config/command_line.h"
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

constexpr const char* kSchema = "membership";

int Run(const Config& settings) {
  rpc::Process process;
  pg::Pool pool({.url = settings.pg_url,
                 .application_name = "lanting-membership",
                 .size = static_cast<std::size_t>(settings.pg_pool)});
  outbox::Relay relay({.service = kSchema,
                       .pg_url = settings.pg_relay_url,
                       .redis_url = settings.redis_url,
                       .buckets = settings.stream_buckets});
  idempotency::SetWakeRelay([&] { relay.Wake(); });
  ImportWorker imports(pool, Clock::System(), {.of_uploads = false});
  ImportWorker upload_imports(pool, Clock::System(), {.of_uploads = true});
  PromotionWorker promotions(pool, Clock::System());
  KeyUsage key_usage;
  KeyUsageWorker key_uses(pool, key_usage, Clock::System());
  JoinBatcher joins(pool, {.name = "joins", .threads = static_cast<std::size_t>(settings.join_committers)});

  Api api(
      pool, joins,
      [&] {
        imports.Wake();
        upload_imports.Wake();
      },
      &key_usage);

  rpc::Server server(
      {.address = settings.grpc_address,
       .executor = {settings.workers, static_cast<std::size_t>(settings.queue)},
       .authenticator = std::make_shared<auth::KeyAuthenticator>(
           std::make_shared<StoreKeySource>(pool, &key_usage),
           auth::KeyAuthenticatorOptions{.admin_key = settings.admin_key, .introspect_key = settings.introspect_key})},
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
  obs::AdminServer admin(settings.admin_address, [&] { return readiness.NotReady(); });
  readiness.Start([&](bool ready) { server.SetServing(ready); },
                  [&](const std::string& why) { fatal = true, process.Fail(why); });
  relay.Start();
  imports.Start();
  upload_imports.Start();
  promotions.Start();
  key_uses.Start();

  const int code = process.Wait();
  server.Shutdown(settings.drain);
  readiness.Stop();
  key_uses.Stop();
  promotions.Stop();
  upload_imports.Stop();
  imports.Stop();
  relay.Stop();
  idempotency::SetWakeRelay({});
  return fatal ? config::kExitConfig : code;
}

int main(int argc, char** argv) {
  config::Reader env;
  const auto settings = ReadConfig(env);
  if (auto code = config::HandleArguments(argc, argv, "lanting-membership", env)) return *code;
  obs::InitLog("membership", settings.log_level);
  for (const auto& fault : env.Faults()) obs::LogError("bad setting", {{"setting", fault}});
  if (!env.Faults().empty()) return config::kExitConfig;
  obs::Info("starting", {{"configuration", env.Describe()}});
  try {
    return Run(settings);
  } catch (const std::exception& e) {  // an address in use, a key of operator or gateways that is too short
    obs::LogError("cannot start", {{"cause", e.what()}});
    return 1;
  }
}
