#include "membership/workers/import_worker.h"

#include "membership/domain/names.h"
#include "membership/workers/import_rows.h"
#include "platform/base/fault.h"
#include "platform/obs/log.h"

namespace lanting::membership {
namespace {

constexpr int kImportsAtOnce = 16;

}  // namespace

ImportWorker::ImportWorker(pg::Pool& pool, const Clock& clock, ImportWorkerOptions options)
    : pool_(pool), clock_(clock), options_(options) {}

ImportWorker::~ImportWorker() { Stop(); }

void ImportWorker::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void ImportWorker::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ImportWorker::Wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

bool ImportWorker::stopping() {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void ImportWorker::Loop() {
  while (!stopping()) {
    RunPending();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, options_.poll, [&] { return woken_ || stopping_; });
    woken_ = false;
  }
}

int ImportWorker::RunPending() {
  auto running = pg::ReadTenant(pool_, Id(), DeadlineIn(options_.chunk_timeout),
                                [](pg::Tx& tx) -> Result<std::vector<import_store::Reference>> {
                                  return import_store::Running(tx, kImportsAtOnce);
                                });
  if (!running.ok()) {
    obs::Debug("imports wait for the database", {{"reason", running.error().internal}});
    return 0;
  }
  int finished = 0;
  for (const auto& reference : *running) {
    if (stopping()) break;
    auto done = Run(reference);
    if (done.ok()) {
      finished += *done;
      continue;
    }
    obs::Warn("import interrupted", {{"import", reference.import.ToString()},
                                     {"tenant", reference.tenant.ToString()},
                                     {"reason", done.error().reason},
                                     {"cause", done.error().internal}});
  }
  return finished;
}

Result<bool> ImportWorker::Run(const import_store::Reference& reference) {
  ASSIGN_OR_RETURN(auto loaded, pg::ReadTenant(pool_, reference.tenant, DeadlineIn(options_.chunk_timeout),
                                               [&](pg::Tx& tx) -> Result<std::optional<MemberImport>> {
                                                 return import_store::Load(tx, reference.import);
                                               }));
  if (!loaded) return false;
  const bool whole = loaded->validate_only || loaded->bad_rows == BadRows::kRefuse;
  auto done = whole ? RunWhole(reference.tenant, *loaded) : RunInChunks(reference.tenant, *loaded);
  if (done.ok()) {
    attempts_.erase(reference.import);
    return done;
  }
  // One transaction that is too slow for its deadline stays so, while chunks get on between two deadlines.
  const bool too_slow = whole && done.error().code == Code::kDeadlineExceeded;
  if (done.error().transient() && !too_slow) return done;
  if (++attempts_[reference.import] < options_.max_attempts) return done;
  attempts_.erase(reference.import);
  return Fail(reference.tenant, *loaded, done.error());
}

Result<ImportCounts> ImportWorker::JoinChunk(pg::Tx& tx, const MemberImport& import, ImportRows& rows,
                                             std::vector<RowError>& row_errors) {
  ImportCounts counts;
  std::vector<ImportRow> good;
  std::vector<JoinItem> items;
  for (auto& row : rows.Next()) {
    ++counts.processed;
    if (row.faults.empty()) {
      items.push_back(row.item);
      good.push_back(std::move(row));
    } else {
      ++counts.bad;
      row_errors.insert(row_errors.end(), row.faults.begin(), row.faults.end());
    }
  }
  if (items.empty()) return counts;
  idempotency::Work work;
  ASSIGN_OR_RETURN(auto members, Join(tx, work, {clock_.Now(), import.traceparent}, items));
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].ok()) {
      ++counts.imported;
      counts.waiting += members[i]->state == MemberState::kWaiting;
    } else {
      ++counts.bad;
      row_errors.push_back(RefusedRow(good[i], members[i].error()));
    }
  }
  if (!work.empty()) work.Apply(tx);
  return counts;
}

Result<bool> ImportWorker::RunInChunks(const Id& tenant, MemberImport import) {
  std::string csv;
  std::optional<ImportRows> rows;
  for (;;) {
    if (stopping()) return false;
    enum class Step { kTaken, kMore, kFinished };
    auto step = pg::InTenantTx(pool_, tenant, DeadlineIn(options_.chunk_timeout), [&](pg::Tx& tx) -> Result<Step> {
      auto processed = import_store::TryLock(tx, import.id);
      if (!processed) return Step::kTaken;
      if (!rows) csv = import_store::File(tx, import.id);
      if (!rows || rows->position() != *processed) {  // first chunk, or the last one was rolled back
        rows.emplace(csv, import.community, options_.chunk_rows, *processed);
      }
      std::vector<RowError> row_errors;
      ASSIGN_OR_RETURN(auto chunk, JoinChunk(tx, import, *rows, row_errors));
      import_store::AddRowErrors(tx, import.id, row_errors);
      import_store::Advance(tx, import.id, chunk, *processed + chunk.processed);
      if (*processed + chunk.processed < import.row_count) return Step::kMore;
      auto finished = import_store::Get(tx, import.community, import.id).value();
      finished.state = ImportState::kSucceeded;
      finished.finish_time = clock_.Now();
      idempotency::Work work;
      import_store::Finish(work, tenant, finished);
      work.Apply(tx);
      return Step::kFinished;
    });
    if (!step.ok()) return std::move(step).error();
    idempotency::WakeRelay();
    LANTING_FAULT_POINT("import.after_chunk");
    if (*step == Step::kFinished) obs::Info("import finished", {{"import", import.id.ToString()}});
    if (*step != Step::kMore) return *step == Step::kFinished;
  }
}

Result<bool> ImportWorker::RunWhole(const Id& tenant, MemberImport import) {
  // What the transaction found out, also when it was rolled back on purpose.
  struct Outcome {
    bool taken = false, keep = false;
    ImportCounts counts;
    std::vector<RowError> row_errors;
  } outcome;
  const Error rolled_back{.code = Code::kAborted, .reason = "IMPORT_HAS_BAD_ROWS"};
  auto finish = [&](pg::Tx& tx) {
    import.counts = outcome.counts;
    import.finish_time = clock_.Now();
    const bool refused = !import.validate_only && outcome.counts.bad > 0;
    import.state = refused ? ImportState::kFailed : ImportState::kSucceeded;
    if (refused) {
      import.counts.imported = import.counts.waiting = 0;
      import.error_reason = "IMPORT_HAS_BAD_ROWS";
      import.error_message = std::to_string(outcome.counts.bad) +
                             " rows are bad, so nothing was imported; mend them or use BAD_ROWS_SKIP.";
    }
    import_store::AddRowErrors(tx, import.id, outcome.row_errors);
    idempotency::Work work;
    import_store::Finish(work, tenant, import);
    work.Apply(tx);
  };
  auto status = pg::InTenantTx(pool_, tenant, DeadlineIn(options_.whole_timeout), [&](pg::Tx& tx) -> Result<void> {
    outcome = {};
    if (!import_store::TryLock(tx, import.id)) {
      outcome.taken = true;
      return {};
    }
    const auto csv = import_store::File(tx, import.id);
    ImportRows rows(csv, import.community, options_.chunk_rows);
    while (rows.position() < import.row_count) {
      if (stopping()) return errors::ShuttingDown();  // all is undone; another process begins anew
      ASSIGN_OR_RETURN(auto chunk, JoinChunk(tx, import, rows, outcome.row_errors));
      outcome.counts.processed += chunk.processed;
      outcome.counts.imported += chunk.imported;
      outcome.counts.waiting += chunk.waiting;
      outcome.counts.bad += chunk.bad;
      // From another transaction, so that it is seen; it is only for the eye, so a failure does not matter.
      (void)pg::InTenantTx(pool_, tenant, DeadlineIn(std::chrono::milliseconds(1000)),
                           [&](pg::Tx& other) -> Result<void> {
                             import_store::ShowProgress(other, import.id, rows.position());
                             return {};
                           });
    }
    outcome.keep = !import.validate_only && outcome.counts.bad == 0;
    if (!outcome.keep) return rolled_back;
    finish(tx);
    return {};
  });
  if (outcome.taken) return false;
  if (!status.ok()) {
    if (status.error().reason != rolled_back.reason) return std::move(status).error();
    RETURN_IF_ERROR(pg::InTenantTx(pool_, tenant, DeadlineIn(options_.chunk_timeout), [&](pg::Tx& tx) -> Result<void> {
      if (import_store::TryLock(tx, import.id)) finish(tx);
      return {};
    }));
  }
  idempotency::WakeRelay();
  obs::Info("import finished", {{"import", import.id.ToString()}});
  return true;
}

Result<bool> ImportWorker::Fail(const Id& tenant, MemberImport import, const Error& error) {
  RETURN_IF_ERROR(pg::InTenantTx(pool_, tenant, DeadlineIn(options_.chunk_timeout), [&](pg::Tx& tx) -> Result<void> {
    if (!import_store::TryLock(tx, import.id)) return {};
    auto failed = import_store::Get(tx, import.community, import.id).value();
    failed.state = ImportState::kFailed;
    failed.finish_time = clock_.Now();
    failed.error_reason = error.reason;
    failed.error_message = error.message;
    idempotency::Work work;
    import_store::Finish(work, tenant, failed);
    work.Apply(tx);
    return {};
  }));
  idempotency::WakeRelay();
  return true;
}

}  // namespace lanting::membership
