// Facts about who is the same person as whom, and about who was forgotten.
#pragma once

#include <string>

#include "membership/events/publish_member.h"

namespace lanting::membership::events {

// `version` is the target's after the merge. Merges by their names.
outbox::Event MembersMerged(const Member& target, const Id& source, const std::string& merge, std::int64_t version,
                            const Cause& cause);
// `was_active`: the source had a place, which is lost to it.
outbox::Event MemberMerged(const Member& source, const std::string& merge, bool was_active, const Cause& cause);
outbox::Event MergeUndone(const Member& target, const Id& source, const std::string& merge, const Cause& cause);
outbox::Event MemberErased(const Id& community, const Id& member, std::int64_t version, const Cause& cause);

}  // namespace lanting::membership::events
