// When a call may be repeated, and when an address is left alone. Pure: time is an argument.
#pragma once

#include <algorithm>
#include <chrono>

#include "platform/base/clock.h"

namespace lanting::gateway {

// The retry throttling of gRFC A6: so that an outage is not multiplied.
class RetryBudget {
 public:
  void OnSuccess() { tokens_ = std::min(kTokens, tokens_ + 0.1); }
  void OnFailure() { tokens_ = std::max(0.0, tokens_ - 1); }
  bool Allows() const { return tokens_ > kTokens / 2; }

 private:
  static constexpr double kTokens = 10;
  double tokens_ = kTokens;
};

// The failures of one address, one after the other.
class Outlier {
 public:
  using Ms = std::chrono::milliseconds;
  Outlier(Ms unit, Ms most) : unit_(unit), most_(most) {}

  void OnSuccess() { failures_ = 0; }
  // Whether it should be ejected now.
  bool OnFailure() { return ++failures_ >= kFailures; }
  // For unit times the ejections so far; they are forgotten after the longest time without one.
  void Eject(Deadline now) {
    if (now - until_ > most_) ejections_ = 0;
    until_ = now + std::min(unit_ * ++ejections_, most_);
    failures_ = 0;
  }
  bool IsEjected(Deadline now) const { return now < until_; }

 private:
  static constexpr int kFailures = 5;
  Ms unit_, most_;
  int failures_ = 0, ejections_ = 0;
  Deadline until_;
};

}  // namespace lanting::gateway
