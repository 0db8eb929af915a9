// Regular expressions of callers: RE2's, so that matching takes time linear in the text and memory within a bound,
// whatever the expression.
#pragma once

#include <memory>
#include <string_view>

#include "platform/base/result.h"

namespace lanting {

class Pattern {
 public:
  // RE2's syntax over UTF-8. INVALID_PATTERN with what is wrong with it; also of one that would take more than about a
  // megabyte once compiled (counted repeats of counted repeats).
  static Result<Pattern> Compile(std::string_view expression);

  // Whether all of `text` matches. From any thread.
  bool Matches(std::string_view text) const;

 private:
  struct Compiled;
  explicit Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace lanting
