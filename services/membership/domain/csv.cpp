#include "membership/domain/csv.h"

#include <algorithm>

namespace lanting::membership::csv {

Reader::Reader(std::string_view text) : text_(text) {
  if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
}

bool Reader::AtLineBreak() const {
  return text_[at_] == '\n' || (text_[at_] == '\r' && (at_ + 1 == text_.size() || text_[at_ + 1] == '\n'));
}

void Reader::SkipLineBreak() {
  if (text_[at_] == '\r') ++at_;
  if (at_ < text_.size() && text_[at_] == '\n') ++at_;
  ++line_;
}

bool Reader::Next(Row& row) {
  while (at_ < text_.size() && AtLineBreak()) SkipLineBreak();
  if (at_ >= text_.size() || fault_) return false;
  row.line = line_;
  std::size_t count = 0;
  for (;;) {
    if (count == kMaxFields) {
      fault_ = Fault{row.line, "the row has more than " + std::to_string(kMaxFields) + " fields"};
      return false;
    }
    if (row.fields.size() == count) row.fields.emplace_back();
    if (!ReadField(row.fields[count++])) return false;
    if (at_ >= text_.size()) break;
    if (text_[at_] == ',') {
      ++at_;
      continue;
    }
    SkipLineBreak();
    break;
  }
  row.fields.resize(count);
  return true;
}

bool Reader::ReadField(std::string& field) {
  field.clear();
  if (at_ >= text_.size() || text_[at_] != '"') {
    std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != ',' && !AtLineBreak()) ++at_;
    field.assign(text_, start, at_ - start);
    return true;
  }
  const int opened_at = line_;
  ++at_;
  for (;;) {
    std::size_t quote = text_.find('"', at_);
    if (quote == std::string_view::npos) {
      fault_ = Fault{opened_at, "the quoted field that starts here is never closed"};
      return false;
    }
    auto piece = text_.substr(at_, quote - at_);
    line_ += static_cast<int>(std::count(piece.begin(), piece.end(), '\n'));
    field += piece;
    at_ = quote + 1;
    if (at_ < text_.size() && text_[at_] == '"') {
      field.push_back('"');
      ++at_;
      continue;
    }
    if (at_ >= text_.size() || text_[at_] == ',' || AtLineBreak()) return true;
    fault_ = Fault{line_, "there is text after a closing quote"};
    return false;
  }
}

}  // namespace lanting::membership::csv
