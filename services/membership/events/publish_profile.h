// Facts about what is known of members and how they settle in. No personal data in them. The version is that of the
// member after the fact.
#pragma once

#include <string>
#include <vector>

#include "membership/domain/member.h"
#include "membership/events/cause.h"
#include "platform/outbox/outbox.h"

namespace lanting::membership::events {

outbox::Event MemberUpdated(const Id& community, const Id& member, std::int64_t version, const Cause& cause);
outbox::Event MemberTagged(const Id& community, const Id& member, std::int64_t version, const Cause& cause);
outbox::Event HouseRulesAccepted(const Id& community, const Id& member, int rules_version, std::int64_t version,
                                 const Cause& cause);
outbox::Event OnboardingStepCompleted(const Id& community, const Id& member, const std::string& step,
                                      std::int64_t version, const Cause& cause);
outbox::Event OnboardingCompleted(const Id& community, const Id& member, std::int64_t version, const Cause& cause);

}  // namespace lanting::membership::events
