#include "membership/domain/merge.h"

#include <gmock/gmock.h>

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using S = MemberState;

constexpr auto kWecom = static_cast<Channel>(1), kWechat = static_cast<Channel>(2);
const Time kNow = Time(std::chrono::seconds(1'790'000'000));
const Id kHome = Id::New(), kOther = Id::New(), kTopicA = Id::New(), kTopicB = Id::New();

Member In(S state, Id group = {}, std::optional<std::int64_t> ticket = {}) {
  Member m{.id = Id::New(), .state = state, .group = group, .waiting_ticket = ticket};
  m.version = 5;
  return m;
}

TEST(MergeTest, TheSourceFillsTheGapsAndTheTargetWins) {
  auto target = In(S::kActive, kHome), source = In(S::kActive, kOther);
  target.person.expectation = "学画";
  target.person.staff = {.fan_score = 70, .attributes = {{"city", "绍兴"}}};
  source.person = {.external_id = "crm-7",
                   .expectation = "学书法",
                   .accepted_rules_version = 2,
                   .staff = {.customer_class = CustomerClass::kExpert,
                             .fan_score = 10,
                             .values_fit = 88,
                             .attributes = {{"city", "杭州"}, {"phone", "13800138000"}}},
                   .consent = {kNow, "群里说“同意”"}};
  source.referrer = Id::New();
  const auto plan = DecideMerge(target, source, kNow).value();
  EXPECT_EQ(plan.target.person.external_id, "crm-7");
  EXPECT_EQ(plan.source.person.external_id, "");
  EXPECT_EQ(plan.target.person.expectation, "学画");
  EXPECT_EQ(plan.target.person.accepted_rules_version, 2);
  EXPECT_EQ(plan.target.person.staff.customer_class, CustomerClass::kExpert);
  EXPECT_EQ(plan.target.person.staff.fan_score, 70);
  EXPECT_EQ(plan.target.person.staff.values_fit, 88);
  EXPECT_EQ(plan.target.person.staff.attributes.at("city"), "绍兴");
  EXPECT_EQ(plan.target.person.staff.attributes.at("phone"), "13800138000");
  EXPECT_EQ(plan.target.person.consent.statement, "群里说“同意”");
  EXPECT_EQ(plan.target.referrer, source.referrer);
  EXPECT_EQ(plan.target.version, 6);
  EXPECT_EQ(plan.source.state, S::kMerged);
  EXPECT_EQ(plan.source.merged_into, target.id);
  EXPECT_EQ(plan.source.version, 6);

  auto undone = plan.target;
  EXPECT_EQ(UndoFields(undone, plan.fields).size(), plan.fields.size());
  EXPECT_EQ(undone.person.staff, target.person.staff);
  EXPECT_EQ(undone.person.external_id, "");
  EXPECT_FALSE(undone.person.consent.time);
  EXPECT_TRUE(undone.referrer.IsNil());
  EXPECT_EQ(undone.person.accepted_rules_version, 0);
}

TEST(MergeTest, WhatWasChangedSinceStays) {
  auto target = In(S::kActive, kHome), source = In(S::kActive, kOther);
  source.person.expectation = "学书法";
  source.person.staff.attributes = {{"phone", "13800138000"}, {"city", "杭州"}};
  auto merged = DecideMerge(target, source, kNow).value();
  merged.target.person.staff.attributes["phone"] = "13900139000";
  merged.target.person.staff.attributes.erase("city");
  const auto back = UndoFields(merged.target, merged.fields);
  EXPECT_THAT(back, ElementsAre(FieldChange{"expectation", "", "学书法"}));
  EXPECT_THAT(merged.target.person.staff.attributes, ElementsAre(std::pair("phone", "13900139000")));
  EXPECT_EQ(merged.target.person.expectation, "");
}

TEST(MergeTest, NobodyBecomesTheirOwnReferrer) {
  auto target = In(S::kActive, kHome), source = In(S::kActive, kOther);
  target.referrer = source.id;
  source.referrer = target.id;
  EXPECT_TRUE(DecideMerge(target, source, kNow)->target.referrer.IsNil());
  const auto third = source.referrer = Id::New();
  auto plan = DecideMerge(target, source, kNow).value();
  EXPECT_EQ(plan.target.referrer, third);
  UndoFields(plan.target, plan.fields);
  EXPECT_EQ(plan.target.referrer, source.id);
}

TEST(MergeTest, ListsAreUnitedOneIdentityAChannel) {
  auto target = In(S::kActive, kHome), source = In(S::kActive, kOther);
  target.person.identities = {{kWecom, "wm_1"}};
  source.person.identities = {{kWecom, "wm_2"}, {kWechat, "wx_2"}};
  target.person.tags = {"绘画", "老友"};
  source.person.tags = {"绘画", "书法"};
  target.topic_groups = {kTopicA};
  source.topic_groups = {kTopicA, kTopicB};
  const auto plan = DecideMerge(target, source, kNow).value();
  EXPECT_THAT(plan.identities_moved, ElementsAre(ChannelIdentity{kWechat, "wx_2"}));
  EXPECT_THAT(plan.identities_kept, ElementsAre(ChannelIdentity{kWecom, "wm_2"}));
  EXPECT_THAT(plan.tags_moved, ElementsAre("书法"));
  EXPECT_THAT(plan.tags_dropped, ElementsAre("绘画"));
  EXPECT_THAT(plan.places_moved, ElementsAre(kTopicB));
  EXPECT_THAT(plan.places_dropped, ElementsAre(kTopicA));
}

TEST(MergeTest, PlacesAndTheQueue) {
  struct Case {
    const char* what;
    Member target, source;
    S state;
    Id group;
    std::optional<std::int64_t> ticket;
    std::vector<Id> freed;
    int left_queue;
    bool joined;
  };
  const std::vector<Case> cases = {
      {"both in", In(S::kActive, kHome), In(S::kActive, kOther), S::kActive, kHome, {}, {kOther}, 0, false},
      {"both in one group", In(S::kActive, kHome), In(S::kActive, kHome), S::kActive, kHome, {}, {kHome}, 0, false},
      {"the source waits", In(S::kActive, kHome), In(S::kWaiting, {}, 7), S::kActive, kHome, {}, {}, 1, false},
      {"the target waits", In(S::kWaiting, {}, 7), In(S::kActive, kOther), S::kActive, kOther, {}, {}, 1, true},
      {"a better ticket", In(S::kWaiting, {}, 7), In(S::kWaiting, {}, 3), S::kWaiting, {}, 3, {}, 1, false},
      {"a worse ticket", In(S::kWaiting, {}, 3), In(S::kWaiting, {}, 7), S::kWaiting, {}, 3, {}, 1, false},
      {"an offer to the source",
       In(S::kActive, kHome),
       In(S::kOffered, kOther),
       S::kActive,
       kHome,
       {},
       {kOther},
       0,
       false},
      {"an offer to the target",
       In(S::kOffered, kHome),
       In(S::kActive, kOther),
       S::kActive,
       kOther,
       {},
       {kHome},
       0,
       true},
      {"two offers", In(S::kOffered, kHome), In(S::kOffered, kOther), S::kOffered, kHome, {}, {kOther}, 0, false},
      {"an offer to who waits twice",
       In(S::kWaiting, {}, 9),
       In(S::kOffered, kOther),
       S::kWaiting,
       {},
       9,
       {kOther},
       0,
       false},
  };
  for (const auto& c : cases) {
    const auto plan = DecideMerge(c.target, c.source, kNow).value();
    EXPECT_EQ(plan.target.state, c.state) << c.what;
    EXPECT_EQ(plan.target.group, c.group) << c.what;
    EXPECT_EQ(plan.target.waiting_ticket, c.ticket) << c.what;
    EXPECT_EQ(plan.freed_groups, c.freed) << c.what;
    EXPECT_EQ(plan.left_queue, c.left_queue) << c.what;
    EXPECT_EQ(plan.target_joined, c.joined) << c.what;
    EXPECT_FALSE(plan.source.waiting_ticket) << c.what;
  }
}

TEST(MergeTest, OnlyWhoIsInOrWaitsIsMergedAndUnmerged) {
  const auto in = In(S::kActive, kHome);
  for (auto state : {S::kLeft, S::kMerged}) {
    EXPECT_EQ(DecideMerge(in, In(state, kHome), kNow).error().reason, "MEMBER_GONE");
    EXPECT_EQ(DecideMerge(In(state, kHome), in, kNow).error().reason, "MEMBER_GONE");
  }
  auto part = In(S::kMerged, kHome);
  part.merged_into = in.id;
  auto further = part;
  further.merged_into = Id::New();
  struct Case {
    MergeState state;
    Member target, source;
    const char* cause;
  };
  EXPECT_TRUE(CheckUndo(MergeState::kDone, in, part).ok());
  for (const auto& c : std::vector<Case>{{MergeState::kUndone, in, part, "UNDONE"},
                                         {MergeState::kErased, in, part, "ERASED"},
                                         {MergeState::kDone, In(S::kLeft), part, "TARGET_GONE"},
                                         {MergeState::kDone, In(S::kMerged), part, "TARGET_MERGED"},
                                         {MergeState::kDone, in, further, "SOURCE_MERGED_FURTHER"}}) {
    const auto checked = CheckUndo(c.state, c.target, c.source);
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().reason, "MERGE_NOT_UNDOABLE");
    EXPECT_EQ(checked.error().metadata.at("cause"), c.cause);
  }
}

}  // namespace
}  // namespace lanting::membership
