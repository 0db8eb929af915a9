#include "webhooks/domain/schedule.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace lanting::webhooks {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::optional<milliseconds> RetryDelay(int failed_attempts, double random, std::optional<seconds> retry_after) {
  if (failed_attempts < 1 || failed_attempts > static_cast<int>(kRetryDelays.size())) return std::nullopt;
  const milliseconds base = kRetryDelays[static_cast<std::size_t>(failed_attempts - 1)];
  const milliseconds wait(static_cast<long>(static_cast<double>(base.count()) * (0.9 + 0.2 * random)));
  if (!retry_after) return wait;
  return std::max(wait, milliseconds(std::clamp(*retry_after, seconds(0), kMaxRetryAfter)));
}

std::optional<seconds> ParseRetryAfter(std::string_view text, Time now) {
  long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range && text.front() != '-') return kMaxRetryAfter;
  if (error == std::errc() && end == text.data() + text.size() && number >= 0) return seconds(number);
  std::tm date{};
  const std::string copy(text);
  // IMF-fixdate, the one form of a date that may be sent. Its names are English whatever the locale, which we never
  // set.
  const char* rest = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  const auto at = std::chrono::system_clock::from_time_t(::timegm(&date));
  return std::max(seconds(0), std::chrono::ceil<seconds>(at - now));
}

}  // namespace lanting::webhooks
