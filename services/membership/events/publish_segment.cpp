#include "membership/events/publish_segment.h"

#include "lanting/membership/v1/events.pb.h"
#include "membership/domain/names.h"

namespace lanting::membership::events {
namespace {

namespace pb = lanting::membership::v1;

template <typename Message>
outbox::Event Make(const Segment& segment, const Cause& cause) {
  Message e;
  e.set_segment(names::Segment(segment.community, segment.id));
  return outbox::MakeEvent(e, e.segment(), segment.version, cause.now, cause.traceparent);
}

}  // namespace

outbox::Event SegmentCreated(const Segment& segment, const Cause& cause) {
  return Make<pb::SegmentCreated>(segment, cause);
}
outbox::Event SegmentUpdated(const Segment& segment, const Cause& cause) {
  return Make<pb::SegmentUpdated>(segment, cause);
}
outbox::Event SegmentDeleted(const Segment& segment, const Cause& cause) {
  return Make<pb::SegmentDeleted>(segment, cause);
}

}  // namespace lanting::membership::events
