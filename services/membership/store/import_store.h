// Imports of people: the rows of member_import and import_row_error.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "membership/domain/people_csv.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership {

struct ImportCounts {
  int processed = 0, imported = 0, waiting = 0, bad = 0;
};

// Numbers of the proto enums.
enum class ImportState : std::int16_t { kRunning = 1, kSucceeded = 2, kFailed = 3 };
enum class BadRows : std::int16_t { kRefuse = 1, kSkip = 2 };

struct MemberImport {
  Id id, community;
  ImportState state = ImportState::kRunning;
  BadRows bad_rows = BadRows::kRefuse;
  bool validate_only = false;
  int row_count = 0;  // of an upload 0 until it was read to its end
  ImportCounts counts;
  std::string error_reason, error_message;
  Time create_time;
  std::optional<Time> finish_time;
  std::int64_t version = 1;
  std::string traceparent;
  FileRules file;
  std::vector<std::string> titles, fields;  // of the header, column by column
  Id upload;                                // nil: the file came with the request
  std::int64_t total_bytes = 0, processed_bytes = 0;
};

struct RowError {
  int row = 0, line = 0;
  std::string column, reason, message;
};

namespace import_store {

MemberImport Read(const pqxx::row& row);
// `csv` is the file unless the import has an upload.
void Insert(idempotency::Work& work, const Id& tenant, const MemberImport& import, std::string_view csv);

std::optional<MemberImport> Get(pg::Tx& tx, const Id& community, const Id& import);
// Row errors after (row, column), in the order of the file.
std::vector<RowError> ListRowErrors(pg::Tx& tx, const Id& import, int after_row, const std::string& after_column,
                                    int limit);

// --- for the worker ---
struct Reference {
  Id tenant, import;
};
// `of_uploads`: only those that read an upload, or only those that do not.
std::vector<Reference> Running(pg::Tx& tx, int limit, std::optional<bool> of_uploads);
// Nullopt if it is no longer running.
std::optional<MemberImport> Load(pg::Tx& tx, const Id& import);
// Rows processed so far if this transaction may go on with the import; nullopt if another process has it or it is done.
std::optional<int> TryLock(pg::Tx& tx, const Id& import);
// The CSV: up to 16 MiB, so it is fetched under the lock and once.
std::string File(pg::Tx& tx, const Id& import);
void AddRowErrors(pg::Tx& tx, const Id& import, const std::vector<RowError>& row_errors);
void Advance(pg::Tx& tx, const Id& import, const ImportCounts& chunk, int processed, std::int64_t bytes);
void ShowProgress(pg::Tx& tx, const Id& import, int processed, std::int64_t bytes);
// The end, with its event. `finished.row_count` rows were handled.
void Finish(idempotency::Work& work, const Id& tenant, const MemberImport& finished);

}  // namespace import_store
}  // namespace lanting::membership
