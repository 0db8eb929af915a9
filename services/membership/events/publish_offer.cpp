#include "membership/events/publish_offer.h"

#include "lanting/membership/v1/events.pb.h"
#include "membership/domain/names.h"
#include "platform/resource/times.h"

namespace lanting::membership::events {
namespace pb = lanting::membership::v1;

outbox::Event PlaceOffered(const Member& member, const Cause& cause) {
  pb::PlaceOffered fact;
  fact.set_member(names::Member(member.community, member.id));
  fact.set_group(names::Group(member.community, member.group));
  *fact.mutable_offer_expire_time() = resource::ToTimestamp(*member.offer_expire_time);
  return outbox::MakeEvent(fact, fact.member(), member.version, cause.now, cause.traceparent);
}

outbox::Event OfferLapsed(const Member& member, bool declined, const Cause& cause) {
  pb::OfferLapsed fact;
  fact.set_member(names::Member(member.community, member.id));
  fact.set_declined(declined);
  return outbox::MakeEvent(fact, fact.member(), member.version, cause.now, cause.traceparent);
}

}  // namespace lanting::membership::events
