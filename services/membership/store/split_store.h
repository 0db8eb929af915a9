// Groups that are split off from others, and their families.
#pragma once

#include <optional>
#include <vector>

#include "membership/domain/placement.h"
#include "membership/store/placement_store.h"

namespace lanting::membership::split_store {

struct Outcome {
  GroupSplit split;
  std::vector<Competitor> competitors;
  int unplaced = 0, rest = 0;
  int promoted = 0;  // people of the waiting list who came in; when it is kMaxPromotions there may be more
};

// Makes the groups of `plan` and places the members of the parent, in a number of statements that does not depend on
// how many they are; then lets the waiting list in. Everything is written, and read back. GROUP_NOT_FOUND,
// COMMUNITY_ARCHIVED, SPLIT_TOO_LARGE, INVALID_FIELDS.
Result<Outcome> Split(pg::Tx& tx, const placement_store::Context& context, const Id& community, const Id& parent,
                      SplitPlan plan);

std::optional<GroupSplit> GetSplit(pg::Tx& tx, const Id& community, const Id& split);
// Who grew most comes first.
std::vector<Competitor> Competitors(pg::Tx& tx, const Id& split);

struct Lineage {
  std::vector<Group> ancestors, siblings, descendants;
  bool more_descendants = false;
};
Lineage GetLineage(pg::Tx& tx, const Group& group);

}  // namespace lanting::membership::split_store
