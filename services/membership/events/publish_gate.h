// Facts about gates, links and applications after they were made (publish.h). Neither answers nor keywords are in one.
#pragma once

#include "membership/domain/application.h"
#include "membership/domain/gate.h"
#include "membership/events/cause.h"
#include "platform/outbox/outbox.h"

namespace lanting::membership::events {

outbox::Event GateUpdated(const Gate& gate, const Cause& cause);
outbox::Event GateClosed(const Gate& gate, const Cause& cause);
outbox::Event GateReopened(const Gate& gate, const Cause& cause);
// Version 2 of the link: it is made and revoked once.
outbox::Event InviteLinkRevoked(const InviteLink& link, const Cause& cause);
outbox::Event ApplicationContacted(const Application& application, const Cause& cause);
outbox::Event ApplicationWithdrawn(const Application& application, const Cause& cause);

}  // namespace lanting::membership::events
