#include "membership/api/profile_service.h"

#include "membership/api/profile_test_world.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ProfileServiceTest : public ProfileTest {
 protected:
  Result<pb::Member> Update(const pb::Member& member, std::vector<std::string> mask = {},
                            std::vector<std::string> scopes = {"*"}) {
    pb::UpdateMemberRequest request;
    *request.mutable_member() = member;
    for (auto& path : mask) request.mutable_update_mask()->add_paths(path);
    return profiles_.UpdateMember(With(std::move(scopes), "UpdateMember", request), request);
  }
  Result<pb::Member> AddIdentity(const std::string& member, pb::Channel channel, const std::string& user) {
    pb::AddIdentityRequest request;
    request.set_name(member);
    request.mutable_identity()->set_channel(channel);
    request.mutable_identity()->set_user_id(user);
    return profiles_.AddIdentity(Mine("AddIdentity", request), request);
  }
  Result<pb::Member> RemoveIdentity(const std::string& member, pb::Channel channel) {
    pb::RemoveIdentityRequest request;
    request.set_name(member);
    request.set_channel(channel);
    return profiles_.RemoveIdentity(Mine("RemoveIdentity", request), request);
  }
  Result<pb::TagMembersResponse> Tag(const std::vector<std::string>& members, std::vector<std::string> add,
                                     std::vector<std::string> remove = {}, const std::string& request_id = "") {
    pb::TagMembersRequest request;
    request.set_parent(community_);
    for (const auto& member : members) request.add_members(member);
    for (const auto& tag : add) request.add_add(tag);
    for (const auto& tag : remove) request.add_remove(tag);
    return profiles_.TagMembers(Mine("TagMembers", request, request_id), request);
  }
  // "绘画:2", page by page.
  std::vector<std::string> Tags(int page_size = 2) {
    std::vector<std::string> tags;
    pb::ListTagsRequest request;
    request.set_parent(community_);
    request.set_page_size(page_size);
    do {
      auto page = profiles_.ListTags(Mine("ListTags", request), request);
      EXPECT_EQ(Reason(page), "OK");
      for (const auto& tag : page->tags()) tags.push_back(tag.tag() + ":" + std::to_string(tag.member_count()));
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return tags;
  }
  std::string History(const std::string& member) {
    return db_.Query(
        "SELECT coalesce(string_agg(kind || detail::text || actor, ' ' ORDER BY id), '') FROM "
        "membership.member_history WHERE member_id = '" +
        names::Parse(member).second.ToUuid() + "'");
  }
};

TEST_F(ProfileServiceTest, AnUpdateChangesWhatItNamesAndIsAFact) {
  const auto name = Join("阿杰");
  pb::Member patch;
  patch.set_name(name);
  patch.set_display_name("上海-阿杰-设计");
  patch.set_expectation("希望认识更多插画同行");
  auto updated = Update(patch);
  ASSERT_EQ(Reason(updated), "OK");
  EXPECT_EQ(updated->display_name(), "上海-阿杰-设计");
  EXPECT_EQ(updated->SerializeAsString(), Member(name).SerializeAsString());
  EXPECT_EQ(EventsOf(name), "MemberJoined:1 MemberUpdated:2");
  EXPECT_EQ(History(name), "16{\"fields\": \"display_name, expectation\"}keys/test");

  EXPECT_EQ(Update(patch)->etag(), updated->etag()) << "no change";
  EXPECT_EQ(EventsOf(name), "MemberJoined:1 MemberUpdated:2");

  pb::Member more;
  more.set_name(name);
  for (const char* tag : {"绘画", "手帐", "绘画"}) more.add_tags(tag);
  more.mutable_staff()->set_customer_class(pb::CUSTOMER_CLASS_BULK);
  more.mutable_staff()->set_values_fit(80);
  (*more.mutable_staff()->mutable_attributes())["city"] = "上海";
  more.mutable_consent()->set_statement("5 月 3 日微信回复“同意”");
  more.set_external_id("crm-1");
  updated = Update(more);
  ASSERT_EQ(Reason(updated), "OK") << updated.error().internal;
  EXPECT_THAT(updated->tags(), UnorderedElementsAre("绘画", "手帐"));
  EXPECT_EQ(updated->staff().customer_class(), pb::CUSTOMER_CLASS_BULK);
  EXPECT_FALSE(updated->staff().has_fan_score()) << "a big customer is no fan by that (R41)";
  EXPECT_TRUE(updated->consent().has_give_time());
  EXPECT_EQ(updated->external_id(), "crm-1");
  EXPECT_EQ(EventsOf(name), "MemberJoined:1 MemberUpdated:2 MemberUpdated:3 MemberTagged:4");
  EXPECT_EQ(db_.Query("SELECT count(*) FROM membership.outbox WHERE payload LIKE '%crm-1%' OR payload LIKE "
                      "convert_to('%上海%', 'UTF8')"),
            "0");

  pb::Member fan;
  fan.set_name(name);
  fan.mutable_staff()->set_fan_score(90);
  updated = Update(fan, {"staff.fan_score"});
  EXPECT_EQ(updated->staff().fan_score(), 90);
  EXPECT_EQ(updated->staff().customer_class(), pb::CUSTOMER_CLASS_BULK);
  EXPECT_EQ(Update(fan, {"staff.customer_class"})->staff().fan_score(), 90) << "neither moves the other";
}

TEST_F(ProfileServiceTest, WhatAnUpdateMayNotChangeIsRefusedAtOnce) {
  pb::Member person;
  person.set_display_name("Ada");
  person.set_external_id("crm-ada");
  const auto name = Join(person);
  ASSERT_EQ(Reason(AddIdentity(name, pb::CHANNEL_WECOM, "wm-ada")), "OK");
  pb::Member patch;
  patch.set_name(name);
  patch.set_external_id("crm-other");
  EXPECT_THAT(Faults(Update(patch)), ElementsAre("member.externalId IMMUTABLE"));
  pb::Member wrong;
  wrong.set_name(name);
  wrong.set_accepted_rules_version(1);
  (*wrong.mutable_staff()->mutable_attributes())["城市"] = "上海";
  (*wrong.mutable_staff()->mutable_attributes())["note"] = std::string(1001, 'x');
  wrong.add_identities()->set_user_id("qq");
  EXPECT_THAT(Faults(Update(wrong)),
              UnorderedElementsAre("member.staff.attributes INVALID_FORMAT", "member.staff.attributes.note TOO_LONG",
                                   "member.identities IMMUTABLE", "member.acceptedRulesVersion IMMUTABLE"));
  wrong.set_name(names::Member(names::Parse(community_).first, Id::New()));
  EXPECT_EQ(Reason(Update(wrong)), "MEMBER_NOT_FOUND");
  Leave(name);
  patch.set_external_id("crm-ada");
  EXPECT_EQ(Reason(Update(patch)), "MEMBER_GONE");

  person.set_external_id("");
  const auto other = Join(person);
  person.set_external_id("crm-taken");
  Join(person);
  patch.set_name(other);
  patch.set_external_id("crm-taken");
  EXPECT_EQ(Reason(Update(patch)), "EXTERNAL_ID_TAKEN");
}

TEST_F(ProfileServiceTest, AllIsReplacedButWhatHasACallOfItsOwn) {
  pb::Member person;
  person.set_display_name("小雨");
  person.set_expectation("找书友");
  person.add_tags("读书");
  person.mutable_staff()->set_fan_score(70);
  const auto name = Join(person);
  ASSERT_EQ(Reason(AddIdentity(name, pb::CHANNEL_QQ, "10001")), "OK");
  pb::Member replacement;
  replacement.set_name(name);
  replacement.set_display_name("小雨2");
  auto updated = Update(replacement, {"*"}, {"members.write"});
  ASSERT_EQ(Reason(updated), "OK");
  EXPECT_FALSE(updated->has_staff());
  EXPECT_EQ(updated->expectation(), "");
  EXPECT_THAT(updated->tags(), IsEmpty());
  EXPECT_EQ(updated->identities_size(), 1);
  EXPECT_EQ(Member(name).staff().fan_score(), 70) << "what the caller does not see stays";
}

TEST_F(ProfileServiceTest, TheStaffViewIsForStaff) {
  pb::Member person;
  person.set_display_name("阿杰");
  person.mutable_staff()->set_fan_score(10);
  const auto name = Join(person);
  pb::Member patch;
  patch.set_name(name);
  patch.mutable_staff()->set_fan_score(99);
  auto refused = Update(patch, {}, {"members.write", "members.read"});
  EXPECT_EQ(Reason(refused), "SCOPE_MISSING");
  EXPECT_EQ(refused.error().code, Code::kPermissionDenied);
  EXPECT_EQ(Reason(Update(patch, {"staff"}, {"members.write"})), "SCOPE_MISSING");
  EXPECT_EQ(Reason(Update(patch, {"staff.fan_score"}, {"members.write"})), "SCOPE_MISSING");
  EXPECT_EQ(Reason(Update(patch, {"*"}, {"members.write"})), "SCOPE_MISSING");
  EXPECT_EQ(Reason(Update(patch, {}, {"members.write", "members.staff"})), "OK");
  EXPECT_EQ(Update(patch, {}, {"members.*"})->staff().fan_score(), 99);
  pb::Member own;
  own.set_name(name);
  own.set_expectation("学画画");
  EXPECT_FALSE(Update(own, {}, {"members.write"})->has_staff());
  EXPECT_FALSE(Member(name, false).has_staff());
  Leave(name, "价值观不合");
  EXPECT_EQ(Member(name, false).leave_reason(), "");
  EXPECT_EQ(Member(name).leave_reason(), "价值观不合");

  rpc::Call call;
  call.principal.scopes = {"members.join"};
  EXPECT_EQ(Reason(convert::CheckStaffView(call, patch, "member")), "SCOPE_MISSING");
  call.principal.scopes = {"members.*"};
  EXPECT_EQ(Reason(convert::CheckStaffView(call, patch, "member")), "OK");
  (*patch.mutable_staff()->mutable_attributes())["a b"] = "x";
  EXPECT_THAT(Faults(convert::CheckStaffView(call, patch, "members[3]")),
              ElementsAre("members[3].staff.attributes INVALID_FORMAT"));
}

TEST_F(ProfileServiceTest, OfTwoUpdatesWithOneEtagOneWins) {
  const auto name = Join("阿杰");
  const auto etag = Member(name).etag();
  std::atomic<int> won = 0, lost = 0;
  AtOnce(4, [&](int i) {
    pb::Member patch;
    patch.set_name(name);
    patch.set_etag(etag);
    patch.set_display_name("阿杰" + std::to_string(i));
    const auto reason = Reason(Update(patch));
    ++(reason == "OK" ? won : lost);
    if (reason != "OK") {
      EXPECT_EQ(reason, "ETAG_MISMATCH");
    }
  });
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 3);
  EXPECT_EQ(TwiceOneVersion(), "0");
}

TEST_F(ProfileServiceTest, AnIdentityBelongsToOneMember) {
  const auto a = Join("阿杰"), b = Join("小雨");
  auto added = AddIdentity(a, pb::CHANNEL_WECOM, "wm-1");
  ASSERT_EQ(Reason(added), "OK");
  EXPECT_EQ(added->identities_size(), 1);
  EXPECT_EQ(AddIdentity(a, pb::CHANNEL_WECOM, "wm-1")->etag(), added->etag()) << "has it already";
  EXPECT_EQ(Reason(AddIdentity(a, pb::CHANNEL_WECOM, "wm-2")), "CHANNEL_IDENTITY_EXISTS");
  EXPECT_EQ(Reason(AddIdentity(b, pb::CHANNEL_WECOM, "wm-1")), "IDENTITY_TAKEN");
  EXPECT_EQ(Reason(RemoveIdentity(b, pb::CHANNEL_WECOM)), "IDENTITY_NOT_FOUND");
  EXPECT_EQ(RemoveIdentity(a, pb::CHANNEL_WECOM)->identities_size(), 0);
  EXPECT_EQ(Reason(AddIdentity(b, pb::CHANNEL_WECOM, "wm-1")), "OK");
  EXPECT_EQ(EventsOf(a), "MemberJoined:1 MemberUpdated:2 MemberUpdated:3");
  Leave(b);
  EXPECT_EQ(Reason(AddIdentity(b, pb::CHANNEL_WECOM, "wm-1")), "MEMBER_GONE");
}

TEST_F(ProfileServiceTest, AnIdentityIsTakenOnceAmongMany) {
  std::vector<std::string> members;
  for (int i = 0; i < 4; ++i) members.push_back(Join("成员" + std::to_string(i)));
  std::atomic<int> got = 0;
  AtOnce(4, [&](int i) {
    const auto reason = Reason(AddIdentity(members[static_cast<std::size_t>(i)], pb::CHANNEL_QQ, "10086"));
    if (reason == "OK") {
      ++got;
    } else {
      EXPECT_EQ(reason, "IDENTITY_TAKEN");
    }
  });
  EXPECT_EQ(got, 1);
  EXPECT_EQ(Count("member_identity"), 1);
}

TEST_F(ProfileServiceTest, ManyAreTaggedAndEachIsAnswered) {
  const auto a = Join("阿杰"), b = Join("小雨"), gone = Join("老王");
  Leave(gone);
  pb::Member full;
  full.set_display_name("满");
  for (int i = 0; i < 50; ++i) full.add_tags("t" + std::to_string(i));
  const auto c = Join(full);
  const auto elsewhere = Open(pb::GATE_KIND_QUESTIONS, "别处").name();
  AddGroup(elsewhere, 10);
  pb::Member person;
  person.set_display_name("Ada");
  const auto foreign = Join(person, elsewhere);

  auto answer = Tag({a, b, a, gone, c, foreign}, {"绘画", "手帐", "绘画"}, {"围观"});
  ASSERT_EQ(Reason(answer), "OK") << answer.error().internal;
  std::vector<std::string> reasons;
  for (const auto& result : answer->results()) reasons.push_back(result.member() + result.reason());
  EXPECT_THAT(reasons, ElementsAre(a, b, gone + "MEMBER_GONE", c + "TOO_MANY_TAGS", foreign + "MEMBER_NOT_FOUND"));
  EXPECT_THAT(answer->results(0).tags_added(), ElementsAre("绘画", "手帐"));
  EXPECT_EQ(EventsOf(a), "MemberJoined:1 MemberTagged:2");
  EXPECT_EQ(EventsOf(c), "MemberJoined:1");
  EXPECT_EQ(History(a), "15{\"added\": \"绘画, 手帐\"}keys/test");

  answer = Tag({a, b, c}, {"绘画"}, {"手帐", "t7"});
  EXPECT_THAT(answer->results(0).tags_added(), IsEmpty());
  EXPECT_THAT(answer->results(0).tags_removed(), ElementsAre("手帐"));
  EXPECT_EQ(answer->results(2).reason(), "") << "one for one";
  EXPECT_EQ(Reason(Tag({a}, {}, {"绘画"})), "OK");
  auto tags = Tags(7);
  EXPECT_EQ(tags.size(), 50u);
  EXPECT_EQ(std::count(tags.begin(), tags.end(), "绘画:2"), 1);
  Leave(c);
  EXPECT_THAT(Tags(), ElementsAre("绘画:1"));
  EXPECT_EQ(Reason(Tag({foreign}, {"x"})), "MEMBER_NOT_FOUND");
  EXPECT_THAT(Faults(Tag({a}, {"x"}, {"x"})), ElementsAre("remove[0] DUPLICATE_VALUE"));
  EXPECT_THAT(Faults(Tag({a}, {})), ElementsAre("add REQUIRED"));

  auto first = Tag({b}, {"写作"}, {}, "r-1");
  EXPECT_EQ(Tag({b}, {"写作"}, {}, "r-1")->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(EventsOf(b), "MemberJoined:1 MemberTagged:2 MemberTagged:3 MemberTagged:4");
  EXPECT_EQ(TwiceOneVersion(), "0");
}

TEST_F(ProfileServiceTest, TaggersDoNotHurtEachOther) {
  std::vector<std::string> members;
  for (int i = 0; i < 40; ++i) members.push_back(Join("成员" + std::to_string(i)));
  AtOnce(6, [&](int i) {
    auto order = members;
    if (i % 2 == 1) std::reverse(order.begin(), order.end());
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(Reason(Tag(order, {"t" + std::to_string(i) + "-" + std::to_string(round)})), "OK");
      pb::Member patch;
      patch.set_name(order[0]);
      patch.set_expectation("第" + std::to_string(i * 10 + round) + "次");
      EXPECT_EQ(Reason(Update(patch)), "OK");
    }
  });
  EXPECT_EQ(Tags(100).size(), 18u);
  for (const auto& tag : Tags(100)) EXPECT_TRUE(tag.ends_with(":40")) << tag;
  EXPECT_EQ(TwiceOneVersion(), "0");
}

TEST_F(ProfileServiceTest, NeedsAreCountedOverThoseWhoAreIn) {
  pb::Member person;
  for (const char* text : {"想认识插画同行", "学插画", "插画接单", ""}) {
    person.set_display_name("成员");
    person.set_expectation(text);
    const auto name = Join(person);
    if (std::string(text) == "插画接单") Leave(name);
  }
  pb::GetNeedsReportRequest request;
  request.set_name(community_ + "/needsReport");
  auto report = profiles_.GetNeedsReport(Mine("GetNeedsReport", request), request);
  ASSERT_EQ(Reason(report), "OK");
  EXPECT_EQ(report->active_count(), 3);
  EXPECT_EQ(report->stated_count(), 2);
  ASSERT_EQ(report->needs_size(), 1);
  EXPECT_EQ(report->needs(0).text(), "插画");
  EXPECT_EQ(report->needs(0).member_count(), 2);
  EXPECT_EQ(Reason(profiles_.GetNeedsReport(Theirs("GetNeedsReport", request), request)), "COMMUNITY_NOT_FOUND");
}

}  // namespace
}  // namespace lanting::membership
