// lanting-webhooks: composition root. Starts without PostgreSQL, Redis and membership and heals by itself; refuses to
// go on (exit 78, EX_CONFIG) with settings that are wrong or as a database role that row-level security does not bind.
#include <atomic>

#include "platform/auth/remote_key_source.h"
#include "platform/config/command_line.h"
#include "platform/idempotency/write.h"
#include "platform/inbox/consumer.h"
#include "platform/obs/admin.h"
#include "platform/obs/log.h"
#include "platform/outbox/relay.h"
#include "platform/pg/role_check.h"
#include "platform/rpc/channel.h"
#include "platform/rpc/health.h"
#include "platform/rpc/process.h"
#include "platform/rpc/server.h"
#include "webhooks/api/delivery_service.h"
#include "webhooks/api/webhook_service.h"
#include "webhooks/config.h"
#include "webhooks/events/catalog.h"
#include "webhooks/events/handlers.h"
#include "webhooks/migrations.gen.h"
#include "webhooks/workers/housekeeper.h"
#include "webhooks/workers/sender.h"

using namespace lanting;
using namespace lanting::webhooks;

constexpr const char* kSchema = "webhooks";

void AddChecks(rpc::Readiness& readiness, pg::Pool& pool) {
  const auto soon = [] { return DeadlineIn(std::chrono::seconds(2)); };
  readiness.Add("postgres", [&pool, soon] {
    return pg::ReadTenant(pool, Id(), soon(), [](pg::Tx&) -> Result<void> { return {}; });
  });
  readiness.Add(
      "role", [&pool, soon] { return pg::CheckRole(pool, kSchema, soon()); }, rpc::Readiness::Failure::kFatal);
  readiness.Add("schema", [&pool, soon]() -> Result<void> {
    RETURN_IF_ERROR(pg::CheckSchema(pool, kSchema, kMigrations.back().version, soon()));
    return {};
  });
}

int Run(const Config& settings, const crypto::SecretBox& box) {
  rpc::Process process;
  pg::Pool pool({.url = settings.pg_url,
                 .application_name = "lanting-webhooks",
                 .size = static_cast<std::size_t>(settings.pg_pool)});
  outbox::Relay relay({.service = kSchema,
                       .pg_url = settings.pg_relay_url,
                       .redis_url = settings.redis_url,
                       .buckets = settings.stream_buckets});
  idempotency::SetWakeRelay([&] { relay.Wake(); });
  PingWaiter pings(pool);
  Sender sender(pool, Clock::System(), box,
                {.http = {.allow_private = settings.allow_private,
                          .ca_file = settings.ca_file,
                          .user_agent = "Lanting-Webhooks/1"},
                 .max_in_flight = settings.in_flight,
                 .per_webhook = settings.per_webhook,
                 .recorded = [&] { pings.Wake(); }});
  Housekeeper housekeeper(pool, Clock::System(), box);
  inbox::Consumer consumer({.name = kSchema,
                            .instance = settings.instance,
                            .sources = events::Sources(),
                            .redis_url = settings.redis_url,
                            .buckets = settings.stream_buckets,
                            .committed = [&] { sender.Wake(); }},
                           events::MakeHandlers(Clock::System()), pool);

  WebhookService webhooks(pool, box, {.allow_http = settings.allow_http, .allow_private = settings.allow_private});
  DeliveryService deliveries(pool, pings, [&] { sender.Wake(); });
  rpc::Service service("lanting.webhooks.v1.WebhookService");
  webhooks.Register(service);
  deliveries.Register(service);
  auto membership = std::make_shared<rpc::Channel>(settings.membership_address, "membership");
  rpc::Server server({.address = settings.grpc_address,
                      .executor = {settings.workers, static_cast<std::size_t>(settings.queue)},
                      .authenticator = std::make_shared<auth::KeyAuthenticator>(
                          std::make_shared<auth::RemoteKeySource>(membership, settings.introspect_key),
                          auth::KeyAuthenticatorOptions{})},
                     {&service});

  std::atomic<bool> fatal = false;
  rpc::Readiness readiness;
  AddChecks(readiness, pool);
  obs::AdminServer admin(settings.admin_address, [&] { return readiness.NotReady(); });
  readiness.Start([&](bool ready) { server.SetServing(ready); },
                  [&](const std::string& why) { fatal = true, process.Fail(why); });
  relay.Start();
  pings.Start();
  sender.Start();
  housekeeper.Start();
  consumer.Start();

  const int code = process.Wait();
  consumer.Stop();
  server.Shutdown(settings.drain);
  readiness.Stop();
  sender.Stop();
  pings.Stop();
  housekeeper.Stop();
  relay.Stop();
  idempotency::SetWakeRelay({});
  return fatal ? config::kExitConfig : code;
}

int main(int argc, char** argv) {
  config::Reader env;
  const auto settings = ReadConfig(env);
  if (auto code = config::HandleArguments(argc, argv, "lanting-webhooks", env)) return *code;
  obs::InitLog("webhooks", settings.log_level);
  auto faults = env.Faults();
  const auto box = crypto::SecretBox::Make(settings.secrets_key, settings.old_secrets_keys);
  if (!box.ok() && faults.empty()) faults.push_back(box.error().message);
  if (settings.membership_address.empty()) faults.push_back("LANTING_UPSTREAMS: does not name lanting.membership.v1");
  if (settings.introspect_key.empty()) faults.push_back("LANTING_INTROSPECT_KEY: not set");
  for (const auto& fault : faults) obs::LogError("bad setting", {{"setting", fault}});
  if (!faults.empty()) return config::kExitConfig;
  obs::Info("starting", {{"configuration", env.Describe()}});
  try {
    return Run(settings, *box);
  } catch (const std::exception& e) {  // an address in use
    obs::LogError("cannot start", {{"cause", e.what()}});
    return 1;
  }
}
