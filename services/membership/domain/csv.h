// A strict RFC 4180 reader that knows where each row starts. Ours, because an import must report every bad row by
// number and line and must resume at a row, which no packaged C++ reader offers.
//
// Rows end with LF or CRLF; a field may be quoted, then it may hold commas, line breaks and doubled quotes. A leading
// UTF-8 byte order mark is skipped, and so are empty lines. A quote inside an unquoted field is text, as spreadsheets
// write it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lanting::membership::csv {

// A row with more is a fault: without a bound, a file of commas would take a hundred times its size in memory.
inline constexpr std::size_t kMaxFields = 100;

struct Row {
  int line = 0;  // where it starts, from 1
  std::vector<std::string> fields;
};

// Why the file cannot be read to its end.
struct Fault {
  int line;  // of the quote, or the row, at fault
  std::string message;
};

class Reader {
 public:
  // `text` must outlive the reader.
  explicit Reader(std::string_view text);

  // The next row into `row` (its buffers are reused). False at the end or at a fault.
  bool Next(Row& row);
  const std::optional<Fault>& fault() const { return fault_; }

 private:
  bool ReadField(std::string& field);
  bool AtLineBreak() const;
  void SkipLineBreak();

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::optional<Fault> fault_;
};

}  // namespace lanting::membership::csv
