// Ruler: where in a text an offset is, for people.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lanting::gateway {

// Counts lines and columns (in bytes, both from 1) up to offsets that never go back.
class Ruler {
 public:
  explicit Ruler(std::string_view text) : text_(text) {}

  void MoveTo(std::size_t offset) {
    for (; at_ < offset && at_ < text_.size(); ++at_) {
      ++column_;
      if (text_[at_] == '\n') ++line_, column_ = 1;
    }
  }
  std::string line() const { return std::to_string(line_); }
  std::string column() const { return std::to_string(column_); }

 private:
  std::string_view text_;
  std::size_t at_ = 0, line_ = 1, column_ = 1;
};

}  // namespace lanting::gateway
