// Facts about offers of the waiting list. The version is that of the member after the fact.
#pragma once

#include "membership/domain/member.h"
#include "membership/events/cause.h"
#include "platform/outbox/outbox.h"

namespace lanting::membership::events {

outbox::Event PlaceOffered(const Member& member, const Cause& cause);
outbox::Event OfferLapsed(const Member& member, bool declined, const Cause& cause);

}  // namespace lanting::membership::events
