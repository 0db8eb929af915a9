#include "membership/api/placement_test_world.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class GroupHandlersTest : public PlacementTest {
 protected:
  Result<pb::Group> Update(const pb::Group& patch, const std::vector<std::string>& paths) {
    pb::UpdateGroupRequest request;
    *request.mutable_group() = patch;
    for (const auto& path : paths) request.mutable_update_mask()->add_paths(path);
    return groups_.UpdateGroup(Mine("UpdateGroup", request), request);
  }
  std::vector<std::string> List(const std::string& community, const std::string& filter) {
    pb::ListGroupsRequest request;
    request.set_parent(community);
    request.set_filter(filter);
    auto page = communities_.ListGroups(Mine("ListGroups", request), request);
    if (!page.ok()) return {page.error().reason};
    std::vector<std::string> names;
    for (const auto& group : page->groups()) names.push_back(group.name());
    return names;
  }
};

TEST_F(GroupHandlersTest, ChangesWhatTheMaskNames) {
  const auto community = Open().name();
  const auto before = AddGroup(community, 10);
  pb::Group patch = before;
  patch.set_display_name("元老群");
  patch.set_owner("阿杰");
  patch.set_purpose("老友叙旧");
  patch.set_tag("元老");
  patch.set_channel_group_id("wrk-1");
  patch.set_capacity(99);
  const auto after = Update(patch, {"display_name", "owner", "purpose", "tag", "channel_group_id"});
  ASSERT_EQ(Reason(after), "OK");
  EXPECT_EQ(after->display_name(), "元老群");
  EXPECT_EQ(after->tag(), "元老");
  EXPECT_EQ(after->capacity(), 10);
  EXPECT_EQ(Group(before.name()).SerializeAsString(), after->SerializeAsString());
  EXPECT_THAT(ApiTest::Events(), EndsWith("GroupUpdated:2"));
  EXPECT_EQ(Reason(Update(patch, {"display_name"})), "ETAG_MISMATCH");
  patch.clear_etag();
  EXPECT_EQ(Update(patch, {"display_name"})->etag(), after->etag()) << "no change, no version";
  patch.set_kind(pb::GROUP_KIND_TOPIC);
  EXPECT_THAT(Faults(Update(patch, {"kind"})), ElementsAre("group.kind IMMUTABLE"));
  patch.set_name(community + "/groups/" + Id::New().ToString());
  EXPECT_EQ(Reason(Update(patch, {"owner"})), "GROUP_NOT_FOUND");
}

TEST_F(GroupHandlersTest, MorePlacesLetTheWaitingListIn) {
  const auto community = Open().name();
  const auto group = AddGroup(community, 5).name();
  Join(community, 12);
  EXPECT_EQ(Get(community).waiting_count(), 7);
  const auto refused = Resize(group, 4);
  ASSERT_EQ(Reason(refused), "CAPACITY_BELOW_MEMBER_COUNT");
  EXPECT_EQ(refused.error().metadata.at("member_count"), "5");
  EXPECT_THAT(Faults(Resize(group, 0)), ElementsAre("group.capacity OUT_OF_RANGE")) << "0 is no wish for the default";
  const auto grown = Resize(group, 9);
  ASSERT_EQ(Reason(grown), "OK");
  EXPECT_EQ(grown->member_count(), 9);
  EXPECT_EQ(grown->fill_state(), pb::FILL_STATE_FULL);
  EXPECT_EQ(Group(group).SerializeAsString(), grown->SerializeAsString());
  EXPECT_EQ(Get(community).waiting_count(), 3);
  EXPECT_EQ(Resize(group, 20)->member_count(), 12);
  EXPECT_EQ(Resize(group, 12)->fill_state(), pb::FILL_STATE_FULL);
  ExpectPlacesTrue();
}

TEST_F(GroupHandlersTest, ALongWaitingListComesInStepByStep) {
  const auto community = Open().name();
  const auto group = AddGroup(community, 1).name();
  Join(community, kMaxPromotions + 21);
  EXPECT_EQ(Reason(Resize(group, 3000)), "OK");
  EXPECT_EQ(Get(community).waiting_count(), 0);
  EXPECT_EQ(Group(group).member_count(), kMaxPromotions + 21);
  ExpectPlacesTrue();
}

TEST_F(GroupHandlersTest, AClosedGroupTakesNobody) {
  const auto community = Open().name();
  const auto group = AddGroup(community, 5).name();
  Join(community, 2);
  const auto closed = Close(group);
  ASSERT_EQ(Reason(closed), "OK");
  EXPECT_EQ(closed->state(), pb::GROUP_STATE_CLOSED);
  EXPECT_EQ(Close(group)->etag(), closed->etag());
  Join(community, 2);
  EXPECT_EQ(Get(community).waiting_count(), 2);
  EXPECT_TRUE(Get(community).needs_group());
  EXPECT_EQ(Resize(group, 8)->member_count(), 2) << "more places of a closed group are nobody's";
  const auto open = Reopen(group);
  ASSERT_EQ(Reason(open), "OK");
  EXPECT_EQ(open->member_count(), 4);
  EXPECT_EQ(Get(community).waiting_count(), 0);
  EXPECT_EQ(Reopen(group)->etag(), open->etag());
  ExpectPlacesTrue();
}

TEST_F(GroupHandlersTest, AnArchivedCommunityTakesNobodyUntilItIsReopened) {
  const auto community = Open().name();
  const auto group = AddGroup(community, 2).name();
  const auto people = Join(community, 3);
  const auto archived = Archive(community);
  ASSERT_EQ(Reason(archived), "OK");
  EXPECT_EQ(archived->state(), pb::COMMUNITY_STATE_ARCHIVED);
  EXPECT_EQ(Archive(community)->etag(), archived->etag());
  ASSERT_TRUE(Remove(people[0]).ok());
  EXPECT_EQ(Get(community).waiting_count(), 1) << "leaving goes on, coming in does not";
  EXPECT_EQ(db_.Query("SELECT count(*) FROM membership.waiting_communities(10)"), "0");
  pb::CreateGroupRequest create;
  create.set_parent(community);
  create.mutable_group()->set_display_name("二群");
  create.mutable_group()->set_channel(pb::CHANNEL_QQ);
  EXPECT_EQ(Reason(communities_.CreateGroup(Mine("CreateGroup", create), create)), "COMMUNITY_ARCHIVED");
  EXPECT_EQ(Reason(Reopen(group)), "COMMUNITY_ARCHIVED");
  EXPECT_EQ(Reason(Resize(group, 10)), "OK");
  EXPECT_EQ(Get(community).waiting_count(), 1);
  const auto open = ReopenCommunity(community);
  ASSERT_EQ(Reason(open), "OK");
  EXPECT_EQ(open->waiting_count(), 0);
  EXPECT_EQ(open->member_count(), 2);
  EXPECT_THAT(ApiTest::Events(), HasSubstr("CommunityReopened:4 MemberJoined:2"));
  ExpectPlacesTrue();
}

TEST_F(GroupHandlersTest, SaysWhenTheNextGroupIsNeeded) {
  const auto community = Open().name();
  EXPECT_TRUE(Get(community).needs_group()) << "it has none";
  AddGroup(community, 10);
  EXPECT_FALSE(Get(community).needs_group());
  Join(community, 9);
  EXPECT_TRUE(Get(community).needs_group());
  AddTopic(community, "绘画", 10);
  EXPECT_TRUE(Get(community).needs_group()) << "topic groups do not count";
  pb::ListCommunitiesRequest list;
  list.set_filter("needsGroup = true");
  EXPECT_EQ(communities_.ListCommunities(Mine("ListCommunities", list), list)->communities_size(), 1);
  AddGroup(community, 10);
  EXPECT_FALSE(Get(community).needs_group());
  EXPECT_EQ(communities_.ListCommunities(Mine("ListCommunities", list), list)->communities_size(), 0);
}

TEST_F(GroupHandlersTest, ListsByFilter) {
  const auto community = Open().name();
  const auto main = AddGroup(community, 10).name(), topic = AddTopic(community, "绘画", 10).name();
  Join(community, 9);
  ASSERT_TRUE(Close(topic).ok());
  EXPECT_THAT(List(community, "kind = GROUP_KIND_TOPIC"), ElementsAre(topic));
  EXPECT_THAT(List(community, "kind = TOPIC AND state = CLOSED AND tag = 绘画"), ElementsAre(topic));
  EXPECT_THAT(List(community, "fillState = NEAR_FULL"), ElementsAre(main));
  EXPECT_THAT(List(community, "channel = WECOM AND fillState != FULL"), ElementsAre(main));
  EXPECT_THAT(List(community, "parentGroup = \"" + main + "\""), ElementsAre());
  EXPECT_THAT(List(community, "colour = red"), ElementsAre("INVALID_FIELDS"));
}

TEST_F(GroupHandlersTest, ACommunitySaysWhatBringsItsPeopleTogether) {
  auto community = Open();
  pb::UpdateCommunityRequest request;
  auto* patch = request.mutable_community();
  patch->set_name(community.name());
  patch->set_type(pb::COMMUNITY_TYPE_EMOTIONAL_TIE);
  for (auto purpose : {pb::PURPOSE_KIND_REGION, pb::PURPOSE_KIND_EMOTIONAL_HOME, pb::PURPOSE_KIND_REGION})
    patch->add_purposes(purpose);
  patch->set_product("黄酒");
  patch->set_product_kind(pb::PRODUCT_KIND_CONSUMABLE);
  for (auto* path : {"type", "purposes", "product", "product_kind"}) request.mutable_update_mask()->add_paths(path);
  auto updated = communities_.UpdateCommunity(Mine("UpdateCommunity", request), request);
  ASSERT_EQ(Reason(updated), "OK");
  EXPECT_THAT(updated->purposes(), ElementsAre(pb::PURPOSE_KIND_REGION, pb::PURPOSE_KIND_EMOTIONAL_HOME));
  EXPECT_EQ(Get(community.name()).SerializeAsString(), updated->SerializeAsString());
  Open(pb::GATE_KIND_QUESTIONS, "别的社");
  pb::ListCommunitiesRequest list;
  list.set_filter("type = EMOTIONAL_TIE AND productKind = CONSUMABLE AND product = 黄酒 AND structure = RING");
  auto page = communities_.ListCommunities(Mine("ListCommunities", list), list);
  ASSERT_EQ(Reason(page), "OK");
  ASSERT_EQ(page->communities_size(), 1);
  EXPECT_EQ(page->communities(0).name(), community.name());
}

TEST_F(GroupHandlersTest, AsksBeforeACommunityIsOpened) {
  pb::CheckSuitabilityRequest request;
  request.set_product_kind(pb::PRODUCT_KIND_SERVICE);
  request.set_purchase_frequency(pb::PURCHASE_FREQUENCY_ONCE);
  request.set_decision_involvement(pb::DEGREE_HIGH);
  request.set_shared_topic(pb::DEGREE_NONE);
  auto no = communities_.CheckSuitability(Mine("CheckSuitability", request), request);
  ASSERT_EQ(Reason(no), "OK");
  EXPECT_EQ(no->suitable(), pb::SUITABILITY_NO);
  EXPECT_EQ(no->strategy(), pb::COMMUNITY_STRATEGY_JOIN_OTHERS);
  EXPECT_THAT(no->advice(), HasSubstr("混社群"));
  EXPECT_EQ(no->recommended_template(), pb::TEMPLATE_UNSPECIFIED);
  request.set_purchase_frequency(pb::PURCHASE_FREQUENCY_DAILY);
  request.set_shared_topic(pb::DEGREE_HIGH);
  request.set_user_count(500);
  request.set_fan_count(40);
  request.set_hours_per_week(8);
  request.add_values(pb::VALUE_KIND_PARTNERS);
  request.set_value_times_per_week(3);
  request.set_gate_kind(pb::GATE_KIND_QUESTIONS);
  request.set_locale("en");
  auto yes = communities_.CheckSuitability(Mine("CheckSuitability", request), request);
  EXPECT_EQ(yes->suitable(), pb::SUITABILITY_YES);
  EXPECT_EQ(yes->recommended_template(), pb::TEMPLATE_NETWORKING);
  EXPECT_EQ(yes->recommended_structure(), pb::STRUCTURE_RING);
  EXPECT_THAT(yes->advice(), HasSubstr("Open a community"));
}

}  // namespace
}  // namespace lanting::membership
