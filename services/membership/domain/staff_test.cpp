#include "membership/domain/staff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "membership/domain/key.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Time kNow{std::chrono::seconds(1'790'000'000)};

Staff Of(StaffRole role, std::vector<Id> groups = {}) {
  return {.id = Id::New(), .community = Id::New(), .role = role, .display_name = "王敏", .groups = std::move(groups)};
}

TEST(StaffRolesTest, EveryRoleSpeaksBothLanguagesAndHasAChecklist) {
  const auto &zh = StaffRoles("zh-CN"), &en = StaffRoles("en");
  ASSERT_EQ(zh.size(), 6u);
  ASSERT_EQ(en.size(), zh.size());
  std::set<std::string> keys;
  for (std::size_t i = 0; i < zh.size(); ++i) {
    EXPECT_EQ(static_cast<int>(zh[i].role), static_cast<int>(i) + 1);
    EXPECT_EQ(zh[i].role, en[i].role);
    EXPECT_NE(zh[i].display_name, en[i].display_name);
    EXPECT_FALSE(zh[i].description.empty());
    EXPECT_GE(zh[i].duties.size(), 2u) << en[i].display_name;
    for (const auto& duty : en[i].duties) {
      EXPECT_TRUE(keys.insert(duty.key).second) << duty.key;
      EXPECT_TRUE(duty.key.size() <= 64 && duty.title.size() <= 100) << duty.key;
      EXPECT_GT(duty.due_minutes, 0);
      EXPECT_EQ(duty.local_time.size(), 5u);
    }
    Key key{.id = Id::New(), .display_name = "k", .role = zh[i].role};
    EXPECT_TRUE(CompleteNewKey(key, kNow).ok()) << "the scopes of " << en[i].display_name;
  }
  EXPECT_EQ(&StaffRoles(""), &zh);
  EXPECT_THAT(ScopesOf(StaffRole::kUnspecified), IsEmpty());
  EXPECT_EQ(NameOf(StaffRole::kModerator), "MODERATOR");
}

TEST(StaffRolesTest, DutiesFitTheCommunity) {
  const auto of = [](StaffRole role, Template from, Structure structure) {
    std::set<std::string> keys;
    const Community community{.opened_from = from, .structure = structure};
    for (const auto& info : StaffRoles("en")) {
      for (const auto& duty : info.duties) {
        if (info.role == role && duty.Fits(community)) keys.insert(duty.key);
      }
    }
    return keys;
  };
  const auto role = StaffRole::kOrganiser;
  EXPECT_THAT(of(role, Template::kSocialRing, Structure::kRing),
              ElementsAre("organiser.evening_topic", "organiser.greet", "organiser.silent"));
  EXPECT_THAT(of(role, Template::kLearningPyramid, Structure::kPyramid),
              ElementsAre("organiser.greet", "organiser.homework", "organiser.micro_lecture", "organiser.silent"));
  EXPECT_THAT(of(role, Template::kNetworking, Structure::kRing), ::testing::Contains("organiser.introduce"));
  EXPECT_THAT(of(role, Template::kMemberBenefits, Structure::kRing), ::testing::Contains("organiser.benefit"));
}

TEST(StaffTest, TheLastOwnerStays) {
  auto owner = Of(StaffRole::kOwner);
  EXPECT_EQ(End(owner, 1, kNow).error().reason, "LAST_OWNER");
  EXPECT_FALSE(owner.end_time);
  EXPECT_TRUE(*End(owner, 2, kNow));
  EXPECT_EQ(owner.end_time, kNow);
  EXPECT_EQ(owner.version, 2);
  EXPECT_FALSE(*End(owner, 1, kNow)) << "history does not end again";
  auto editor = Of(StaffRole::kEditor);
  EXPECT_TRUE(*End(editor, 0, kNow));
}

TEST(CoverageTest, ARingNeedsASparkInEveryGroup) {
  const auto one = Id::New(), two = Id::New();
  const auto owner = Of(StaffRole::kOwner), spark = Of(StaffRole::kOrganiser, {one});
  auto needs = Coverage(Structure::kRing, "zh-CN", {owner, spark}, {one, two});
  ASSERT_EQ(needs.size(), 4u);
  EXPECT_EQ(needs[0].role, StaffRole::kOwner);
  EXPECT_TRUE(needs[0].required && needs[0].filled);
  EXPECT_THAT(needs[0].staff, ElementsAre(owner.id));
  EXPECT_EQ(needs[1].role, StaffRole::kOrganiser);
  EXPECT_TRUE(needs[1].required);
  EXPECT_FALSE(needs[1].filled);
  EXPECT_THAT(needs[1].uncovered_groups, ElementsAre(two));
  EXPECT_FALSE(needs[2].required || needs[3].required) << "an editor and a moderator are advice (R30)";
  needs = Coverage(Structure::kRing, "zh-CN", {owner, spark, Of(StaffRole::kOrganiser)}, {one, two});
  EXPECT_TRUE(needs[1].filled) << "no groups named: all of them";
}

TEST(CoverageTest, NobodyIsNobodyAlsoWithoutGroups) {
  for (const auto structure : {Structure::kRing, Structure::kPyramid}) {
    const auto needs = Coverage(structure, "en", {}, {});
    EXPECT_EQ(needs.size(), 4u);
    for (const auto& need : needs) {
      EXPECT_FALSE(need.filled);
      EXPECT_FALSE(need.why.empty());
    }
  }
  EXPECT_NE(Coverage(Structure::kRing, "en", {}, {})[1].why, Coverage(Structure::kPyramid, "en", {}, {})[1].why);
}

}  // namespace
}  // namespace lanting::membership
