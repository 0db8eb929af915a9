// Facts about staff and their duties, as events. No personal data in them.
#pragma once

#include "membership/domain/duty.h"
#include "membership/domain/staff.h"
#include "membership/events/cause.h"
#include "platform/outbox/outbox.h"

namespace lanting::membership::events {

outbox::Event StaffAssigned(const Staff& staff, const Cause& cause);
outbox::Event StaffEnded(const Staff& staff, const Cause& cause);
// The version is that of the duty after it.
outbox::Event DutyCompleted(const Duty& duty, Time occurrence, const Completion& completion, const Cause& cause);
outbox::Event DutyCompletionUndone(const Duty& duty, Time occurrence, const Cause& cause);

}  // namespace lanting::membership::events
