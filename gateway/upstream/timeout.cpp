#include "gateway/upstream/timeout.h"

#include <algorithm>
#include <charconv>

namespace lanting::gateway {

std::optional<std::chrono::milliseconds> ParseGrpcTimeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9 || text.front() == '-') return std::nullopt;
  const char* unit = &text.back();
  std::int64_t n = 0;
  if (auto [stop, fault] = std::from_chars(text.data(), unit, n); fault != std::errc() || stop != unit)
    return std::nullopt;
  std::int64_t ms = 0;
  switch (*unit) {
    case 'H':
      ms = n * 3'600'000;
      break;
    case 'M':
      ms = n * 60'000;
      break;
    case 'S':
      ms = n * 1'000;
      break;
    case 'm':
      ms = n;
      break;
    case 'u':
      ms = n / 1'000;
      break;
    case 'n':
      ms = n / 1'000'000;
      break;
    default:
      return std::nullopt;
  }
  return std::chrono::milliseconds(std::max<std::int64_t>(ms, 1));
}

}  // namespace lanting::gateway
