#include "membership/events/publish_member.h"

#include "lanting/membership/v1/events.pb.h"
#include "membership/domain/names.h"

namespace lanting::membership::events {
namespace pb = lanting::membership::v1;
namespace {

template <typename Message>
outbox::Event About(const Message& fact, std::string subject, std::int64_t version, const Cause& cause) {
  return outbox::MakeEvent(fact, std::move(subject), version, cause.now, cause.traceparent);
}

}  // namespace

outbox::Event MemberJoined(const Member& member, bool from_waiting_list, const Cause& cause) {
  pb::MemberJoined fact;
  fact.set_member(names::Member(member.community, member.id));
  fact.set_group(names::Group(member.community, member.group));
  fact.set_source(static_cast<pb::JoinSource>(member.source));
  fact.set_from_waiting_list(from_waiting_list);
  if (!member.referrer.IsNil()) fact.set_referrer(names::Member(member.community, member.referrer));
  return About(fact, fact.member(), member.version, cause);
}

outbox::Event MemberWaitlisted(const Member& member, const Cause& cause) {
  pb::MemberWaitlisted fact;
  fact.set_member(names::Member(member.community, member.id));
  fact.set_source(static_cast<pb::JoinSource>(member.source));
  return About(fact, fact.member(), member.version, cause);
}

outbox::Event MemberLeft(const Member& member, bool was_active, const Cause& cause) {
  pb::MemberLeft fact;
  fact.set_member(names::Member(member.community, member.id));
  if (was_active) fact.set_group(names::Group(member.community, member.group));
  for (const auto& group : member.topic_groups) fact.add_topic_groups(names::Group(member.community, group));
  return About(fact, fact.member(), member.version, cause);
}

outbox::Event GroupNearFull(const Id& community, const Id& group, int capacity, int member_count, std::int64_t version,
                            const Cause& cause) {
  pb::GroupNearFull fact;
  fact.set_group(names::Group(community, group));
  fact.set_capacity(capacity);
  fact.set_member_count(member_count);
  return About(fact, fact.group(), version, cause);
}

outbox::Event GroupFull(const Id& community, const Id& group, int capacity, std::int64_t version, const Cause& cause) {
  pb::GroupFull fact;
  fact.set_group(names::Group(community, group));
  fact.set_capacity(capacity);
  return About(fact, fact.group(), version, cause);
}

}  // namespace lanting::membership::events
