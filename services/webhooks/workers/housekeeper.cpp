#include "webhooks/workers/housekeeper.h"

#include <prometheus/gauge.h>

#include <algorithm>

#include "platform/obs/log.h"
#include "platform/obs/metrics.h"
#include "webhooks/store/sending_store.h"
#include "webhooks/store/webhook_store.h"

namespace lanting::webhooks {
namespace {

constexpr int kSecretsAtOnce = 100;

prometheus::Gauge& MakeGauge(const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(*obs::Metrics()).Add({});
}

}  // namespace

Housekeeper::Housekeeper(pg::Pool& pool, const Clock& clock, const crypto::SecretBox& box, HousekeeperOptions options)
    : pool_(pool),
      clock_(clock),
      box_(box),
      options_(options),
      pending_(MakeGauge("lanting_webhook_pending", "Deliveries to be tried, counted up to a million")),
      oldest_age_(MakeGauge("lanting_webhook_oldest_age_seconds", "How long what waits longest has been due")) {}

void Housekeeper::Start() {
  thread_.Start([this] {
    for (auto next_clean = Deadline(); !thread_.stopping(); thread_.Sleep(options_.observe_every)) {
      Observe();
      if (std::chrono::steady_clock::now() < next_clean) continue;
      next_clean = DeadlineIn(options_.clean_every);
      Purge();
      Reseal();
    }
  });
}

void Housekeeper::Observe() {
  const auto backlog =
      pg::ReadTenant(pool_, Id(), DeadlineIn(options_.timeout),
                     [](pg::Tx& tx) -> Result<sending_store::Backlog> { return sending_store::GetBacklog(tx); });
  if (!backlog.ok()) return;
  pending_.Set(static_cast<double>(backlog->pending));
  const auto age = backlog->oldest_due ? clock_.Now() - *backlog->oldest_due : Time::duration(0);
  oldest_age_.Set(std::max(0.0, std::chrono::duration<double>(age).count()));
}

std::int64_t Housekeeper::Purge() {
  std::int64_t gone = 0;
  while (!thread_.stopping()) {
    const auto batch =
        pg::InTenantTx(pool_, Id(), DeadlineIn(options_.timeout), [&](pg::Tx& tx) -> Result<std::int64_t> {
          return sending_store::Purge(tx, clock_.Now() - options_.keep, options_.purge_batch);
        });
    if (!batch.ok()) obs::Warn("old deliveries stay", {{"cause", batch.error().internal}});
    gone += batch.ok() ? *batch : 0;
    if (!batch.ok() || *batch < options_.purge_batch) break;
  }
  return gone;
}

int Housekeeper::Reseal() {
  int resealed = 0;
  for (int done = kSecretsAtOnce; done == kSecretsAtOnce && !thread_.stopping(); resealed += done) {
    const auto stale = pg::ReadTenant(pool_, Id(), DeadlineIn(options_.timeout),
                                      [&](pg::Tx& tx) -> Result<std::vector<webhook_store::SecretName>> {
                                        return webhook_store::Stale(tx, box_, kSecretsAtOnce);
                                      });
    done = 0;
    if (!stale.ok()) break;
    for (const auto& secret : *stale) {
      const auto sealed = pg::InTenantTx(pool_, secret.tenant, DeadlineIn(options_.timeout),
                                         [&](pg::Tx& tx) { return webhook_store::Reseal(tx, box_, secret); });
      if (sealed.ok())
        ++done;
      else
        obs::LogError("a secret cannot be sealed anew", {{"tenant", secret.tenant.ToString()},
                                                         {"webhook", secret.webhook.ToString()},
                                                         {"cause", sealed.error().internal}});
    }
  }
  if (resealed > 0) obs::Info("secrets sealed anew", {{"count", std::to_string(resealed)}});
  return resealed;
}

}  // namespace lanting::webhooks
