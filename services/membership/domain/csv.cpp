#include "membership/domain/csv.h"

#include <algorithm>
#include <limits>

namespace lanting::membership::csv {
namespace {

constexpr std::size_t kKeptBefore = 256 * 1024;  // bytes of rows given out, before they are dropped

void Count(int& line, std::size_t lines) {
  const auto left = static_cast<std::size_t>(std::numeric_limits<int>::max() - line);
  line += static_cast<int>(std::min(left, lines));
}

}  // namespace

void Reader::Feed(std::string_view piece) {
  if (start_ >= kKeptBefore) {
    text_.erase(0, start_);
    start_ = 0;
  }
  text_ += piece;
}

// '\r' at the very end ends the row too; the caller makes sure that what follows is known.
bool Reader::AtLineBreak(std::size_t at) const {
  return text_[at] == '\n' || (text_[at] == '\r' && (at + 1 == text_.size() || text_[at + 1] == '\n'));
}

Reader::Step Reader::Refuse(int line, std::string message) {
  fault_ = Fault{line, std::move(message)};
  return Step::kEnd;
}

// False: more of the file is needed.
bool Reader::SkipEmptyLines() {
  for (;;) {
    if (start_ >= text_.size()) return ended_;
    if (text_[start_] == '\r' && !Known(start_ + 1)) return false;
    if (!AtLineBreak(start_)) return true;
    if (text_[start_] == '\r') ++start_;
    if (start_ < text_.size() && text_[start_] == '\n') ++start_;
    Count(line_, 1);
  }
}

// By the first row, whose end must be there.
bool Reader::FindSeparator() {
  constexpr std::string_view kSeparators = ",;\t";
  std::size_t counts[kSeparators.size()] = {};
  bool quoted = false;
  std::size_t at = start_;
  for (; at < text_.size() && at - start_ <= kMaxRowBytes && (quoted || text_[at] != '\n'); ++at) {
    if (text_[at] == '"') quoted = !quoted;
    const auto which = kSeparators.find(text_[at]);
    if (!quoted && which != std::string_view::npos) ++counts[which];
  }
  if (at == text_.size() && !ended_ && at - start_ <= kMaxRowBytes) return false;
  separator_ = kSeparators[static_cast<std::size_t>(std::max_element(counts, counts + kSeparators.size()) - counts)];
  return true;
}

Reader::Step Reader::Next(Row& row) {
  if (fault_) return Step::kEnd;
  if (!SkipEmptyLines()) return Step::kMore;
  if (start_ >= text_.size()) return Step::kEnd;
  if (separator_ == 0 && !FindSeparator()) return Step::kMore;
  const auto step = ReadRow(row);
  // What had to be read to know the answer.
  if ((step == Step::kMore ? text_.size() : at_) - start_ > kMaxRowBytes) {
    return Refuse(line_, "the row is longer than 1 MiB; is there a quote that is never closed?");
  }
  if (step == Step::kRow) {
    row.line = line_;
    start_ = at_;
    line_ = row_line_;
  }
  return step;
}

// From the start of the row; begins anew when more of the file has come.
Reader::Step Reader::ReadRow(Row& row) {
  at_ = start_;
  row_line_ = line_;
  std::size_t count = 0;
  row.quoted.clear();
  for (;;) {
    if (count == kMaxFields) return Refuse(line_, "the row has more than " + std::to_string(kMaxFields) + " fields");
    if (row.fields.size() == count) row.fields.emplace_back();
    bool quoted = false;
    if (const auto step = ReadField(row.fields[count++], quoted); step != Step::kRow) return step;
    row.quoted.push_back(quoted);
    if (at_ >= text_.size()) break;  // and the file has ended
    if (text_[at_] != separator_) {
      if (text_[at_] == '\r') ++at_;
      if (at_ < text_.size() && text_[at_] == '\n') ++at_;
      Count(row_line_, 1);
      break;
    }
    ++at_;
  }
  row.fields.resize(count);
  return Step::kRow;
}

Reader::Step Reader::ReadField(std::string& field, bool& quoted) {
  field.clear();
  if (!Known(at_)) return Step::kMore;
  quoted = at_ < text_.size() && text_[at_] == '"';
  if (quoted) return ReadQuoted(field);
  const auto begin = at_;
  for (; at_ < text_.size() && text_[at_] != separator_; ++at_) {
    if (text_[at_] == '\r' && !Known(at_ + 1)) return Step::kMore;
    if (AtLineBreak(at_)) break;
  }
  if (!Known(at_)) return Step::kMore;
  field.assign(text_, begin, at_ - begin);
  return Step::kRow;
}

Reader::Step Reader::ReadQuoted(std::string& field) {
  const int opened_at = row_line_;
  ++at_;
  for (;;) {
    const auto quote = text_.find('"', at_);
    if (quote == std::string::npos) {
      if (!ended_) return Step::kMore;
      at_ = text_.size();
      return Refuse(opened_at, "the quoted field that starts here is never closed");
    }
    const auto piece = std::string_view(text_).substr(at_, quote - at_);
    Count(row_line_, static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n')));
    field += piece;
    at_ = quote + 1;
    if (!Known(at_)) return Step::kMore;
    if (at_ < text_.size() && text_[at_] == '"') {
      field.push_back('"');
      ++at_;
      continue;
    }
    if (at_ < text_.size() && text_[at_] == '\r' && !Known(at_ + 1)) return Step::kMore;
    if (at_ >= text_.size() || text_[at_] == separator_ || AtLineBreak(at_)) return Step::kRow;
    at_ += text_[at_] == '\r' ? 2 : 1;
    return Refuse(row_line_, "there is text after a closing quote");
  }
}

}  // namespace lanting::membership::csv
