// A main group of 500 is split into competing ones: with and without a move, waiting list, lineage.
#include "membership/api/placement_test_world.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// Of 500: 0-199 draw, 150-349 write (so 50 do both), 350-499 neither.
std::vector<std::string> Tags(int i) {
  std::vector<std::string> tags;
  if (i < 200) tags.push_back("绘画");
  if (i >= 150 && i < 350) tags.push_back("码字");
  return tags;
}

class SplitGroupTest : public PlacementTest {
 protected:
  SplitGroupTest() : community_(Open().name()), main_(AddGroup(community_, 500).name()) {
    people_ = Join(community_, 500, Tags);
  }

  pb::SplitGroupRequest Request(bool move, int drawing = 500, int writing = 500) {
    pb::SplitGroupRequest request;
    request.set_name(main_);
    request.set_move(move);
    request.set_reason("嘉宾分享：三十天绘画营");
    auto add = [&](const std::string& tag, int capacity) {
      auto* spec = request.add_groups();
      spec->set_display_name(tag + "分群");
      spec->set_tag(tag + "营");
      spec->set_from_tag(tag);
      spec->set_capacity(capacity);
      spec->set_owner("小鹿");
    };
    add("绘画", drawing);
    add("码字", writing);
    return request;
  }
  Result<pb::SplitGroupResponse> Split(const pb::SplitGroupRequest& request, const std::string& request_id = "") {
    return placements_.SplitGroup(Mine("SplitGroup", request, request_id), request);
  }
  const pb::Competitor& Find(const pb::GroupSplit& split, const std::string& name) {
    for (const auto& c : split.competitors()) {
      if (c.group().display_name() == name) return c;
    }
    ADD_FAILURE() << name;
    return split.competitors(0);
  }

  std::string community_, main_;
  std::vector<std::string> people_;
};

TEST_F(SplitGroupTest, MembersKeepTheirPlaceAndGetAFurtherOne) {
  const auto started = std::chrono::steady_clock::now();
  auto made = Split(Request(false), "split-1");
  const auto took = std::chrono::steady_clock::now() - started;
  ASSERT_EQ(Reason(made), "OK");
  std::cout << "split of 500: " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms\n";
  EXPECT_EQ(made->split().parent_group(), main_);
  EXPECT_EQ(made->split().parent_member_count(), 500);
  EXPECT_EQ(made->unplaced_count(), 0);
  EXPECT_EQ(made->rest_count(), 150);
  const auto drawing = Find(made->split(), "绘画分群"), writing = Find(made->split(), "码字分群");
  // 150 draw only; of the 50 who do both, each goes where fewer are: to the writers, until they are as many.
  EXPECT_EQ(drawing.founder_count(), 150);
  EXPECT_EQ(writing.founder_count(), 200);
  EXPECT_DOUBLE_EQ(drawing.parent_percent(), 30);
  EXPECT_EQ(drawing.group().parent_group(), main_);
  EXPECT_EQ(drawing.group().split(), made->split().name());
  EXPECT_EQ(drawing.group().channel(), pb::CHANNEL_WECOM);
  EXPECT_EQ(drawing.group().kind(), pb::GROUP_KIND_TOPIC);
  EXPECT_EQ(Group(main_).member_count(), 500);
  EXPECT_EQ(Get(community_).member_count(), 500);
  EXPECT_EQ(Events("GroupSplitOff"), 1);
  EXPECT_EQ(Events("MemberPlaced"), 350);
  EXPECT_EQ(Split(Request(false), "split-1")->SerializeAsString(), made->SerializeAsString());
  EXPECT_EQ(Count("group_split"), 1);
  ExpectPlacesTrue();

  const auto member = Read(people_[0]);
  EXPECT_THAT(member.person.tags, UnorderedElementsAre("绘画", "绘画营"));
  EXPECT_EQ(community_ + "/groups/" + member.group.ToString(), main_);
  ASSERT_EQ(member.topic_groups.size(), 1u);
  EXPECT_EQ(community_ + "/groups/" + member.topic_groups[0].ToString(), drawing.group().name());
}

TEST_F(SplitGroupTest, MembersMoveAndTheWaitingListComesIn) {
  Join(community_, 60);
  ASSERT_EQ(Get(community_).waiting_count(), 60);
  auto made = Split(Request(true, 100, 300));
  ASSERT_EQ(Reason(made), "OK");
  const auto drawing = Find(made->split(), "绘画分群"), writing = Find(made->split(), "码字分群");
  EXPECT_EQ(drawing.founder_count(), 100) << "no more than there are places";
  EXPECT_EQ(drawing.group().fill_state(), pb::FILL_STATE_FULL);
  EXPECT_EQ(writing.founder_count(), 200);
  EXPECT_EQ(made->unplaced_count(), 50);
  EXPECT_EQ(made->rest_count(), 150);
  EXPECT_EQ(Get(community_).waiting_count(), 0);
  EXPECT_EQ(Group(main_).member_count(), 500 - 300 + 60);
  EXPECT_EQ(Get(community_).member_count(), 560);
  EXPECT_EQ(Events("MemberMoved"), 300);
  EXPECT_EQ(Read(people_[0]).topic_groups.size(), 0u);
  EXPECT_EQ(community_ + "/groups/" + Read(people_[0]).group.ToString(), drawing.group().name());
  EXPECT_EQ(community_ + "/groups/" + Read(people_[120]).group.ToString(), main_) << "found no place: stayed";
  ExpectPlacesTrue();
}

TEST_F(SplitGroupTest, TheRestIsSpreadEvenly) {
  auto request = Request(false);
  request.set_assign_rest(pb::ASSIGN_REST_ROUND_ROBIN);
  auto made = Split(request);
  ASSERT_EQ(Reason(made), "OK");
  EXPECT_EQ(made->rest_count(), 0);
  EXPECT_EQ(Find(made->split(), "绘画分群").founder_count(), 225);
  EXPECT_EQ(Find(made->split(), "码字分群").founder_count(), 275);
  ExpectPlacesTrue();
}

TEST_F(SplitGroupTest, NewMainGroupsTakeWhoWaits) {
  Join(community_, 30);
  auto request = Request(true);
  for (auto& spec : *request.mutable_groups()) spec.set_kind(pb::GROUP_KIND_MAIN);
  auto kept = request;
  kept.set_move(false);
  EXPECT_THAT(Faults(Split(kept)), ElementsAre("groups[0].kind INVALID_VALUE", "groups[1].kind INVALID_VALUE"));
  ASSERT_EQ(Reason(Split(request)), "OK");
  EXPECT_EQ(Get(community_).waiting_count(), 0);
  EXPECT_EQ(Get(community_).member_count(), 530);
  ExpectPlacesTrue();
}

TEST_F(SplitGroupTest, CompetitorsAreComparedAndTheFamilyIsKnown) {
  auto made = Split(Request(true));
  ASSERT_EQ(Reason(made), "OK");
  const auto drawing = Find(made->split(), "绘画分群").group().name();
  const auto writing = Find(made->split(), "码字分群").group().name();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Remove(people_[static_cast<std::size_t>(i)]).ok());  // three draw no more
  ASSERT_TRUE(Move(people_[400], writing).ok());                                               // a newcomer writes
  ASSERT_TRUE(Add(drawing, {people_[401]}).ok());                                              // and one draws as well
  pb::GetGroupSplitRequest get;
  get.set_name(made->split().name());
  auto standing = placements_.GetGroupSplit(Mine("GetGroupSplit", get), get);
  ASSERT_EQ(Reason(standing), "OK");
  EXPECT_EQ(standing->reason(), "嘉宾分享：三十天绘画营");
  ASSERT_EQ(standing->competitors_size(), 2);
  EXPECT_EQ(standing->competitors(0).group().name(), writing) << "grew most";
  EXPECT_EQ(standing->competitors(0).growth(), 1);
  EXPECT_EQ(standing->competitors(0).newcomer_count(), 1);
  EXPECT_EQ(standing->competitors(0).departed_count(), 0);
  EXPECT_EQ(standing->competitors(1).growth(), -2);
  EXPECT_EQ(standing->competitors(1).newcomer_count(), 1);
  EXPECT_EQ(standing->competitors(1).departed_count(), 3);

  pb::SplitGroupRequest again = Request(false);
  again.set_name(drawing);
  auto child = Split(again);
  ASSERT_EQ(Reason(child), "OK");
  auto family = [&](const std::string& group) {
    pb::GetGroupLineageRequest request;
    request.set_name(group);
    auto lineage = placements_.GetGroupLineage(Mine("GetGroupLineage", request), request);
    EXPECT_EQ(Reason(lineage), "OK");
    return *lineage;
  };
  EXPECT_EQ(family(main_).descendants_size(), 4);
  EXPECT_EQ(family(main_).ancestors_size(), 0);
  EXPECT_EQ(family(drawing).siblings(0).name(), writing);
  EXPECT_EQ(family(drawing).descendants_size(), 2);
  const auto youngest = family(child->split().competitors(0).group().name());
  ASSERT_EQ(youngest.ancestors_size(), 2);
  EXPECT_EQ(youngest.ancestors(0).name(), drawing);
  EXPECT_EQ(youngest.ancestors(1).name(), main_);
  EXPECT_FALSE(youngest.more_descendants());

  pb::ListGroupsRequest list;
  list.set_parent(community_);
  list.set_filter("parent_group = \"" + main_ + "\" AND kind = TOPIC");
  EXPECT_EQ(communities_.ListGroups(Mine("ListGroups", list), list)->groups_size(), 2);
  ExpectPlacesTrue();
}

TEST_F(SplitGroupTest, RefusesWhatIsTooLargeOrNotThere) {
  db_.Query("UPDATE membership.chat_group SET capacity = 6000");
  Join(community_, 4501);
  EXPECT_EQ(Reason(Split(Request(false))), "SPLIT_TOO_LARGE");
  auto request = Request(false);
  request.set_name(community_ + "/groups/" + Id::New().ToString());
  EXPECT_EQ(Reason(Split(request)), "GROUP_NOT_FOUND");
  ASSERT_TRUE(Archive(community_).ok());
  EXPECT_EQ(Reason(Split(Request(false))), "COMMUNITY_ARCHIVED");
  EXPECT_EQ(Count("group_split"), 0);
  pb::GetGroupSplitRequest get;
  get.set_name(community_ + "/groupSplits/" + Id::New().ToString());
  EXPECT_EQ(Reason(placements_.GetGroupSplit(Mine("GetGroupSplit", get), get)), "GROUP_SPLIT_NOT_FOUND");
}

TEST_F(SplitGroupTest, TwoThousandInOneTransaction) {
  db_.Query("UPDATE membership.chat_group SET capacity = 2000");
  Join(community_, 1500, Tags);
  const auto started = std::chrono::steady_clock::now();
  auto made = Split(Request(true, 2000, 2000));
  const auto took = std::chrono::steady_clock::now() - started;
  ASSERT_EQ(Reason(made), "OK");
  std::cout << "split of 2000: " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms\n";
  EXPECT_EQ(Find(made->split(), "绘画分群").founder_count() + Find(made->split(), "码字分群").founder_count(), 700);
  ExpectPlacesTrue();
}

}  // namespace
}  // namespace lanting::membership
