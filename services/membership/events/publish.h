// Facts about tenants, communities, groups, gates and applications as they go into the outbox. The version is that of
// the subject after the fact; a subject never has two facts of one version.
#pragma once

#include <string>

#include "membership/domain/application.h"
#include "membership/domain/community.h"
#include "membership/domain/gate.h"
#include "membership/domain/key.h"
#include "membership/events/cause.h"
#include "platform/outbox/outbox.h"

namespace lanting::membership::events {

outbox::Event TenantCreated(const Tenant& tenant, const Cause& cause);
// Version 1 of the community; the rules it opens with are version 2.
outbox::Event CommunityOpened(const Community& community, const Cause& cause);
outbox::Event CommunityUpdated(const Community& community, const Cause& cause);
outbox::Event HouseRulesPublished(const HouseRules& rules, std::int64_t community_version, const Cause& cause);
outbox::Event GroupCreated(const Group& group, const Cause& cause);
outbox::Event GateCreated(const Gate& gate, const Cause& cause);
outbox::Event InviteLinkCreated(const InviteLink& link, const Cause& cause);
outbox::Event ApplicationSubmitted(const Application& application, const Cause& cause);
outbox::Event ApplicationApproved(const Application& application, const Cause& cause);
outbox::Event ApplicationRejected(const Application& application, const Cause& cause);

outbox::Event KeyCreated(const Key& key, const Cause& cause);
// Of the old key, as it is now.
outbox::Event KeyRotated(const Key& key, const Cause& cause);
outbox::Event KeyRevoked(const Key& key, const Cause& cause);

}  // namespace lanting::membership::events
