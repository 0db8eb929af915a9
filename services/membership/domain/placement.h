// Who gets which place beside or instead of the first one: topic groups, routing by tags, groups split off. Pure:
// decides on what the store has loaded and locked. A capacity is never exceeded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "membership/domain/community.h"
#include "membership/domain/join.h"
#include "platform/base/result.h"

namespace lanting::membership {

// Numbers of lanting.membership.v1.PlacementOutcome.
enum class PlaceOutcome : std::int16_t { kPlaced = 1, kAlreadyIn = 2, kFull = 3, kNotActive = 4 };

// One member who is to get a further place.
struct PlaceCandidate {
  bool active = false;
  bool in_group = false;  // as the first group or beside it
};

// One outcome per candidate, in order; who is placed is counted in `group`.
std::vector<PlaceOutcome> DecidePlacements(JoinGroup& group, const std::vector<PlaceCandidate>& candidates);

struct RoutingRule {
  Id id, community;
  std::string tag;
  Id group;
  int priority = 0;
  Time create_time;
};
constexpr int kMaxRoutingRules = 200;

struct RouteDecision {
  std::vector<Id> groups;  // one for each of the first of them
  int full = 0;            // how many find no place at all
  bool more = false;       // others could be placed, but not now
};

// Sends at most `limit` of `outside` members without a place on their way: group by group in the order given.
RouteDecision DecideRoutes(const std::vector<FreePlaces>& places, int outside, int limit);

// Why nobody can be placed in the group: GROUP_CLOSED, GROUP_KIND_MISMATCH (main groups are first groups).
Result<void> CheckFurtherPlaces(const Group& group);

// --- groups split off ---

// Numbers of lanting.membership.v1.AssignRest.
enum class AssignRest : std::int16_t { kNone = 1, kRoundRobin = 2 };

struct SplitSpec {
  Group group;           // as it will be made
  std::string from_tag;  // takes members who carry it; "": nobody by a tag
};

struct SplitPlan {
  std::vector<SplitSpec> groups;
  bool move = false;
  AssignRest rest = AssignRest::kNone;
  std::string reason;
};

struct GroupSplit {
  Id id, community, parent;
  std::string reason;
  bool move = false;
  int parent_member_count = 0;
  Time create_time;
};

// How a group has done since the split that made it.
struct Competitor {
  Group group;
  int founders = 0;  // whom it took then
  int stayed = 0;    // those of them who are still in
};

constexpr int kMaxSplitMembers = 5000;

// What a spec leaves out comes from the parent: kind TOPIC, its channel; 500 places. Faults all at once, below
// "groups[i]": a MAIN group where members do not move.
Result<void> CompleteSplit(SplitPlan& plan, const Group& parent);

struct SplitDecision {
  static constexpr int kUnplaced = -1;  // asked for, but full
  static constexpr int kRest = -2;      // nobody asked for the member
  std::vector<int> target;              // per member: the position of the group, or one of these
  std::vector<int> taken;               // per group
  int unplaced = 0, rest = 0;
};

// Members in the order in which they joined, each with those of its tags that a group asks for. Who carries a tag goes
// first: to the group asking for it that took fewest so far (of equals, the first). Then, with ROUND_ROBIN, the rest in
// turn to the groups with a place.
SplitDecision DecideSplit(const SplitPlan& plan, const std::vector<std::vector<std::string>>& member_tags);

}  // namespace lanting::membership
