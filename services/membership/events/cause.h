// What every fact has: when it happened, and the trace of the call that caused it.
#pragma once

#include <string>

#include "platform/base/clock.h"

namespace lanting::membership::events {

struct Cause {
  Time now;
  std::string traceparent;
};

}  // namespace lanting::membership::events
