#include "membership/workers/import_worker.h"

#include <algorithm>

#include "membership/domain/file_errors.h"
#include "membership/domain/names.h"
#include "membership/store/upload_store.h"
#include "membership/workers/import_rows.h"
#include "platform/base/fault.h"
#include "platform/obs/log.h"

namespace lanting::membership {
namespace {

constexpr int kImportsAtOnce = 16;
constexpr int kUploadsAtOnce = 16, kPartsAtOnce = 16;
constexpr auto kPurgeEvery = std::chrono::seconds(60);
constexpr char kHasBadRows[] = "IMPORT_HAS_BAD_ROWS";

// What no further attempt changes.
bool IsFinal(const Error& error) {
  return error.reason == "IMPORT_TOO_LARGE" || error.reason == "UPLOAD_NOT_READY" || error.reason == "MALFORMED_CSV";
}

}  // namespace

// What was found out about the rows of an import, chunk by chunk.
struct ImportFindings {
  ImportCounts counts;
  std::vector<RowError> row_errors;
};

namespace {

// One chunk: joins the good rows, collects the bad ones.
template <typename Join>
Result<void> JoinChunk(const std::vector<ImportRow>& rows, const Join& join, ImportFindings& findings) {
  auto& counts = findings.counts;
  std::vector<const ImportRow*> good;
  std::vector<JoinItem> items;
  for (const auto& row : rows) {
    ++counts.processed;
    if (row.faults.empty()) {
      items.push_back(row.item);
      good.push_back(&row);
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
      findings.row_errors.push_back(RefusedRow(*good[i], members[i].error()));
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

// The end of the import, whatever came of it. Its upload stays for another attempt unless it is used up.
void End(pg::Tx& tx, MemberImport import, Time now) {
  import.finish_time = now;
  const bool used_up = import.state == ImportState::kSucceeded && !import.validate_only;
  if (!import.upload.IsNil()) upload_store::Leave(tx, import.upload, used_up ? now : now + kUploadKept);
  idempotency::Work work;
  import_store::Finish(work, tx.tenant(), import);
  work.Apply(tx);
}

void Finish(pg::Tx& tx, MemberImport import, const ImportFindings& findings, Time now) {
  import.counts = findings.counts;
  import.row_count = findings.counts.processed;
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
  End(tx, std::move(import), now);
}

}  // namespace

ImportWorker::ImportWorker(pg::Pool& pool, const Clock& clock, ImportWorkerOptions options)
    : pool_(pool), clock_(clock), options_(options) {}

void ImportWorker::Start() {
  thread_.Start([this] {
    auto purged = std::chrono::steady_clock::time_point();
    while (!thread_.stopping()) {
      RunPending();
      if (options_.of_uploads.value_or(true) && std::chrono::steady_clock::now() - purged >= kPurgeEvery) {
        PurgeUploads();
        purged = std::chrono::steady_clock::now();
      }
      thread_.Wait(options_.poll);
    }
  });
}

void ImportWorker::Stop() { thread_.Stop(); }

void ImportWorker::Wake() { thread_.Wake(); }

int ImportWorker::RunPending() {
  auto running = pg::ReadTenant(pool_, Id(), DeadlineIn(options_.chunk_timeout),
                                [this](pg::Tx& tx) -> Result<std::vector<import_store::Reference>> {
                                  return import_store::Running(tx, kImportsAtOnce, options_.of_uploads);
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

int ImportWorker::PurgeUploads() {
  const auto soon = [this] { return DeadlineIn(options_.chunk_timeout); };
  auto expired = pg::ReadTenant(pool_, Id(), soon(), [](pg::Tx& tx) -> Result<std::vector<upload_store::Reference>> {
    return upload_store::Expired(tx, kUploadsAtOnce);
  });
  int purged = 0;
  if (!expired.ok()) return purged;
  for (const auto& upload : *expired) {
    for (Result<bool> gone = false; gone.ok() && !*gone && !thread_.stopping();) {
      gone = pg::InTenantTx(pool_, upload.tenant, soon(), [&](pg::Tx& tx) -> Result<bool> {
        return upload_store::DeleteSome(tx, upload.upload, kPartsAtOnce);
      });
      if (!gone.ok())
        obs::Warn("an expired upload stays", {{"upload", upload.upload.ToString()}, {"cause", gone.error().internal}});
      purged += gone.ok() && *gone;
    }
  }
  return purged;
}

Result<void> ImportWorker::CheckUpload(const Id& tenant, const MemberImport& import) {
  ASSIGN_OR_RETURN(const auto upload, pg::ReadTenant(pool_, tenant, DeadlineIn(options_.chunk_timeout),
                                                     [&](pg::Tx& tx) -> Result<std::optional<MemberUpload>> {
                                                       return upload_store::Get(tx, import.community, import.upload,
                                                                                clock_.Now());
                                                     }));
  if (!upload || upload->sha256.empty()) return {};
  return CheckSha256(PiecesOf(pool_, tenant, import), upload->sha256, [this] { return thread_.stopping(); });
}

Result<bool> ImportWorker::Run(const import_store::Reference& reference) {
  ASSIGN_OR_RETURN(auto loaded, pg::ReadTenant(pool_, reference.tenant, DeadlineIn(options_.chunk_timeout),
                                               [&](pg::Tx& tx) -> Result<std::optional<MemberImport>> {
                                                 return import_store::Load(tx, reference.import);
                                               }));
  if (!loaded) return false;
  const bool whole = loaded->validate_only || loaded->bad_rows == BadRows::kRefuse;
  Result<bool> done = false;
  if (!loaded->upload.IsNil() && loaded->counts.processed == 0) {
    if (auto checked = CheckUpload(reference.tenant, *loaded); !checked.ok()) done = std::move(checked).error();
  }
  if (done.ok()) done = whole ? RunWhole(reference.tenant, *loaded) : RunInChunks(reference.tenant, *loaded);
  if (done.ok()) {
    attempts_.erase(reference.import);
    return done;
  }
  // One transaction that is too slow for its deadline stays so, while chunks get on between two deadlines.
  const bool too_slow = whole && done.error().code == Code::kDeadlineExceeded;
  if (done.error().transient() && !too_slow) return done;
  if (!IsFinal(done.error()) && ++attempts_[reference.import] < options_.max_attempts) return done;
  attempts_.erase(reference.import);
  return Fail(reference.tenant, *loaded, done.error());
}

Result<bool> ImportWorker::RunInChunks(const Id& tenant, MemberImport import) {
  std::string csv;
  std::optional<ImportRows> rows;
  ImportChunk chunk;
  for (int start = -1;;) {  // of the chunk at hand; -1: there is none
    if (thread_.stopping()) return false;
    enum class Step { kTaken, kElsewhere, kMore, kFinished };
    int processed = 0;
    auto step = pg::InTenantTx(pool_, tenant, DeadlineIn(options_.chunk_timeout), [&](pg::Tx& tx) -> Result<Step> {
      const auto locked = import_store::TryLock(tx, import.id);
      if (!locked) return Step::kTaken;
      processed = *locked;
      if (start != processed) {  // the first chunk, or the last one was rolled back
        if (import.upload.IsNil() && csv.empty()) csv = import_store::File(tx, import.id);
        return Step::kElsewhere;
      }
      ImportFindings found;
      RETURN_IF_ERROR(JoinChunk(chunk.rows, Joining(tx, clock_, import), found));
      import_store::AddRowErrors(tx, import.id, found.row_errors);
      import_store::Advance(tx, import.id, found.counts, processed + found.counts.processed, chunk.bytes);
      if (!chunk.last) return Step::kMore;
      auto finished = import_store::Get(tx, import.community, import.id).value();
      finished.state = ImportState::kSucceeded;
      finished.row_count = finished.counts.processed;
      End(tx, std::move(finished), clock_.Now());
      return Step::kFinished;
    });
    if (!step.ok()) return std::move(step).error();
    if (*step == Step::kTaken) return false;
    if (*step != Step::kElsewhere) {
      idempotency::WakeRelay();
      LANTING_FAULT_POINT("import.after_chunk");
    }
    if (*step == Step::kFinished) {
      obs::Info("import finished", {{"import", import.id.ToString()}});
      return true;
    }
    if (*step == Step::kElsewhere) {
      rows.emplace(import.upload.IsNil() ? PiecesOf(csv) : PiecesOf(pool_, tenant, import), import, options_.chunk_rows,
                   processed);
    }
    start = rows->position();
    ASSIGN_OR_RETURN(chunk, rows->Next());
  }
}

Result<void> ImportWorker::JoinAll(pg::Tx& tx, const MemberImport& import, const JoinRows& join, bool show_progress,
                                   ImportFindings& findings) {
  const auto csv = import.upload.IsNil() ? import_store::File(tx, import.id) : std::string();
  ImportRows rows(import.upload.IsNil() ? PiecesOf(csv) : PiecesOf(pool_, tx.tenant(), import), import,
                  options_.chunk_rows);
  for (ImportChunk chunk; !chunk.last;) {
    if (thread_.stopping()) return ::lanting::errors::ShuttingDown();  // all is undone; another process begins anew
    ASSIGN_OR_RETURN(chunk, rows.Next());
    if (rows.position() > kMaxImportRows) return errors::ImportTooLarge(kMaxImportRows);
    RETURN_IF_ERROR(JoinChunk(chunk.rows, join, findings));
    if (!show_progress) continue;
    // From another transaction, so that it is seen; it is only for the eye, so a failure does not matter.
    (void)pg::InTenantTx(pool_, tx.tenant(), DeadlineIn(std::chrono::milliseconds(1000)),
                         [&](pg::Tx& other) -> Result<void> {
                           import_store::ShowProgress(other, import.id, rows.position(), chunk.bytes);
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
                     JoinTrial trial(import.row_count > 0 ? import.row_count : kMaxImportRows);
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
    failed.row_count = std::max(failed.row_count, failed.counts.processed);
    failed.error_reason = error.reason;
    failed.error_message = error.message;
    End(tx, std::move(failed), clock_.Now());
    return {};
  }));
  idempotency::WakeRelay();
  return true;
}

}  // namespace lanting::membership
