#include "membership/events/publish_profile.h"

#include "lanting/membership/v1/events.pb.h"
#include "membership/domain/names.h"

namespace lanting::membership::events {
namespace pb = lanting::membership::v1;
namespace {

template <typename Message>
outbox::Event AboutMember(Message fact, const Id& community, const Id& member, std::int64_t version,
                          const Cause& cause) {
  fact.set_member(names::Member(community, member));
  return outbox::MakeEvent(fact, fact.member(), version, cause.now, cause.traceparent);
}

}  // namespace

outbox::Event MemberUpdated(const Id& community, const Id& member, std::int64_t version, const Cause& cause) {
  return AboutMember(pb::MemberUpdated(), community, member, version, cause);
}

outbox::Event MemberTagged(const Id& community, const Id& member, std::int64_t version, const Cause& cause) {
  return AboutMember(pb::MemberTagged(), community, member, version, cause);
}

outbox::Event HouseRulesAccepted(const Id& community, const Id& member, int rules_version, std::int64_t version,
                                 const Cause& cause) {
  pb::HouseRulesAccepted fact;
  fact.set_version(rules_version);
  return AboutMember(std::move(fact), community, member, version, cause);
}

outbox::Event OnboardingStepCompleted(const Id& community, const Id& member, const std::string& step,
                                      std::int64_t version, const Cause& cause) {
  pb::OnboardingStepCompleted fact;
  fact.set_step(step);
  return AboutMember(std::move(fact), community, member, version, cause);
}

outbox::Event OnboardingCompleted(const Id& community, const Id& member, std::int64_t version, const Cause& cause) {
  return AboutMember(pb::OnboardingCompleted(), community, member, version, cause);
}

}  // namespace lanting::membership::events
