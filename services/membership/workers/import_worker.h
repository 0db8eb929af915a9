// ImportWorker: carries out the imports that are RUNNING, of all tenants, oldest first; any number of processes may run
// one. An import whose process died goes on in another, from the last committed chunk.
//
//   BAD_ROWS_SKIP             chunks of rows, each one transaction with its progress: resumed at the chunk
//   BAD_ROWS_REFUSE           one transaction for everything: all rows or none
//   validate_only             the same transaction, rolled back: the same code says what would happen
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "membership/store/import_store.h"
#include "platform/base/clock.h"
#include "platform/pg/pool.h"

namespace lanting::membership {

class ImportRows;

struct ImportWorkerOptions {
  int chunk_rows = 1000;
  std::chrono::milliseconds poll{500};
  std::chrono::milliseconds chunk_timeout{30'000};
  // For the one transaction of a REFUSE import of 100,000 rows.
  std::chrono::milliseconds whole_timeout{60'000};
  // A permanent error, or a whole_timeout, that comes back this often fails the import.
  int max_attempts = 5;
};

class ImportWorker {
 public:
  ImportWorker(pg::Pool& pool, const Clock& clock, ImportWorkerOptions options = {});
  ~ImportWorker();  // stops

  void Start();
  // Returns after the chunk at hand; an import in one transaction is rolled back and begins anew elsewhere.
  void Stop();
  // Looks for work now.
  void Wake();

  // Carries out what is running now, in this thread; the number of imports finished. Also for tests.
  int RunPending();

 private:
  void Loop();
  bool stopping();
  // True if the import was finished by this call.
  Result<bool> Run(const import_store::Reference& reference);
  Result<bool> RunInChunks(const Id& tenant, MemberImport import);
  Result<bool> RunWhole(const Id& tenant, MemberImport import);
  Result<bool> Fail(const Id& tenant, MemberImport import, const Error& error);
  // One chunk inside a transaction: joins the good rows, collects the bad ones.
  Result<ImportCounts> JoinChunk(pg::Tx& tx, const MemberImport& import, ImportRows& rows,
                                 std::vector<RowError>& row_errors);

  pg::Pool& pool_;
  const Clock& clock_;
  ImportWorkerOptions options_;
  std::map<Id, int> attempts_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace lanting::membership
