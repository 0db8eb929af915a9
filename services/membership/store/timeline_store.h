// What happened to a member: rows in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "membership/domain/timeline.h"
#include "platform/base/id.h"
#include "platform/pg/tx.h"

namespace lanting::membership::timeline_store {

// The place of an entry in a timeline.
struct Place {
  Time time;
  std::string key;
};

// At most `limit` entries, newest first, after that place. Resources in the details that Lanting derives are by name.
// `staff`: with notes and reasons.
std::vector<TimelineEntry> List(pg::Tx& tx, const Id& community, const Id& member, bool staff,
                                const std::optional<Place>& after, int limit);

}  // namespace lanting::membership::timeline_store
