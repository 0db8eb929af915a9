#include "membership/events/publish_person.h"

#include "lanting/membership/v1/events.pb.h"
#include "membership/domain/names.h"

namespace lanting::membership::events {
namespace pb = lanting::membership::v1;
namespace {

template <typename Message>
outbox::Event About(const Message& fact, std::int64_t version, const Cause& cause) {
  return outbox::MakeEvent(fact, fact.member(), version, cause.now, cause.traceparent);
}

}  // namespace

outbox::Event MembersMerged(const Member& target, const Id& source, const std::string& merge, std::int64_t version,
                            const Cause& cause) {
  pb::MembersMerged fact;
  fact.set_member(names::Member(target.community, target.id));
  fact.set_source(names::Member(target.community, source));
  fact.set_merge(merge);
  return About(fact, version, cause);
}

outbox::Event MemberMerged(const Member& source, const std::string& merge, bool was_active, const Cause& cause) {
  pb::MemberMerged fact;
  fact.set_member(names::Member(source.community, source.id));
  fact.set_into(names::Member(source.community, source.merged_into));
  fact.set_merge(merge);
  if (was_active) fact.set_group(names::Group(source.community, source.group));
  return About(fact, source.version, cause);
}

outbox::Event MergeUndone(const Member& target, const Id& source, const std::string& merge, const Cause& cause) {
  pb::MergeUndone fact;
  fact.set_member(names::Member(target.community, target.id));
  fact.set_source(names::Member(target.community, source));
  fact.set_merge(merge);
  return About(fact, target.version, cause);
}

outbox::Event MemberErased(const Id& community, const Id& member, std::int64_t version, const Cause& cause) {
  pb::MemberErased fact;
  fact.set_member(names::Member(community, member));
  return About(fact, version, cause);
}

}  // namespace lanting::membership::events
