#include "membership/api/person_service.h"

#include "membership/api/person_test_world.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class DuplicateServiceTest : public PersonTest {
 protected:
  DuplicateServiceTest() : community_(Open().name()) { AddGroup(community_, 500); }

  Result<pb::FindDuplicatesResponse> Find(const std::string& member) {
    pb::FindDuplicatesRequest request;
    request.set_name(member);
    return persons_.FindDuplicates(As("PersonService/FindDuplicates", request), request);
  }
  // "name score reason+reason" of each, in the order of the answer.
  std::vector<std::string> Found(const std::string& member) {
    std::vector<std::string> out;
    auto found = Find(member);
    EXPECT_TRUE(found.ok()) << found.error().message << found.error().internal;
    for (const auto& d : found->duplicates()) {
      EXPECT_EQ(d.member(), member);
      std::string reasons;
      for (auto r : d.reasons()) {
        reasons +=
            (reasons.empty() ? "" : "+") + pb::DuplicateReason_Name(static_cast<pb::DuplicateReason>(r)).substr(17);
      }
      out.push_back(d.duplicate_display_name() + " " + std::to_string(d.score()) + " " + reasons);
    }
    return out;
  }
  Result<pb::DismissDuplicateResponse> Dismiss(const std::string& a, const std::string& b) {
    pb::DismissDuplicateRequest request;
    request.set_name(a);
    request.set_duplicate(b);
    return persons_.DismissDuplicate(As("PersonService/DismissDuplicate", request), request);
  }
  Result<pb::ListDuplicatesResponse> List(int page_size, const std::string& token = "") {
    pb::ListDuplicatesRequest request;
    request.set_parent(community_);
    request.set_page_size(page_size);
    request.set_page_token(token);
    return persons_.ListDuplicates(As("PersonService/ListDuplicates", request), request);
  }
  // "a=b" of every pair, page by page; the number of pages.
  std::pair<std::vector<std::string>, int> All(int page_size) {
    std::vector<std::string> pairs;
    std::string token;
    int pages = 0;
    do {
      auto page = List(page_size, token);
      EXPECT_TRUE(page.ok()) << page.error().message << page.error().internal;
      if (!page.ok()) break;
      EXPECT_LE(page->duplicates_size(), page_size);
      for (const auto& d : page->duplicates()) {
        pairs.push_back(d.member_display_name() + "=" + d.duplicate_display_name());
      }
      token = page->next_page_token();
    } while (!token.empty() && ++pages < 100);
    return {pairs, pages + 1};
  }

  std::string community_;
};

TEST_F(DuplicateServiceTest, NamesAreComparedAsPeopleReadThem) {
  const auto name_key = [&](const std::string& name) { return One("SELECT compare_key('" + name + "')"); };
  for (const auto& [name, key] :
       std::vector<std::pair<std::string, std::string>>{{"王小明", "王小明"},
                                                        {"王 小 明", "王小明"},
                                                        {"王　小明", "王小明"},
                                                        {"【王·小明】", "王小明"},
                                                        {"ＷＡＮＧ Xiao-Ming", "wangxiaoming"},
                                                        {"Wang_Xiao.Ming!", "wangxiaoming"},
                                                        {"wáng", "wáng"},
                                                        {"ÉLAN", "élan"},
                                                        {"ｶﾞ", "ガ"},
                                                        {"①号", "1号"},
                                                        {"佐々木 〇", "佐々木〇"},
                                                        {"。。。", ""},
                                                        {"阿依古丽·买买提", "阿依古丽买买提"},
                                                        {"O\\''Neil [x]", "oneilx"}}) {
    EXPECT_EQ(name_key(name), key) << name;
  }
  EXPECT_EQ(One("SELECT phone_key('+86 138-0013-8000')"), "13800138000");
  EXPECT_EQ(One("SELECT phone_key('１３８ 0013 8000')"), "13800138000");
  EXPECT_EQ(One("SELECT phone_key('0086 13800138000')"), "13800138000");
  EXPECT_EQ(One("SELECT phone_key('+44 7700 900123')"), "447700900123");
  EXPECT_EQ(One("SELECT coalesce(phone_key('没有'), 'none')"), "none");
  EXPECT_EQ(One("SELECT contact_key(' Ann@Example.COM ')"), "ann@example.com");
}

TEST_F(DuplicateServiceTest, EveryReasonFindsItsPairs) {
  auto wang = Named("王小明", "", {{pb::CHANNEL_WECOM, "xiaoming"}});
  (*wang.mutable_staff()->mutable_attributes())["phone"] = "+86 138 0013 8000";
  wang.set_expectation("学书法");
  const auto first = Join(community_, wang).name();
  Join(community_, Named("王 小 明"));
  auto by_phone = Named("小明爸爸");
  (*by_phone.mutable_staff()->mutable_attributes())["mobile"] = "13800138000";
  Join(community_, by_phone);
  Join(community_, Named("Ming", "", {{pb::CHANNEL_WECHAT, "xiaoming"}}));
  auto similar = Named("王晓明");
  similar.set_expectation("学书法！");
  Join(community_, similar);
  auto unlike = Named("李雷", "", {{pb::CHANNEL_WECOM, "lilei"}});
  unlike.set_expectation("学书法");
  Join(community_, unlike);
  EXPECT_THAT(Found(first), ElementsAre("小明爸爸 90 SAME_PHONE", "Ming 80 SAME_USER_ID", "王 小 明 50 SAME_NAME",
                                        "王晓明 35 SIMILAR_NAME_AND_EXPECTATION"));

  auto ann = Named("Ann Lee");
  (*ann.mutable_staff()->mutable_attributes())["email"] = "Ann@Example.com";
  (*ann.mutable_staff()->mutable_attributes())["unionid"] = "o6_bmjrPTlm6";
  const auto second = Join(community_, ann).name();
  auto ann2 = Named("ＡＮＮ　ＬＥＥ");
  (*ann2.mutable_staff()->mutable_attributes())["email"] = "ann@example.com ";
  (*ann2.mutable_staff()->mutable_attributes())["union_id"] = "o6_bmjrPTlm6";
  const auto third = Join(community_, ann2).name();
  EXPECT_THAT(Found(second), ElementsAre("ＡＮＮ　ＬＥＥ 100 SAME_UNIONID+SAME_EMAIL+SAME_NAME"));
  Remove(third);
  EXPECT_THAT(Found(second), IsEmpty()) << "who left is nobody's duplicate";

  const auto elsewhere = Open(pb::GATE_KIND_QUESTIONS, "别处").name();
  AddGroup(elsewhere, 5);
  EXPECT_THAT(Found(Join(elsewhere, Named("王小明")).name()), IsEmpty());
}

TEST_F(DuplicateServiceTest, APairThatWasDismissedIsTwoPeople) {
  const auto a = Join(community_, Named("李雷")).name(), b = Join(community_, Named("李 雷")).name();
  ASSERT_EQ(Found(a).size(), 1u);
  ASSERT_TRUE(Dismiss(b, a).ok());
  ASSERT_TRUE(Dismiss(a, b).ok());
  EXPECT_THAT(Found(a), IsEmpty());
  EXPECT_THAT(Found(b), IsEmpty());
  EXPECT_THAT(All(10).first, IsEmpty());
  EXPECT_EQ(Count("duplicate_dismissal"), 1);
  EXPECT_THAT(Faults(Dismiss(a, a)), ElementsAre("duplicate DUPLICATE_VALUE"));
  const auto community = names::Parse(community_).first;
  EXPECT_EQ(Reason(Dismiss(a, names::Member(community, Id::New()))), "MEMBER_NOT_FOUND");
  EXPECT_EQ(Reason(Dismiss(a, names::Member(Id::New(), names::Parse(b).second))), "MEMBER_NOT_FOUND");
  EXPECT_EQ(Reason(Find(names::Member(community, Id::New()))), "MEMBER_NOT_FOUND");
}

TEST_F(DuplicateServiceTest, ThePairsOfACommunityComeOnceEachInPages) {
  for (int i = 0; i < 4; ++i) {
    Join(community_, Named("李雷" + std::string(static_cast<std::size_t>(i), '.')));
    Join(community_, Named("韩梅梅" + std::to_string(i)));
  }
  const auto [pairs, pages] = All(4);
  EXPECT_THAT(pairs, ElementsAre("李雷=李雷.", "李雷=李雷..", "李雷=李雷...", "李雷.=李雷..", "李雷.=李雷...",
                                 "李雷..=李雷..."));
  EXPECT_EQ(pages, 2);
  EXPECT_EQ(All(1).first, pairs);
  EXPECT_EQ(All(6).first, pairs);

  pb::ListDuplicatesRequest request;
  request.set_parent(names::Community(Id::New()));
  EXPECT_EQ(Reason(persons_.ListDuplicates(As("PersonService/ListDuplicates", request), request)),
            "COMMUNITY_NOT_FOUND");
  EXPECT_THAT(Faults(List(5, "garbage")), ElementsAre("pageToken INVALID_PAGE_TOKEN"));
}

// A call looks at 1,000 members: what is beyond comes with the next, and nothing twice.
TEST_F(DuplicateServiceTest, ALargeCommunityTakesSeveralCalls) {
  const auto community = Uuid("x/y/z/" + names::Parse(community_).first.ToString());
  const auto insert = [&](const std::string& name, int n) {
    One("INSERT INTO member (tenant_id, id, community_id, display_name, expectation, state, group_id, source,"
        " accepted_rules_version, join_time, create_time, update_time, version) SELECT '" +
        tenant_.ToUuid() + "', gen_random_uuid(), " + community + ", '" + name +
        "', '', 3, NULL, 1, 0, now(), now(), " + "now(), 1 FROM generate_series(1, " + std::to_string(n) + ") i");
  };
  insert("路人", 1500);  // who left counts as looked at, and is in no pair
  const auto a = Join(community_, Named("李雷")).name(), b = Join(community_, Named("李 雷")).name();
  One("UPDATE member SET id = '00000000-0000-7000-8000-000000000001' WHERE id = " + Uuid(a));
  One("UPDATE member SET id = 'ffffffff-ffff-7000-8000-000000000001' WHERE id = " + Uuid(b));
  const auto [pairs, pages] = All(50);
  EXPECT_THAT(pairs, ElementsAre("李雷=李 雷"));
  EXPECT_EQ(pages, 2);
}

}  // namespace
}  // namespace lanting::membership
