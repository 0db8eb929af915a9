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

namespace lanting::membership {

struct ImportRow {
  int row = 0, line = 0;
  JoinItem item;
  std::vector<RowError> faults;  // not empty: the row is bad
  // The earlier row of the file with the same external id, identity; 0: none that was read.
  int same_external_id = 0, same_identity = 0;
};

class ImportRows {
 public:
  // From the row after `skip` rows, `chunk_rows` at a time. `text` has passed CheckFile and outlives this.
  ImportRows(std::string_view text, const Id& community, int chunk_rows, int skip = 0);
  ImportRows(const ImportRows&) = delete;

  // The next chunk; empty at the end. The one after it is read and checked meanwhile, while the caller writes this one.
  std::vector<ImportRow> Next();
  // Rows given out so far, the skipped ones included.
  int position() const { return given_; }

 private:
  std::vector<ImportRow> Read();
  void ReadAhead();
  ImportRow Parse(const csv::Row& row);

  csv::Reader reader_;
  Id community_;
  Header header_;
  csv::Row buffer_;
  std::unordered_map<std::string, int> row_of_external_id_, row_of_identity_;
  const int chunk_rows_;
  int position_ = 0, given_ = 0;
  std::future<std::vector<ImportRow>> next_;  // last: ends before what it reads from
};

// What to report for a row that Join refused.
RowError RefusedRow(const ImportRow& row, const Error& error);

}  // namespace lanting::membership
