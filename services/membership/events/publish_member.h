// Facts about members and the places they take, as events. No personal data in them.
#pragma once

#include "membership/domain/member.h"
#include "membership/events/cause.h"
#include "platform/outbox/outbox.h"

namespace lanting::membership::events {

outbox::Event MemberJoined(const Member& member, bool from_waiting_list, const Cause& cause);
outbox::Event MemberWaitlisted(const Member& member, const Cause& cause);
// `was_active`: false if the person had been waiting.
outbox::Event MemberLeft(const Member& member, bool was_active, const Cause& cause);
// `version` is that of the group after 90 % of its places were taken.
outbox::Event GroupNearFull(const Id& community, const Id& group, int capacity, int member_count, std::int64_t version,
                            const Cause& cause);
// `version` is that of the group after its last place was taken.
outbox::Event GroupFull(const Id& community, const Id& group, int capacity, std::int64_t version, const Cause& cause);

}  // namespace lanting::membership::events
