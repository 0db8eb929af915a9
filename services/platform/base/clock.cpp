#include "platform/base/clock.h"

namespace lanting {

const Clock& Clock::System() {
  struct SystemClock final : Clock {
    Time Now() const override {
      return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    }
  };
  static const SystemClock clock;
  return clock;
}

}  // namespace lanting
