// ImportWorker: carries out the imports that are RUNNING, of all tenants, oldest first; any number of processes may run
// one. An import whose process died goes on in another, from the last committed chunk.
//
//   BAD_ROWS_SKIP             chunks of rows, each one transaction with its progress: resumed at the chunk
//   validate_only             a trial: the same decisions, without locks and without writing
//   BAD_ROWS_REFUSE           the trial, and if it finds no bad row one transaction for everything: all rows or none.
//                             Other joins of the community wait for that transaction, and so do new events of all
//                             tenants (outbox/relay.h), hence the trial first
//
// Beside it, uploads that nobody uses any more are deleted.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>

#include "membership/store/import_store.h"
#include "membership/store/join_store.h"
#include "platform/base/clock.h"
#include "platform/base/worker_thread.h"
#include "platform/pg/pool.h"

namespace lanting::membership {

struct ImportFindings;

struct ImportWorkerOptions {
  int chunk_rows = 1000;
  std::chrono::milliseconds poll{500};
  std::chrono::milliseconds chunk_timeout{30'000};
  // For the one transaction of a REFUSE import of 100,000 rows.
  std::chrono::milliseconds whole_timeout{60'000};
  // A permanent error, or a whole_timeout, that comes back this often fails the import.
  int max_attempts = 5;
  // Only imports of uploads, or only the others: a process runs one worker for each, so that nobody's small file waits
  // for the gigabyte of another.
  std::optional<bool> of_uploads;
};

class ImportWorker {
 public:
  ImportWorker(pg::Pool& pool, const Clock& clock, ImportWorkerOptions options = {});

  void Start();
  // Returns after the chunk at hand; an import in one transaction is rolled back and begins anew elsewhere.
  void Stop();
  // Looks for work now.
  void Wake();

  // Carries out what is running now, in this thread; the number of imports finished. Also for tests.
  int RunPending();
  // Deletes uploads that have expired; how many.
  int PurgeUploads();

 private:
  // True if the import was finished by this call.
  Result<bool> Run(const import_store::Reference& reference);
  Result<bool> RunInChunks(const Id& tenant, MemberImport import);
  Result<bool> RunWhole(const Id& tenant, MemberImport import);
  // The bytes of an import with an upload are those that were announced.
  Result<void> CheckUpload(const Id& tenant, const MemberImport& import);
  Result<bool> Fail(const Id& tenant, MemberImport import, const Error& error);
  // All rows of the import, whose lock the transaction has taken.
  using JoinRows = std::function<Result<std::vector<Result<Member>>>(const std::vector<JoinItem>&)>;
  Result<void> JoinAll(pg::Tx& tx, const MemberImport& import, const JoinRows& join, bool show_progress,
                       ImportFindings& findings);

  pg::Pool& pool_;
  const Clock& clock_;
  ImportWorkerOptions options_;
  std::map<Id, int> attempts_;
  WorkerThread thread_;
};

}  // namespace lanting::membership
