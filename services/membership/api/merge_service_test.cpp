#include "membership/api/person_test_world.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class MergeServiceTest : public PersonTest {
 protected:
  MergeServiceTest() : community_(Open().name()) {}

  std::string Identities(const std::string& member) {
    std::string out;
    const auto found = GetMember(member);
    for (const auto& i : found.identities()) out += (out.empty() ? "" : " ") + i.user_id();
    return out;
  }
  static std::vector<std::string> Tags(const pb::Member& m) { return {m.tags().begin(), m.tags().end()}; }
  static std::string Cause(const Result<pb::Merge>& r) {
    return r.ok() ? "OK" : r.error().reason == "MERGE_NOT_UNDOABLE" ? r.error().metadata.at("cause") : r.error().reason;
  }

  std::string community_;
};

TEST_F(MergeServiceTest, TheSourceBecomesPartOfTheTargetAndComesBack) {
  const auto group = AddGroup(community_, 2).name();
  const auto both = AddTopicGroup(community_, 5), one = AddTopicGroup(community_, 5);
  auto x = Named("王小明", "", {{pb::CHANNEL_WECOM, "wm_1"}});
  x.add_tags("绘画");
  auto y = Named("王 小 明", "crm-7", {{pb::CHANNEL_WECOM, "wm_2"}, {pb::CHANNEL_WECHAT, "wx_2"}});
  y.add_tags("绘画");
  y.add_tags("书法");
  y.set_expectation("学书法");
  y.set_accepted_rules_version(1);
  (*y.mutable_staff()->mutable_attributes())["phone"] = "13800138000";
  y.mutable_consent()->set_statement("群里说“同意”");
  const auto target = Join(community_, x).name(), source = Join(community_, y).name();
  const auto waits = Join(community_, Named("李雷")).name();
  AddPlace(both, target);
  AddPlace(both, source);
  AddPlace(one, source);
  One("UPDATE member SET referrer_id = " + Uuid(source) + " WHERE id = " + Uuid(waits));
  const auto before_target = GetMember(target), before_source = GetMember(source);
  ASSERT_EQ(GetMember(waits).state(), pb::MEMBER_STATE_WAITING);

  const auto merge = Merge(target, source, "同一个人，换了微信号", "merge-1");
  ASSERT_TRUE(merge.ok()) << merge.error().message << merge.error().internal;
  EXPECT_EQ(merge->state(), pb::MERGE_STATE_DONE);
  EXPECT_EQ(merge->actor(), "keys/test");
  EXPECT_EQ(Merge(target, source, "同一个人，换了微信号", "merge-1")->name(), merge->name());
  auto t = GetMember(target), s = GetMember(source);
  EXPECT_EQ(s.state(), pb::MEMBER_STATE_MERGED);
  EXPECT_EQ(s.merged_into(), target);
  EXPECT_EQ(t.external_id(), "crm-7");
  EXPECT_EQ(t.expectation(), "学书法");
  EXPECT_EQ(t.staff().attributes().at("phone"), "13800138000");
  EXPECT_EQ(t.consent().statement(), "群里说“同意”");
  EXPECT_EQ(t.accepted_rules_version(), 1);
  EXPECT_THAT(Tags(t), UnorderedElementsAre("绘画", "书法"));
  EXPECT_THAT(Tags(s), IsEmpty());
  EXPECT_EQ(Identities(target), "wm_1 wx_2");
  EXPECT_EQ(Identities(source), "wm_2");
  EXPECT_EQ(t.topic_groups_size(), 2);
  EXPECT_EQ(GetMember(waits).state(), pb::MEMBER_STATE_ACTIVE) << "the place of the source is free";
  EXPECT_EQ(GetMember(waits).referrer(), target);
  EXPECT_EQ(Reason(TryJoin(community_, Named("谁", "", {{pb::CHANNEL_WECOM, "wm_2"}}))), "IDENTITY_TAKEN");
  EXPECT_EQ(Reason(Merge(target, source)), "MEMBER_GONE");
  ExpectTrueCounters();

  const auto undone = Undo(merge->name());
  ASSERT_TRUE(undone.ok()) << undone.error().message << undone.error().internal;
  EXPECT_EQ(undone->state(), pb::MERGE_STATE_UNDONE);
  t = GetMember(target), s = GetMember(source);
  for (auto* m : {&t, &s}) m->clear_etag(), m->clear_update_time(), m->clear_join_time();
  auto expected = before_target;
  expected.clear_etag(), expected.clear_update_time(), expected.clear_join_time();
  EXPECT_EQ(t.ShortDebugString(), expected.ShortDebugString());
  // The place was given to who waited; the source waits at the end.
  expected = before_source;
  expected.clear_etag(), expected.clear_update_time(), expected.clear_join_time(), expected.clear_group();
  expected.set_state(pb::MEMBER_STATE_WAITING);
  expected.set_waiting_position(1);
  std::sort(s.mutable_tags()->begin(), s.mutable_tags()->end());
  std::sort(expected.mutable_tags()->begin(), expected.mutable_tags()->end());
  EXPECT_EQ(s.ShortDebugString(), expected.ShortDebugString());
  EXPECT_EQ(GetMember(waits).referrer(), source);
  EXPECT_EQ(Cause(Undo(merge->name())), "UNDONE");
  EXPECT_EQ(One("SELECT octet_length(snapshot) FROM member_merge"), "0");
  Remove(waits);
  EXPECT_EQ(GetMember(source).group(), group);
  ExpectTrueCounters();
}

TEST_F(MergeServiceTest, WhoWaitsTakesThePlaceOfTheSource) {
  const auto group = AddGroup(community_, 1).name();
  const auto source = Join(community_, Named("王小明")).name(), first = Join(community_, Named("李雷")).name();
  const auto target = Join(community_, Named("王 小明")).name();
  const auto merge = Merge(target, source).value();
  EXPECT_EQ(GetMember(target).state(), pb::MEMBER_STATE_ACTIVE);
  EXPECT_EQ(GetMember(target).group(), group);
  EXPECT_EQ(GetMember(first).waiting_position(), 1);
  ExpectTrueCounters();
  ASSERT_TRUE(Undo(merge.name()).ok());
  EXPECT_EQ(GetMember(target).group(), group) << "the place stays the target's";
  EXPECT_EQ(GetMember(source).waiting_position(), 2);
  ExpectTrueCounters();
}

TEST_F(MergeServiceTest, OfTwoWhoWaitTheOlderTicketCountsAndBothReturn) {
  AddGroup(community_, 1);
  Join(community_, Named("先到"));
  const auto source = Join(community_, Named("王小明")).name(), between = Join(community_, Named("李雷")).name();
  const auto target = Join(community_, Named("王 小明")).name();
  const auto merge = Merge(target, source).value();
  EXPECT_EQ(GetMember(target).waiting_position(), 1);
  EXPECT_EQ(GetMember(between).waiting_position(), 2);
  ExpectTrueCounters();
  ASSERT_TRUE(Undo(merge.name()).ok());
  EXPECT_EQ(GetMember(source).waiting_position(), 1);
  EXPECT_EQ(GetMember(between).waiting_position(), 2);
  EXPECT_EQ(GetMember(target).waiting_position(), 3);
  ExpectTrueCounters();
}

TEST_F(MergeServiceTest, AnOfferIsAPlace) {
  const auto group = AddGroup(community_, 1).name();
  const auto in = Join(community_, Named("王小明")).name();
  const auto first = Join(community_, Named("王 小明")).name(), second = Join(community_, Named("王小 明")).name();
  const auto waits = Join(community_, Named("李雷")).name();
  One("UPDATE chat_group SET capacity = 3, member_count = 3");
  One("UPDATE community SET waiting_count = waiting_count - 2");
  One("UPDATE member SET state = 4, group_id = " + Uuid(group) +
      ", waiting_ticket = NULL, offer_expire_time = now() + interval '1 hour' WHERE id IN (" + Uuid(first) + ", " +
      Uuid(second) + ")");
  ExpectTrueCounters();
  // The source's offer is another's now.
  const auto offered = Merge(first, second).value();
  EXPECT_EQ(GetMember(first).state(), pb::MEMBER_STATE_OFFERED);
  EXPECT_EQ(GetMember(waits).state(), pb::MEMBER_STATE_ACTIVE);
  ExpectTrueCounters();
  // Who has an offer takes the place of the one who is in, and needs it no more.
  ASSERT_TRUE(Merge(first, in).ok());
  EXPECT_EQ(GetMember(first).state(), pb::MEMBER_STATE_ACTIVE);
  EXPECT_EQ(One("SELECT member_count FROM chat_group"), "2");
  ExpectTrueCounters();
  ASSERT_TRUE(Undo(offered.name()).ok());
  EXPECT_EQ(GetMember(second).group(), group);
  ExpectTrueCounters();
}

TEST_F(MergeServiceTest, AnUndoFindsAnotherGroupWhenTheOldOneIsFull) {
  const auto old = AddGroup(community_, 2).name();
  const auto target = Join(community_, Named("王小明")).name(), source = Join(community_, Named("王 小明")).name();
  const auto merge = Merge(target, source).value();
  Join(community_, Named("李雷"));
  const auto other = AddGroup(community_, 1).name();
  ASSERT_TRUE(Undo(merge.name()).ok());
  EXPECT_EQ(GetMember(source).group(), other);
  EXPECT_THAT(Events(), ::testing::EndsWith("GroupFull:2 MergeUndone:3 MemberJoined:3"));
  ExpectTrueCounters();
  // Another time the old group has a place.
  const auto again = Merge(target, source).value();
  ASSERT_TRUE(Undo(again.name()).ok());
  EXPECT_EQ(GetMember(source).group(), other);
  ExpectTrueCounters();
}

TEST_F(MergeServiceTest, WhatWasChangedSinceStays) {
  AddGroup(community_, 5);
  auto y = Named("王 小 明", "", {{pb::CHANNEL_WECHAT, "wx_2"}});
  y.add_tags("书法");
  y.add_tags("茶");
  (*y.mutable_staff()->mutable_attributes())["phone"] = "13800138000";
  const auto target = Join(community_, Named("王小明")).name(), source = Join(community_, y).name();
  const auto merge = Merge(target, source).value();
  One("UPDATE member SET attributes = '{\"phone\": \"13900139000\"}' WHERE id = " + Uuid(target));
  One("DELETE FROM member_tag WHERE tag = '茶'");
  One("DELETE FROM member_identity WHERE user_id = 'wx_2'");
  ASSERT_TRUE(Undo(merge.name()).ok());
  EXPECT_EQ(GetMember(target).staff().attributes().at("phone"), "13900139000");
  EXPECT_EQ(GetMember(source).staff().attributes().at("phone"), "13800138000");
  EXPECT_THAT(Tags(GetMember(source)), ElementsAre("书法"));
  EXPECT_EQ(Identities(source) + Identities(target), "");
}

TEST_F(MergeServiceTest, MergesInAChainAreUndoneFromTheLast) {
  AddGroup(community_, 9);
  const auto a = Join(community_, Named("甲", "a-1")).name(), b = Join(community_, Named("乙", "b-1")).name();
  const auto c = Join(community_, Named("丙", "c-1")).name();
  const auto first = Merge(b, a).value(), second = Merge(c, b).value();
  EXPECT_EQ(GetMember(a).merged_into(), c);
  EXPECT_EQ(Cause(Undo(first.name())), "TARGET_MERGED");
  ASSERT_TRUE(Undo(second.name()).ok());
  EXPECT_EQ(GetMember(a).merged_into(), b);
  ASSERT_TRUE(Undo(first.name()).ok());
  for (const auto& m : {a, b, c}) EXPECT_EQ(GetMember(m).state(), pb::MEMBER_STATE_ACTIVE);
  EXPECT_EQ(GetMember(a).external_id() + GetMember(b).external_id() + GetMember(c).external_id(), "a-1b-1c-1");
  ExpectTrueCounters();
}

TEST_F(MergeServiceTest, WhoLeftLetsGoOfEverythingAndTheMergeStands) {
  AddGroup(community_, 9);
  const auto target = Join(community_, Named("王小明", "crm-1", {{pb::CHANNEL_WECOM, "wm_1"}})).name();
  const auto source = Join(community_, Named("王 小明", "crm-2", {{pb::CHANNEL_WECOM, "wm_2"}})).name();
  const auto merge = Merge(target, source).value();
  EXPECT_EQ(Reason(TryJoin(community_, Named("又来", "crm-2"))), "EXTERNAL_ID_TAKEN");
  Remove(target);
  EXPECT_EQ(Cause(Undo(merge.name())), "TARGET_GONE");
  EXPECT_TRUE(TryJoin(community_, Named("又来", "crm-2", {{pb::CHANNEL_WECOM, "wm_2"}})).ok());
  ExpectTrueCounters();
}

TEST_F(MergeServiceTest, RefusalsAndReading) {
  AddGroup(community_, 9);
  const auto a = Join(community_, Named("甲")).name(), b = Join(community_, Named("乙")).name();
  const auto c = Join(community_, Named("丙")).name();
  const auto community = names::Parse(community_).first;
  const auto nobody = names::Member(community, Id::New());
  EXPECT_THAT(Faults(Merge(a, a)), ElementsAre("source DUPLICATE_VALUE"));
  EXPECT_EQ(Reason(Merge(a, nobody)), "MEMBER_NOT_FOUND");
  EXPECT_EQ(Reason(Merge(nobody, a)), "MEMBER_NOT_FOUND");
  EXPECT_EQ(Reason(Merge(a, names::Member(Id::New(), names::Parse(b).second))), "MEMBER_NOT_FOUND");
  EXPECT_EQ(Reason(Undo(names::Child(community, "merges", Id::New()))), "MERGE_NOT_FOUND");
  const auto first = Merge(a, b, "同名").value(), second = Merge(a, c).value();
  EXPECT_EQ(Cause(Undo(first.name())), "OK") << "the order of merges into one does not matter";
  pb::GetMergeRequest get;
  get.set_name(second.name());
  EXPECT_EQ(persons_.GetMerge(As("PersonService/GetMerge", get), get)->source(), c);
  pb::ListMergesRequest list;
  list.set_parent(community_);
  EXPECT_EQ(persons_.ListMerges(As("PersonService/ListMerges", list), list)->merges_size(), 2);
  list.set_filter("state = UNDONE AND source = " + b);
  EXPECT_EQ(persons_.ListMerges(As("PersonService/ListMerges", list), list)->merges(0).name(), first.name());
  list.set_filter("target = " + b);
  EXPECT_EQ(persons_.ListMerges(As("PersonService/ListMerges", list), list)->merges_size(), 0);
}

}  // namespace
}  // namespace lanting::membership
