#include "membership/domain/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using enum PlaceOutcome;

TEST(PlacementTest, PlacesInOrderAsFarAsThereArePlaces) {
  JoinGroup group{.capacity = 10, .member_count = 8};
  const std::vector<PlaceCandidate> candidates = {
      {true, false}, {false, false}, {true, true}, {true, false}, {true, false}};
  EXPECT_THAT(DecidePlacements(group, candidates), ElementsAre(kPlaced, kNotActive, kAlreadyIn, kPlaced, kFull));
  EXPECT_EQ(group.member_count, 10);
  EXPECT_EQ(group.new_members, 2);
  EXPECT_TRUE(group.full());
}

TEST(PlacementTest, MainAndClosedGroupsGiveNoFurtherPlace) {
  Group group{.kind = GroupKind::kTopic};
  EXPECT_TRUE(CheckFurtherPlaces(group).ok());
  group.state = GroupState::kClosed;
  EXPECT_EQ(CheckFurtherPlaces(group).error().reason, "GROUP_CLOSED");
  group.kind = GroupKind::kMain;
  EXPECT_EQ(CheckFurtherPlaces(group).error().reason, "GROUP_KIND_MISMATCH");
}

TEST(RoutingTest, GroupByGroupAsFarAsThereArePlaces) {
  const Id a = Id::New(), b = Id::New();
  struct Case {
    std::vector<FreePlaces> places;
    int outside, limit;
    std::vector<Id> groups;
    int full;
    bool more;
  };
  const Case kCases[] = {{{{a, 2}, {b, 3}}, 3, 10, {a, a, b}, 0, false},
                         {{{a, 2}, {b, 3}}, 7, 10, {a, a, b, b, b}, 2, false},
                         {{{a, 2}, {b, 3}}, 7, 3, {a, a, b}, 2, true},
                         {{{a, 2}}, 2, 0, {}, 0, true},
                         {{}, 4, 10, {}, 4, false},
                         {{{a, 2}}, 0, 10, {}, 0, false}};
  for (const auto& c : kCases) {
    const auto decision = DecideRoutes(c.places, c.outside, c.limit);
    EXPECT_EQ(decision.groups, c.groups);
    EXPECT_EQ(decision.full, c.full);
    EXPECT_EQ(decision.more, c.more);
  }
}

SplitPlan PlanOf(std::vector<std::pair<std::string, int>> groups, AssignRest rest = AssignRest::kNone) {
  SplitPlan plan{.rest = rest};
  for (auto& [tag, capacity] : groups) {
    plan.groups.push_back({.group = {.kind = GroupKind::kTopic, .capacity = capacity}, .from_tag = tag});
  }
  return plan;
}

TEST(SplitTest, WhatIsLeftOutComesFromTheParent) {
  auto plan = PlanOf({{"绘画", 0}, {"码字", 30}});
  plan.groups[1].group.kind = GroupKind::kMain;
  const Group parent{.id = Id::New(), .community = Id::New(), .channel = static_cast<Channel>(2)};
  const auto refused = CompleteSplit(plan, parent);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().violations[0].field, "groups[1].kind");
  plan.move = true;
  ASSERT_TRUE(CompleteSplit(plan, parent).ok());
  EXPECT_EQ(plan.groups[0].group.capacity, 500);
  EXPECT_EQ(plan.groups[0].group.channel, parent.channel);
  EXPECT_EQ(plan.groups[0].group.parent, parent.id);
  EXPECT_EQ(plan.groups[1].group.capacity, 30);
}

TEST(SplitTest, Table) {
  struct Case {
    const char* name;
    SplitPlan plan;
    std::vector<std::vector<std::string>> members;
    std::vector<int> target;
    int unplaced, rest;
  };
  const Case kCases[] = {
      {"each to the group of the tag", PlanOf({{"绘画", 9}, {"码字", 9}}), {{"绘画"}, {"码字"}, {}}, {0, 1, -2}, 0, 1},
      {"who carries both goes where fewer are",
       PlanOf({{"绘画", 9}, {"码字", 9}}),
       {{"绘画"}, {"绘画", "码字"}, {"绘画", "码字"}},
       {0, 1, 0},
       0,
       0},
      {"two groups of one topic compete",
       PlanOf({{"绘画", 9}, {"绘画", 9}}),
       {{"绘画"}, {"绘画"}, {"绘画"}},
       {0, 1, 0},
       0,
       0},
      {"full: stays", PlanOf({{"绘画", 1}, {"码字", 9}}), {{"绘画"}, {"绘画"}, {"码字"}}, {0, -1, 1}, 1, 0},
      {"the rest in turn, after those with a tag",
       PlanOf({{"绘画", 2}, {"", 9}}, AssignRest::kRoundRobin),
       {{}, {"绘画"}, {}, {}, {}},
       {0, 0, 1, 1, 1},
       0,
       0},
      {"the rest finds no place", PlanOf({{"", 1}, {"", 1}}, AssignRest::kRoundRobin), {{}, {}, {}}, {0, 1, -1}, 1, 0},
      {"nobody", PlanOf({{"绘画", 1}, {"码字", 1}}), {}, {}, 0, 0},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    const auto decision = DecideSplit(c.plan, c.members);
    EXPECT_EQ(decision.target, c.target);
    EXPECT_EQ(decision.unplaced, c.unplaced);
    EXPECT_EQ(decision.rest, c.rest);
  }
}

// Random parents: nobody is lost, no capacity is exceeded, the same input gives the same answer, and nobody with a tag
// stays outside while a group that asks for it has a place.
TEST(SplitTest, HoldsForEveryParent) {
  std::mt19937 random(7);
  const std::vector<std::string> tags = {"绘画", "码字", "早起", ""};
  for (int round = 0; round < 300; ++round) {
    auto plan = PlanOf({}, random() % 2 == 0 ? AssignRest::kNone : AssignRest::kRoundRobin);
    for (unsigned i = 0, n = 2 + random() % 4; i < n; ++i) {
      plan.groups.push_back(
          {.group = {.capacity = static_cast<int>(1 + random() % 40)}, .from_tag = tags[random() % 4]});
    }
    std::vector<std::vector<std::string>> members(random() % 120);
    for (auto& member : members) {
      for (const auto& spec : plan.groups) {
        const bool known = std::find(member.begin(), member.end(), spec.from_tag) != member.end();
        if (!spec.from_tag.empty() && !known && random() % 3 == 0) member.push_back(spec.from_tag);
      }
    }
    const auto decision = DecideSplit(plan, members);
    EXPECT_EQ(decision.target, DecideSplit(plan, members).target);
    const int placed = std::accumulate(decision.taken.begin(), decision.taken.end(), 0);
    ASSERT_EQ(static_cast<std::size_t>(placed + decision.unplaced + decision.rest), members.size());
    for (std::size_t g = 0; g < plan.groups.size(); ++g) EXPECT_LE(decision.taken[g], plan.groups[g].group.capacity);
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (decision.target[m] != SplitDecision::kUnplaced) continue;
      for (std::size_t g = 0; g < plan.groups.size(); ++g) {
        const auto& from = plan.groups[g].from_tag;
        const bool asked =
            members[m].empty() || std::find(members[m].begin(), members[m].end(), from) != members[m].end();
        EXPECT_TRUE(!asked || decision.taken[g] == plan.groups[g].group.capacity);
      }
    }
  }
}

}  // namespace
}  // namespace lanting::membership
