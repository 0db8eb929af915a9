// Facts about segments. Who is in one is nobody's fact: it is evaluated when it is asked for.
#pragma once

#include "membership/domain/segment.h"
#include "membership/events/cause.h"
#include "platform/outbox/outbox.h"

namespace lanting::membership::events {

outbox::Event SegmentCreated(const Segment& segment, const Cause& cause);
outbox::Event SegmentUpdated(const Segment& segment, const Cause& cause);
// `segment` with the version after its last.
outbox::Event SegmentDeleted(const Segment& segment, const Cause& cause);

}  // namespace lanting::membership::events
