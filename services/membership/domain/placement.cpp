#include "membership/domain/placement.h"

#include <algorithm>

#include "membership/domain/names.h"
#include "membership/domain/placement_errors.h"

namespace lanting::membership {
namespace {

// The places of the groups to be made, as they fill.
struct Filling {
  const SplitPlan& plan;
  std::vector<int> taken;
  std::size_t next = 0;  // whose turn it is

  bool HasPlace(std::size_t i) const { return taken[i] < plan.groups[i].group.capacity; }

  // The group asking for one of the tags that took fewest so far and has a place.
  int ByTag(const std::vector<std::string>& tags) const {
    int best = SplitDecision::kUnplaced;
    for (std::size_t i = 0; i < plan.groups.size(); ++i) {
      const auto& from = plan.groups[i].from_tag;
      if (from.empty() || std::find(tags.begin(), tags.end(), from) == tags.end() || !HasPlace(i)) continue;
      if (best < 0 || taken[i] < taken[static_cast<std::size_t>(best)]) best = static_cast<int>(i);
    }
    return best;
  }

  int InTurn() {
    for (std::size_t tried = 0; tried < taken.size(); ++tried) {
      const std::size_t i = next;
      next = (next + 1) % taken.size();
      if (HasPlace(i)) return static_cast<int>(i);
    }
    return SplitDecision::kUnplaced;
  }
};

}  // namespace

std::vector<PlaceOutcome> DecidePlacements(JoinGroup& group, const std::vector<PlaceCandidate>& candidates) {
  std::vector<PlaceOutcome> outcomes;
  outcomes.reserve(candidates.size());
  for (const auto& candidate : candidates) {
    if (!candidate.active) {
      outcomes.push_back(PlaceOutcome::kNotActive);
    } else if (candidate.in_group) {
      outcomes.push_back(PlaceOutcome::kAlreadyIn);
    } else if (group.full()) {
      outcomes.push_back(PlaceOutcome::kFull);
    } else {
      outcomes.push_back(PlaceOutcome::kPlaced);
      ++group.member_count;
      ++group.new_members;
    }
  }
  return outcomes;
}

RouteDecision DecideRoutes(const std::vector<FreePlaces>& places, int outside, int limit) {
  int free = 0;
  for (const auto& place : places) free += place.count;
  const int possible = std::min(outside, free), now = std::min(possible, limit);
  return {.groups = DecidePromotions(places, static_cast<std::size_t>(now)),
          .full = outside - possible,
          .more = possible > now};
}

Result<void> CheckFurtherPlaces(const Group& group) {
  const auto name = names::Group(group.community, group.id);
  if (group.kind == GroupKind::kMain) return errors::GroupKindMismatch(name);
  if (group.state != GroupState::kOpen) return errors::GroupClosed(name);
  return {};
}

Result<void> CompleteSplit(SplitPlan& plan, const Group& parent) {
  std::vector<FieldViolation> violations;
  for (std::size_t i = 0; i < plan.groups.size(); ++i) {
    auto& group = plan.groups[i].group;
    group.community = parent.community;
    group.parent = parent.id;
    if (group.channel == Channel::kUnspecified) group.channel = parent.channel;
    FillDefaults(group);
    if (group.kind == GroupKind::kMain && !plan.move) {
      violations.push_back({"groups[" + std::to_string(i) + "].kind", "INVALID_VALUE",
                            "can be MAIN only where members move: a main group is nobody's further place."});
    }
  }
  if (!violations.empty()) return lanting::errors::InvalidFields(std::move(violations));
  return {};
}

SplitDecision DecideSplit(const SplitPlan& plan, const std::vector<std::vector<std::string>>& member_tags) {
  Filling filling{plan, std::vector<int>(plan.groups.size(), 0)};
  SplitDecision decision;
  decision.target.assign(member_tags.size(), SplitDecision::kRest);
  auto place = [&](std::size_t member, int group) {
    decision.target[member] = group;
    if (group >= 0) ++filling.taken[static_cast<std::size_t>(group)];
  };
  for (std::size_t m = 0; m < member_tags.size(); ++m) {
    if (!member_tags[m].empty()) place(m, filling.ByTag(member_tags[m]));
  }
  if (plan.rest == AssignRest::kRoundRobin) {
    for (std::size_t m = 0; m < member_tags.size(); ++m) {
      if (member_tags[m].empty()) place(m, filling.InTurn());
    }
  }
  auto count = [&](int what) {
    return static_cast<int>(std::count(decision.target.begin(), decision.target.end(), what));
  };
  decision.unplaced = count(SplitDecision::kUnplaced);
  decision.rest = count(SplitDecision::kRest);
  decision.taken = std::move(filling.taken);
  return decision;
}

}  // namespace lanting::membership
