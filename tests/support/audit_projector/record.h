// The projector's one handler: an audit_entry row for each event.
#pragma once

#include "platform/inbox/consumer.h"

namespace lanting::audit {

Result<void> Record(pg::Tx& tx, const inbox::EventEnvelope& event);

}  // namespace lanting::audit
