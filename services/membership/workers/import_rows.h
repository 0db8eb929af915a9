// The rows of a CSV as people who want in: each row checked by the same validator as an API call.
#pragma once

#include <string_view>
#include <vector>

#include "membership/domain/people_csv.h"
#include "membership/store/import_store.h"
#include "membership/store/join_store.h"

namespace lanting::membership {

struct ImportRow {
  int row = 0, line = 0;
  JoinItem item;
  std::vector<RowError> faults;  // not empty: the row is bad
};

class ImportRows {
 public:
  // `text` has passed CheckFile and outlives this.
  ImportRows(std::string_view text, const Id& community);

  // The next at most `limit` rows; empty at the end.
  std::vector<ImportRow> Next(int limit);
  void Skip(int rows);
  int position() const { return position_; }

 private:
  ImportRow Parse(const csv::Row& row) const;

  csv::Reader reader_;
  Id community_;
  Header header_;
  csv::Row buffer_;
  int position_ = 0;
};

// What to report for a row that Join refused.
RowError RefusedRow(const ImportRow& row, const Error& error);

}  // namespace lanting::membership
