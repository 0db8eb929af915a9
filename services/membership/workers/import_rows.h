// The rows of a CSV as people who want in: each row checked by the same validator as an API call.
#pragma once

#include <future>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "membership/domain/people_csv.h"
#include "membership/store/import_store.h"
#include "membership/store/join_store.h"
#include "membership/workers/import_source.h"

namespace lanting::membership {

struct ImportRow {
  int row = 0, line = 0;
  JoinItem item;
  std::vector<RowError> faults;  // not empty: the row is bad
  // The earlier row of the file with the same external id, identity; 0: none that was read.
  int same_external_id = 0, same_identity = 0;
};

struct ImportChunk {
  std::vector<ImportRow> rows;
  std::int64_t bytes = 0;  // of the file, read so far
  bool last = false;
};

class ImportRows {
 public:
  // From the row after `skip` rows, `chunk_rows` at a time. The file is one of which the API has read the header.
  ImportRows(ReadPiece read, const MemberImport& import, int chunk_rows, int skip = 0);
  ImportRows(const ImportRows&) = delete;

  // The next chunk, which may be empty if it is the last. The one after it is read and checked meanwhile, while the
  // caller writes this one. A file that cannot be read on, or has too many rows, ends with a row that says so.
  Result<ImportChunk> Next();
  // Rows given out so far, the skipped ones included.
  int position() const { return given_; }

 private:
  Result<ImportChunk> Read();
  void ReadAhead();
  // False at the end of the file or at a fault.
  Result<bool> NextRow();
  Result<void> ReadHeader();
  ImportRow Parse(const csv::Row& row);
  void FindEarlier(ImportRow& row);

  ReadPiece read_;
  TextReader reader_;
  const Id community_;
  const FileRules rules_;
  const int most_rows_;
  Header header_;
  csv::Row buffer_;
  // As far as they are remembered: only a hint for whoever reads the report.
  std::unordered_map<std::string, int> row_of_external_id_, row_of_identity_;
  const int chunk_rows_, skip_;
  std::int64_t bytes_ = 0;
  int position_ = 0, given_;
  bool ended_ = false;
  std::future<Result<ImportChunk>> next_;  // last: ends before what it reads from
};

// What to report for a row that Join refused.
RowError RefusedRow(const ImportRow& row, const Error& error);

}  // namespace lanting::membership
