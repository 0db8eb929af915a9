#include "membership/workers/import_worker.h"

#include "membership/domain/names.h"
#include "membership/workers/import_rows.h"
#include "platform/base/fault.h"
#include "platform/obs/log.h"

namespace lanting::membership {
namespace {

constexpr int kImportsAtOnce = 16;
constexpr char kHasBadRows[] = "IMPORT_HAS_BAD_ROWS";

}  // namespace

// What was found out about the rows of an import, chunk by chunk.
struct ImportFindings {
  ImportCounts counts;
  std::vector<RowError> row_errors;
};

namespace {

// One chunk: joins the good rows, collects the bad ones.
template <typename Join>
Result<void> JoinChunk(std::vector<ImportRow> rows, const Join& join, ImportFindings& findings) {
  auto& counts = findings.counts;
  std::vector<ImportRow> good;
  std::vector<JoinItem> items;
  for (auto& row : rows) {
    ++counts.processed;
    if (row.faults.empty()) {
      items.push_back(row.item);
      good.push_back(std::move(row));
    } else {
      ++counts.bad;
      findings.row_errors.insert(findings.row_errors.end(), row.faults.begin(), row.faults.end());
    }
  }
  if (items.empty()) return {};
  ASSIGN_OR_RETURN(auto members, join(items));
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].ok()) {
      ++counts.imported;
      counts.waiting += members[i]->state == MemberState::kWaiting;
    } else {
      ++counts.bad;
      findings.row_errors.push_back(RefusedRow(good[i], members[i].error()));
    }
  }
  return {};
}

// Joins for good, in the transaction.
auto Joining(pg::Tx& tx, const Clock& clock, const MemberImport& import) {
  return [&tx, &clock, &import](const std::vector<JoinItem>& items) -> Result<std::vector<Result<Member>>> {
    idempotency::Work work;
    ASSIGN_OR_RETURN(auto members, Join(tx, work, {clock.Now(), import.traceparent}, items));
    if (!work.empty()) work.Apply(tx);
    return members;
  };
}

void Finish(pg::Tx& tx, MemberImport import, const ImportFindings& findings, Time now) {
  import.counts = findings.counts;
  import.finish_time = now;
  const bool refused = !import.validate_only && findings.counts.bad > 0;
  import.state = refused ? ImportState::kFailed : ImportState::kSucceeded;
  if (refused) {
    import.counts.imported = import.counts.waiting = 0;
    import.error_reason = kHasBadRows;
    import.error_message =
        (findings.counts.bad == 1 ? "1 row is" : std::to_string(findings.counts.bad) + " rows are") +
        " bad, so nothing was imported; correct the file, or import what is good with BAD_ROWS_SKIP.";
  }
  import_store::AddRowErrors(tx, import.id, findings.row_errors);
  idempotency::Work work;
  import_store::Finish(work, tx.tenant(), import);
  work.Apply(tx);
}

}  // namespace

ImportWorker::ImportWorker(pg::Pool& pool, const Clock& clock, ImportWorkerOptions options)
    : pool_(pool), clock_(clock), options_(options) {}

void ImportWorker::Start() {
  thread_.Start([this] {
    while (!thread_.stopping()) {
      RunPending();
      thread_.Wait(options_.poll);
    }
  });
}

void ImportWorker::Stop() { thread_.Stop(); }

void ImportWorker::Wake() { thread_.Wake(); }

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
    if (thread_.stopping()) break;
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

Result<bool> ImportWorker::RunInChunks(const Id& tenant, MemberImport import) {
  std::string csv;
  std::optional<ImportRows> rows;
  for (;;) {
    if (thread_.stopping()) return false;
    enum class Step { kTaken, kMore, kFinished };
    auto step = pg::InTenantTx(pool_, tenant, DeadlineIn(options_.chunk_timeout), [&](pg::Tx& tx) -> Result<Step> {
      auto processed = import_store::TryLock(tx, import.id);
      if (!processed) return Step::kTaken;
      if (!rows) csv = import_store::File(tx, import.id);
      if (!rows || rows->position() != *processed) {  // first chunk, or the last one was rolled back
        rows.emplace(csv, import.community, options_.chunk_rows, *processed);
      }
      ImportFindings chunk;
      RETURN_IF_ERROR(JoinChunk(rows->Next(), Joining(tx, clock_, import), chunk));
      import_store::AddRowErrors(tx, import.id, chunk.row_errors);
      import_store::Advance(tx, import.id, chunk.counts, *processed + chunk.counts.processed);
      if (*processed + chunk.counts.processed < import.row_count) return Step::kMore;
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

Result<void> ImportWorker::JoinAll(pg::Tx& tx, const MemberImport& import, const JoinRows& join, bool show_progress,
                                   ImportFindings& findings) {
  const auto csv = import_store::File(tx, import.id);
  ImportRows rows(csv, import.community, options_.chunk_rows);
  while (rows.position() < import.row_count) {
    if (thread_.stopping()) return errors::ShuttingDown();  // all is undone; another process begins anew
    RETURN_IF_ERROR(JoinChunk(rows.Next(), join, findings));
    if (!show_progress) continue;
    // From another transaction, so that it is seen; it is only for the eye, so a failure does not matter.
    (void)pg::InTenantTx(pool_, tx.tenant(), DeadlineIn(std::chrono::milliseconds(1000)),
                         [&](pg::Tx& other) -> Result<void> {
                           import_store::ShowProgress(other, import.id, rows.position());
                           return {};
                         });
  }
  return {};
}

Result<bool> ImportWorker::RunWhole(const Id& tenant, MemberImport import) {
  ImportFindings findings;
  ASSIGN_OR_RETURN(const bool mine,
                   pg::ReadTenant(pool_, tenant, DeadlineIn(options_.whole_timeout), [&](pg::Tx& tx) -> Result<bool> {
                     findings = {};
                     if (!import_store::TryLock(tx, import.id)) return false;
                     JoinTrial trial(import.row_count);
                     auto join = [&](const auto& items) { return Result(trial.Join(tx, {clock_.Now(), ""}, items)); };
                     RETURN_IF_ERROR(JoinAll(tx, import, join, import.validate_only, findings));
                     return true;
                   }));
  if (!mine) return false;

  if (!import.validate_only && findings.counts.bad == 0) {
    bool taken = false;
    const Error rolled_back{.code = Code::kAborted, .reason = kHasBadRows};
    auto done = pg::InTenantTx(pool_, tenant, DeadlineIn(options_.whole_timeout), [&](pg::Tx& tx) -> Result<void> {
      findings = {};
      taken = !import_store::TryLock(tx, import.id);
      if (taken) return {};
      RETURN_IF_ERROR(JoinAll(tx, import, Joining(tx, clock_, import), true, findings));
      if (findings.counts.bad > 0) return rolled_back;  // somebody came in since the trial
      Finish(tx, import, findings, clock_.Now());
      return {};
    });
    if (taken) return false;
    if (!done.ok() && done.error().reason != kHasBadRows) return std::move(done).error();
  }
  if (import.validate_only || findings.counts.bad > 0) {
    RETURN_IF_ERROR(pg::InTenantTx(pool_, tenant, DeadlineIn(options_.chunk_timeout), [&](pg::Tx& tx) -> Result<void> {
      if (import_store::TryLock(tx, import.id)) Finish(tx, import, findings, clock_.Now());
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
