// A strict RFC 4180 reader that takes the file piece by piece and knows where each row starts. Ours, because an import
// must report every bad row by number and line, must resume at a row, and must not hold a file of gigabytes.
//
// Rows end with LF or CRLF; a field may be quoted, then it may hold separators, line breaks and doubled quotes. Empty
// lines are skipped. A quote inside an unquoted field is text, as spreadsheets write it. The separator is the comma,
// the semicolon or the tab, whichever the first row has most of outside quotes (the comma if none). The text is UTF-8
// (text_decoder.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lanting::membership::csv {

// A row with more fields, or of more bytes, is a fault: what one row takes in memory has a bound, and a quote that is
// never closed is noticed before the rest of the file is one field.
inline constexpr std::size_t kMaxFields = 500;
inline constexpr std::size_t kMaxRowBytes = 1024 * 1024;

struct Row {
  int line = 0;  // where it starts, from 1
  std::vector<std::string> fields;
  std::vector<bool> quoted;  // the field was in quotes
};

// Why the file cannot be read to its end.
struct Fault {
  int line;  // of the quote, or the row, at fault
  std::string message;
};

class Reader {
 public:
  Reader() = default;
  // All of `text` at once.
  explicit Reader(std::string_view text) {
    Feed(text);
    End();
  }

  void Feed(std::string_view piece);
  // The file has no more.
  void End() { ended_ = true; }

  enum class Step { kRow, kMore, kEnd };
  // The next row into `row` (its buffers are reused). kMore: feed more, or say that it has ended; kEnd: the end of the
  // file, or a fault. What it answers does not depend on how the file was cut into pieces.
  Step Next(Row& row);
  const std::optional<Fault>& fault() const { return fault_; }
  char separator() const { return separator_; }  // ',' before the first row

 private:
  bool FindSeparator();
  bool SkipEmptyLines();
  Step ReadRow(Row& row);
  Step ReadField(std::string& field, bool& quoted);
  Step ReadQuoted(std::string& field);
  Step Refuse(int line, std::string message);
  // Whether what stands at `at` can be told without more of the file.
  bool Known(std::size_t at) const { return ended_ || at < text_.size(); }
  bool AtLineBreak(std::size_t at) const;

  std::string text_;       // from the row at hand on
  std::size_t start_ = 0;  // of that row in it
  std::size_t at_ = 0;     // within the row
  int line_ = 1, row_line_ = 1;
  char separator_ = 0;
  bool ended_ = false;
  std::optional<Fault> fault_;
};

}  // namespace lanting::membership::csv
