// Backoff: how long a loop waits before it tries a dependency again. Doubles from `first` to `most`, with jitter of
// half, so that many processes do not come back at the same moment.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace lanting::redis {

class Backoff {
 public:
  using Millis = std::chrono::milliseconds;
  Backoff(Millis first, Millis most) : first_(first), most_(most), random_(std::random_device{}()) {}

  // The wait after the n-th failure in a row, n from 1.
  Millis After(int failures) {
    const auto full = std::min(most_, first_ * (1 << std::clamp(failures - 1, 0, 16)));
    return full / 2 + Millis(std::uniform_int_distribution<long>(0, full.count() / 2)(random_));
  }
  Millis Next() { return After(++failures_); }
  void Reset() { failures_ = 0; }

 private:
  Millis first_, most_;
  int failures_ = 0;
  std::mt19937 random_;
};

}  // namespace lanting::redis
