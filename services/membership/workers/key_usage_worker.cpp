#include "membership/workers/key_usage_worker.h"

#include "membership/store/tenant_store.h"
#include "platform/obs/log.h"

namespace lanting::membership {

KeyUsageWorker::KeyUsageWorker(pg::Pool& pool, KeyUsage& usage, const Clock& clock, KeyUsageWorkerOptions options)
    : pool_(pool), usage_(usage), clock_(clock), options_(options) {}

void KeyUsageWorker::Start() {
  thread_.Start([this] {
    while (!thread_.stopping()) {
      RunOnce();
      thread_.Sleep(options_.poll);
    }
    RunOnce(true);
  });
}

void KeyUsageWorker::Stop() { thread_.Stop(); }

int KeyUsageWorker::RunOnce(bool all) {
  int written = 0;
  bool down = false;
  for (const auto& [tenant, batch] : usage_.Take(clock_.Now(), all)) {
    if (!down && Write(tenant, batch)) {
      written += static_cast<int>(batch.keys.size());
    } else {
      down = true;  // the others would wait in vain, one after the other
      usage_.PutBack(tenant, batch);
    }
  }
  return written;
}

bool KeyUsageWorker::Write(const Id& tenant, const KeyUsage::Batch& batch) {
  auto result = pg::InTenantTx(pool_, tenant, DeadlineIn(options_.timeout), [&](pg::Tx& tx) -> Result<void> {
    idempotency::Work work;
    tenant_store::NoteUse(work, tenant, batch.keys, batch.times);
    work.Apply(tx);
    return {};
  });
  if (!result.ok()) obs::Debug("the use of keys waits for the database", {{"reason", result.error().internal}});
  return result.ok();
}

}  // namespace lanting::membership
