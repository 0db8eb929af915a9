#include "membership/events/publish_placement.h"

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

outbox::Event CommunityArchived(const Community& community, const Cause& cause) {
  pb::CommunityArchived fact;
  fact.set_community(names::Community(community.id));
  return About(fact, fact.community(), community.version, cause);
}

outbox::Event CommunityReopened(const Community& community, const Cause& cause) {
  pb::CommunityReopened fact;
  fact.set_community(names::Community(community.id));
  return About(fact, fact.community(), community.version, cause);
}

outbox::Event GroupUpdated(const Group& group, const Cause& cause) {
  pb::GroupUpdated fact;
  fact.set_group(names::Group(group.community, group.id));
  fact.set_capacity(group.capacity);
  fact.set_closed(group.state == GroupState::kClosed);
  return About(fact, fact.group(), group.version, cause);
}

outbox::Event GroupSplitOff(const GroupSplit& split, const std::vector<SplitSpec>& groups, std::int64_t version,
                            const Cause& cause) {
  pb::GroupSplitOff fact;
  fact.set_group(names::Group(split.community, split.parent));
  fact.set_split(names::GroupSplit(split.community, split.id));
  for (const auto& spec : groups) fact.add_new_groups(names::Group(split.community, spec.group.id));
  fact.set_move(split.move);
  return About(fact, fact.group(), version, cause);
}

outbox::Event MemberPlaced(const MemberVersion& member, const Id& group, const Cause& cause) {
  pb::MemberPlaced fact;
  fact.set_member(names::Member(member.community, member.member));
  fact.set_group(names::Group(member.community, group));
  return About(fact, fact.member(), member.version, cause);
}

outbox::Event MemberUnplaced(const MemberVersion& member, const Id& group, const Cause& cause) {
  pb::MemberUnplaced fact;
  fact.set_member(names::Member(member.community, member.member));
  fact.set_group(names::Group(member.community, group));
  return About(fact, fact.member(), member.version, cause);
}

outbox::Event MemberMoved(const MemberVersion& member, const Id& from, const Id& to, bool first_group,
                          const Cause& cause) {
  pb::MemberMoved fact;
  fact.set_member(names::Member(member.community, member.member));
  fact.set_from_group(names::Group(member.community, from));
  fact.set_to_group(names::Group(member.community, to));
  fact.set_first_group(first_group);
  return About(fact, fact.member(), member.version, cause);
}

}  // namespace lanting::membership::events
