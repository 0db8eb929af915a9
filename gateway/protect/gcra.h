// GCRA, the generic cell rate algorithm (ITU-T I.371 Annex A, virtual scheduling): a leaky bucket kept as one number,
// the theoretical arrival time (TAT) of the next request if all came evenly. A request moves it on by the emission
// interval, and is refused if that would put it further ahead of now than the burst allows.
//
// The same arithmetic stands in rate_script.h for Redis.
#pragma once

#include <algorithm>
#include <cstdint>

namespace lanting::gateway {

struct Rate {
  std::int64_t interval_us = 0;  // between requests at the steady rate; 0: no limit
  int burst = 1;                 // requests that may come at once, at least 1
  int quota = 0, window_s = 1;   // the rate in words: `quota` in `window_s` seconds

  // 0: no limit. The interval is rounded up, so that never more than the rate comes through.
  static Rate Per(int window_s, int quota, int burst) {
    if (quota <= 0) return {};
    return {(window_s * std::int64_t{1'000'000} + quota - 1) / quota, std::max(burst, 1), quota, window_s};
  }
  bool off() const { return interval_us == 0; }
  std::int64_t full_us() const { return interval_us * burst; }  // from empty to full
};

struct Level {
  bool allowed = true;
  int remaining = 0;          // requests that may come now, this one taken
  std::int64_t reset_us = 0;  // until the bucket is full
  std::int64_t retry_us = 0;  // until one request may come; 0 if allowed
};

// Nothing legitimate puts a TAT further ahead than a whole burst: one that is (a clock went back, a limit was lowered)
// is put right before it is looked at, or the bucket would stay empty for as long.
inline std::int64_t PutRight(std::int64_t tat, std::int64_t now, const Rate& rate) {
  return std::min(tat, now + rate.full_us());
}

// What a request at `now` would find; `tat` is not changed.
inline Level Look(std::int64_t tat, std::int64_t now, const Rate& rate) {
  const std::int64_t ahead = std::max<std::int64_t>(PutRight(tat, now, rate) - now, 0), room = rate.full_us() - ahead;
  if (room < rate.interval_us) return {false, 0, ahead, rate.interval_us - room};
  return {true, static_cast<int>((room - rate.interval_us) / rate.interval_us), ahead + rate.interval_us, 0};
}

// The TAT after a request that was allowed so.
inline std::int64_t Taken(const Level& level, std::int64_t now) { return now + level.reset_us; }

}  // namespace lanting::gateway
