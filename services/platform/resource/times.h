// Times between their API form and ours.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include "platform/base/clock.h"

namespace lanting::resource {

inline google::protobuf::Timestamp ToTimestamp(Time time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  google::protobuf::Timestamp t;
  t.set_seconds(second.time_since_epoch().count());
  t.set_nanos(static_cast<std::int32_t>(std::chrono::nanoseconds(time - second).count()));
  return t;
}
// Below a microsecond it is cut: what PostgreSQL keeps.
inline Time FromTimestamp(const google::protobuf::Timestamp& time) {
  return Time(std::chrono::seconds(time.seconds()) + std::chrono::microseconds(time.nanos() / 1000));
}

}  // namespace lanting::resource
