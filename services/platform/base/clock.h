// Time is injected. Domain code takes `Time now` as an argument; everything else asks a Clock.
#pragma once

#include <chrono>

namespace lanting {

// UTC wall time with microsecond resolution: what PostgreSQL's timestamptz keeps.
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
// Monotonic time for deadlines.
using Deadline = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
  // The process-wide real clock.
  static const Clock& System();
};

inline Deadline DeadlineIn(std::chrono::milliseconds d) { return std::chrono::steady_clock::now() + d; }
inline std::chrono::milliseconds Remaining(Deadline d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d - std::chrono::steady_clock::now());
}

}  // namespace lanting
