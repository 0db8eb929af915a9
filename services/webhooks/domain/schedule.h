// When a failed delivery is tried again.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "platform/base/clock.h"

namespace lanting::webhooks {

// The waits between attempts, before jitter: twelve attempts over 70 h 42 min 35 s, about three days.
inline constexpr std::array<std::chrono::seconds, 11> kRetryDelays = {
    std::chrono::seconds(5),         std::chrono::seconds(30),       std::chrono::seconds(120),
    std::chrono::seconds(600),       std::chrono::seconds(1800),     std::chrono::seconds(3600),
    std::chrono::seconds(3 * 3600),  std::chrono::seconds(6 * 3600), std::chrono::seconds(12 * 3600),
    std::chrono::seconds(24 * 3600), std::chrono::seconds(24 * 3600)};
// The longest wait that a receiver may ask for.
inline constexpr std::chrono::seconds kMaxRetryAfter{24 * 3600};

// The wait after the n-th failed attempt, n from 1; nullopt when it was the last. `random` is in [0, 1): the wait is
// within a tenth of the table's, so that what failed together does not come back together. `retry_after` is what the
// receiver asked for: it makes the wait longer, never shorter, up to kMaxRetryAfter.
std::optional<std::chrono::milliseconds> RetryDelay(int failed_attempts, double random,
                                                    std::optional<std::chrono::seconds> retry_after);

// The header Retry-After (RFC 9110): seconds, or a date of which the rest of the time is taken. nullopt for anything
// else; a date that has passed is 0.
std::optional<std::chrono::seconds> ParseRetryAfter(std::string_view text, Time now);

}  // namespace lanting::webhooks
