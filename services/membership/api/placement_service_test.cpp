#include "membership/api/placement_test_world.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<int> Outcomes(const Result<pb::AddToGroupResponse>& response) {
  std::vector<int> outcomes;
  if (response.ok()) {
    for (const auto& placement : response->placements()) outcomes.push_back(placement.outcome());
  }
  return outcomes;
}

TEST_F(PlacementTest, AddsAsFarAsThereArePlacesAndTags) {
  const auto community = Open().name();
  const auto main = AddGroup(community, 100).name();
  const auto topic = AddTopic(community, "绘画", 2).name();
  const auto people = Join(community, 4);
  ASSERT_TRUE(Remove(people[1]).ok());
  auto added = Add(topic, {people[0], people[1], people[2], people[3]}, "once");
  ASSERT_EQ(Reason(added), "OK");
  EXPECT_THAT(Outcomes(added), ElementsAre(pb::PLACEMENT_OUTCOME_PLACED, pb::PLACEMENT_OUTCOME_NOT_ACTIVE,
                                           pb::PLACEMENT_OUTCOME_PLACED, pb::PLACEMENT_OUTCOME_FULL));
  EXPECT_EQ(added->group().member_count(), 2);
  EXPECT_EQ(added->group().fill_state(), pb::FILL_STATE_FULL);
  EXPECT_EQ(Add(topic, {people[0], people[1], people[2], people[3]}, "once")->SerializeAsString(),
            added->SerializeAsString());
  EXPECT_THAT(Outcomes(Add(topic, {people[0]})), ElementsAre(pb::PLACEMENT_OUTCOME_ALREADY_IN));

  const auto member = Read(people[0]);
  EXPECT_THAT(member.person.tags, ElementsAre("绘画"));
  ASSERT_EQ(member.topic_groups.size(), 1u);
  EXPECT_EQ(community + "/groups/" + member.group.ToString(), main);
  EXPECT_EQ(member.version, 2);
  EXPECT_THAT(ApiTest::Events(), HasSubstr("GroupFull:2 MemberPlaced:2 MemberPlaced:2"));
  EXPECT_EQ(Get(community).member_count(), 3) << "a further place is no second member";
  EXPECT_EQ(Count("member_history WHERE kind = 11 AND actor = 'keys/test'"), 2);
  ExpectPlacesTrue();

  auto out = Unplace(topic, people[0]);
  ASSERT_EQ(Reason(out), "OK");
  EXPECT_EQ(out->topic_groups_size(), 0);
  EXPECT_THAT(out->tags(), ElementsAre("绘画"));
  EXPECT_EQ(Reason(Unplace(topic, people[0])), "MEMBER_NOT_IN_GROUP");
  EXPECT_EQ(Reason(Unplace(main, people[0])), "MEMBER_NOT_IN_GROUP") << "the first place is left by leaving";
  EXPECT_EQ(Group(topic).member_count(), 1);
  ASSERT_TRUE(Remove(people[2]).ok());
  EXPECT_EQ(Group(topic).member_count(), 0);
  ExpectPlacesTrue();
}

TEST_F(PlacementTest, NearFullIsAFactOfItsOwn) {
  const auto community = Open().name();
  AddGroup(community, 100);
  const auto topic = AddTopic(community, "早起", 10).name();
  const auto people = Join(community, 10);
  ASSERT_TRUE(Add(topic, {people.begin(), people.begin() + 8}).ok());
  EXPECT_EQ(Events("GroupNearFull"), 0);
  EXPECT_EQ(Add(topic, {people[8]})->group().fill_state(), pb::FILL_STATE_NEAR_FULL);
  EXPECT_EQ(Events("GroupNearFull"), 1);
  ASSERT_TRUE(Add(topic, {people[9]}).ok());
  EXPECT_EQ(Events("GroupFull"), 1);
  ExpectPlacesTrue();
}

TEST_F(PlacementTest, RefusesWhatCannotBe) {
  const auto community = Open().name(), other = Open(pb::GATE_KIND_QUESTIONS, "隔壁社").name();
  const auto main = AddGroup(community, 10).name();
  AddGroup(other, 10);
  const auto topic = AddTopic(community, "绘画", 2).name();
  const auto member = Join(community, 1)[0], stranger = Join(other, 1)[0];
  EXPECT_EQ(Reason(Add(main, {member})), "GROUP_KIND_MISMATCH");
  EXPECT_EQ(Reason(Add(topic, {member, stranger})), "MEMBER_NOT_FOUND");
  EXPECT_EQ(Reason(Add(topic, {member, community + "/members/" + Id::New().ToString()})), "MEMBER_NOT_FOUND");
  EXPECT_THAT(Faults(Add(topic, {member, member})), ElementsAre("members[1] DUPLICATE_VALUE"));
  EXPECT_EQ(Group(topic).member_count(), 0) << "nothing half done";
  EXPECT_EQ(Reason(Add(other + topic.substr(community.size()), {stranger})), "GROUP_NOT_FOUND");
  ASSERT_TRUE(Close(topic).ok());
  EXPECT_EQ(Reason(Add(topic, {member})), "GROUP_CLOSED");
  EXPECT_EQ(Reason(Move(member, topic)), "GROUP_CLOSED");
  ASSERT_TRUE(Archive(community).ok());
  EXPECT_EQ(Reason(Add(topic, {member})), "COMMUNITY_ARCHIVED");
  EXPECT_EQ(Reason(Move(member, topic)), "COMMUNITY_ARCHIVED");
}

TEST_F(PlacementTest, AMoveFreesThePlaceForWhoWaits) {
  const auto community = Open().name();
  const auto first = AddGroup(community, 2).name();
  const auto topic = AddTopic(community, "绘画", 1).name();
  const auto people = Join(community, 4);  // two wait
  EXPECT_EQ(Get(community).waiting_count(), 2);
  ASSERT_TRUE(Add(topic, {people[0]}).ok());
  EXPECT_EQ(Reason(Move(people[1], topic)), "GROUP_FULL");
  EXPECT_EQ(Reason(Move(people[2], topic)), "MEMBER_NOT_ACTIVE");
  EXPECT_EQ(Reason(Move(people[0], first)), "OK") << "is there";
  EXPECT_EQ(Events("MemberMoved"), 0);
  auto moved = Move(people[0], topic);  // its further place becomes its first
  ASSERT_EQ(Reason(moved), "OK");
  EXPECT_EQ(moved->group(), topic);
  EXPECT_EQ(moved->topic_groups_size(), 0);
  EXPECT_EQ(Read(people[2]).state, MemberState::kActive);
  EXPECT_EQ(Read(people[3]).state, MemberState::kWaiting);
  EXPECT_EQ(Group(topic).member_count(), 1);
  EXPECT_EQ(Group(first).member_count(), 2);
  EXPECT_EQ(Count("member_history WHERE kind = 10"), 1);
  ExpectPlacesTrue();
}

TEST_F(PlacementTest, ListsHomeAndFurtherPlacesInPages) {
  const auto community = Open().name(), other = Open(pb::GATE_KIND_QUESTIONS, "隔壁社").name();
  AddGroup(community, 100);
  const auto topic = AddTopic(community, "绘画", 50).name();
  const auto people = Join(community, 7);
  ASSERT_TRUE(Add(topic, {people[5], people[1], people[3]}).ok());
  ASSERT_TRUE(Move(people[2], topic).ok());
  pb::ListGroupMembersRequest request;
  request.set_parent(topic);
  request.set_page_size(2);
  std::vector<std::string> seen;
  do {
    auto page = placements_.ListGroupMembers(Mine("ListGroupMembers", request), request);
    ASSERT_EQ(Reason(page), "OK");
    for (const auto& member : page->members()) seen.push_back(member.name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(seen, ElementsAre(people[1], people[2], people[3], people[5]));
  request.set_parent(other + topic.substr(community.size()));
  EXPECT_EQ(Reason(placements_.ListGroupMembers(Mine("ListGroupMembers", request), request)), "GROUP_NOT_FOUND");
}

TEST_F(PlacementTest, WhatStaffNoteIsForWhoMaySeeIt) {
  const auto community = Open().name();
  AddGroup(community, 10);
  const auto topic = AddTopic(community, "绘画", 5).name();
  const auto member = Join(community, 1)[0];
  db_.Query("UPDATE membership.member SET fan_score = 80");
  ASSERT_TRUE(Add(topic, {member}).ok());
  pb::ListGroupMembersRequest request;
  request.set_parent(topic);
  auto call = Mine("ListGroupMembers", request);
  EXPECT_EQ(placements_.ListGroupMembers(call, request)->members(0).staff().fan_score(), 80);
  call.principal.scopes = {"members.read"};
  EXPECT_FALSE(placements_.ListGroupMembers(call, request)->members(0).has_staff());
}

class RoutingTest : public PlacementTest {
 protected:
  Result<pb::RoutingRule> Rule(const std::string& tag, const std::string& group, int priority = 0) {
    pb::CreateRoutingRuleRequest request;
    request.set_parent(group.substr(0, 38));
    auto* rule = request.mutable_routing_rule();
    rule->set_tag(tag);
    rule->set_group(group);
    rule->set_priority(priority);
    return placements_.CreateRoutingRule(Mine("CreateRoutingRule", request), request);
  }
  // "placed already full more"
  std::string Route(const std::string& community, int max = 0, const std::string& rule = "", bool dry = false) {
    pb::RouteMembersRequest request;
    request.set_parent(community);
    request.set_max_members(max);
    request.set_rule(rule);
    request.set_validate_only(dry);
    auto routed = placements_.RouteMembers(Mine("RouteMembers", request), request);
    if (!routed.ok()) return routed.error().reason;
    return std::to_string(routed->placed_count()) + " " + std::to_string(routed->already_in_count()) + " " +
           std::to_string(routed->full_count()) + (routed->more() ? " more" : "");
  }
};

TEST_F(RoutingTest, SendsWhoCarriesTheTagAndRollsOn) {
  const auto community = Open().name();
  AddGroup(community, 100);
  const auto first = AddTopic(community, "绘画", 3).name(), second = AddTopic(community, "绘画", 4).name();
  const auto writing = AddTopic(community, "码字", 50).name();
  const auto people = Join(community, 30, [](int i) {
    return i % 3 == 0 ? std::vector<std::string>{"绘画", "码字"} : std::vector<std::string>{};
  });  // ten with both
  ASSERT_EQ(Reason(Rule("绘画", first)), "OK");
  const auto rule = Rule("码字", writing);
  EXPECT_EQ(Reason(Rule("码字", writing)), "ROUTING_RULE_EXISTS");

  EXPECT_EQ(Route(community, 0, "", true), "17 0 3");
  EXPECT_EQ(Count("group_place"), 0) << "a trial writes nothing";
  EXPECT_EQ(Route(community, 4, rule->name()), "4 0 0 more");
  EXPECT_EQ(Route(community, 5000), "13 4 3");
  EXPECT_EQ(Route(community, 5000), "0 17 3");
  EXPECT_EQ(Group(first).member_count(), 3);
  EXPECT_EQ(Group(second).member_count(), 4);
  EXPECT_EQ(Group(writing).member_count(), 10);
  EXPECT_EQ(Read(people[0]).topic_groups.size(), 2u);
  EXPECT_EQ(Read(people[0]).version, 3) << "two facts";
  EXPECT_EQ(Read(people[27]).topic_groups.size(), 1u) << "the last: the drawing groups are full";
  ExpectPlacesTrue();

  ASSERT_TRUE(Resize(second, 6).ok());
  EXPECT_EQ(Route(community), "2 17 1") << "room was made: called again";
  ASSERT_TRUE(Close(second).ok());
  EXPECT_EQ(Route(community), "0 19 1") << "who is in a closed group stays there";
  ExpectPlacesTrue();
}

TEST_F(RoutingTest, RulesAreTriedByPriority) {
  const auto community = Open().name();
  AddGroup(community, 100);
  const auto a = AddTopic(community, "", 2).name(), b = AddTopic(community, "", 2).name();
  ASSERT_TRUE(Rule("早起", a, 5).ok());
  const auto sooner = Rule("早起", b, 1);
  Join(community, 3, [](int) { return std::vector<std::string>{"早起"}; });
  EXPECT_EQ(Route(community), "3 0 0");
  EXPECT_EQ(Group(b).member_count(), 2);
  EXPECT_EQ(Group(a).member_count(), 1);

  pb::ListRoutingRulesRequest list;
  list.set_parent(community);
  EXPECT_EQ(placements_.ListRoutingRules(Mine("ListRoutingRules", list), list)->routing_rules_size(), 2);
  list.set_filter("group = \"" + b + "\"");
  EXPECT_EQ(placements_.ListRoutingRules(Mine("ListRoutingRules", list), list)->routing_rules(0).name(),
            sooner->name());
  pb::DeleteRoutingRuleRequest remove;
  remove.set_name(sooner->name());
  EXPECT_EQ(Reason(placements_.DeleteRoutingRule(Mine("DeleteRoutingRule", remove), remove)), "OK");
  EXPECT_EQ(Reason(placements_.DeleteRoutingRule(Mine("DeleteRoutingRule", remove), remove)), "ROUTING_RULE_NOT_FOUND");
  EXPECT_EQ(Route(community, 0, sooner->name()), "ROUTING_RULE_NOT_FOUND");
  EXPECT_EQ(Group(b).member_count(), 2) << "who was placed stays";
}

TEST_F(RoutingTest, ARuleLeadsToATopicGroupOfItsCommunity) {
  const auto community = Open().name(), other = Open(pb::GATE_KIND_QUESTIONS, "隔壁社").name();
  const auto main = AddGroup(community, 10).name(), foreign = AddTopic(other, "绘画", 5).name();
  EXPECT_EQ(Reason(Rule("绘画", main)), "GROUP_KIND_MISMATCH");
  pb::CreateRoutingRuleRequest request;
  request.set_parent(community);
  request.mutable_routing_rule()->set_tag("绘画");
  request.mutable_routing_rule()->set_group(foreign);
  EXPECT_EQ(Reason(placements_.CreateRoutingRule(Mine("CreateRoutingRule", request), request)), "GROUP_NOT_FOUND");
  const auto topic = AddTopic(community, "绘画", 5).name();
  for (int i = 0; i < 200; ++i) ASSERT_EQ(Reason(Rule("标签" + std::to_string(i), topic)), "OK");
  EXPECT_EQ(Reason(Rule("多了", topic)), "TOO_MANY_ROUTING_RULES");
}

}  // namespace
}  // namespace lanting::membership
