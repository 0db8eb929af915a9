#include "platform/base/pattern.h"

#include <re2/re2.h>

#include <string>

namespace lanting {
namespace {

constexpr std::int64_t kMaxMemory = 1 << 20;

RE2::Options Options() {
  RE2::Options options;
  options.set_max_mem(kMaxMemory);
  options.set_log_errors(false);
  options.set_never_capture(true);
  return options;
}

}  // namespace

struct Pattern::Compiled {
  explicit Compiled(std::string_view expression)
      : re2(re2::StringPiece(expression.data(), expression.size()), Options()) {}
  RE2 re2;
};

Result<Pattern> Pattern::Compile(std::string_view expression) {
  auto compiled = std::make_shared<const Compiled>(expression);
  if (compiled->re2.ok()) return Pattern(std::move(compiled));
  return Error{.code = Code::kInvalidArgument,
               .reason = "INVALID_PATTERN",
               .message = "The expression cannot be used: " + compiled->re2.error() + "."};
}

bool Pattern::Matches(std::string_view text) const {
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), compiled_->re2);
}

}  // namespace lanting
