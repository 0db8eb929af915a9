// Facts about groups and the places members take in them beside their first one. No personal data in them.
#pragma once

#include <vector>

#include "membership/domain/placement.h"
#include "membership/events/cause.h"
#include "platform/outbox/outbox.h"

namespace lanting::membership::events {

outbox::Event CommunityArchived(const Community& community, const Cause& cause);
outbox::Event CommunityReopened(const Community& community, const Cause& cause);
outbox::Event GroupUpdated(const Group& group, const Cause& cause);
// `version` is that of the parent after the split.
outbox::Event GroupSplitOff(const GroupSplit& split, const std::vector<SplitSpec>& groups, std::int64_t version,
                            const Cause& cause);

// The member after the fact: ids and version.
struct MemberVersion {
  Id community, member;
  std::int64_t version = 0;
};
outbox::Event MemberPlaced(const MemberVersion& member, const Id& group, const Cause& cause);
outbox::Event MemberUnplaced(const MemberVersion& member, const Id& group, const Cause& cause);
outbox::Event MemberMoved(const MemberVersion& member, const Id& from, const Id& to, bool first_group,
                          const Cause& cause);

}  // namespace lanting::membership::events
