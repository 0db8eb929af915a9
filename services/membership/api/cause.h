// The call as the cause of facts.
#pragma once

#include "membership/events/cause.h"
#include "platform/rpc/call.h"

namespace lanting::membership {

inline events::Cause CauseOf(const rpc::Call& call) { return {call.now, call.traceparent}; }

}  // namespace lanting::membership
