// What becomes of an event that comes in: a delivery for each webhook of its tenant that wants its type.
#pragma once

#include "platform/base/clock.h"
#include "platform/inbox/consumer.h"

namespace lanting::webhooks::events {

// One handler for whatever type comes. `clock` outlives them.
inbox::Handlers MakeHandlers(const Clock& clock);

}  // namespace lanting::webhooks::events
