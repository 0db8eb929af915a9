#include "membership/domain/duplicate.h"

#include <gmock/gmock.h>

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using R = DuplicateReason;

constexpr auto kWecom = static_cast<Channel>(1), kWechat = static_cast<Channel>(2);

PersonTraits Named(const std::string& key) { return {.name_key = key}; }

TEST(DuplicateTest, SimilarNames) {
  struct Case {
    const char *a, *b;
    bool similar;
  };
  for (const auto& c : std::vector<Case>{
           {"王小明", "王小明", true},
           {"王小明", "王晓明", true},
           {"王小明", "小明", true},
           {"王小明", "李小红", false},
           {"王明", "王鸣", false},
           {"明", "王小明", false},
           {"", "", false},
           {"", "王小明", false},
           {"王小明", "王小明明", true},
           {"anna", "anne", true},
           {"anna", "hanna", true},
           {"bob", "alice", false},
           {"wangxiaoming", "wangxiaomin", true},
           {"wangxiaoming", "wangxaomin", true},
           {"wangxiaoming", "liuxiaohong", false},
           {"小明同学", "同学", true},
           {"ab", "ac", false},
       }) {
    EXPECT_EQ(SimilarNames(c.a, c.b), c.similar) << c.a << " " << c.b;
    EXPECT_EQ(SimilarNames(c.b, c.a), c.similar) << c.b << " " << c.a;
  }
}

TEST(DuplicateTest, NothingInCommonIsNoDuplicate) {
  EXPECT_FALSE(CompareTraits({}, {}));
  EXPECT_FALSE(CompareTraits(Named("王小明"), Named("李雷")));
  auto a = Named("王小明"), b = Named("王晓明");
  EXPECT_FALSE(CompareTraits(a, b)) << "a similar name alone says nothing";
  a.identities = b.identities = {{kWecom, "wm_1"}};  // cannot be: one of them has it
  EXPECT_FALSE(CompareTraits(a, b));
}

TEST(DuplicateTest, EachReasonAndHowMuchItSays) {
  struct Case {
    const char* what;
    PersonTraits a, b;
    std::vector<R> reasons;
    int score;
  };
  const std::vector<Case> cases = {
      {"name of three", Named("王小明"), Named("王小明"), {R::kSameName}, 50},
      {"name of two", Named("李雷"), Named("李雷"), {R::kSameName}, 40},
      {"name of one", Named("明"), Named("明"), {R::kSameName}, 20},
      {"longer name", Named("wangxiaoming"), Named("wangxiaoming"), {R::kSameName}, 60},
      {"phone", {.phone_key = "13800138000"}, {.phone_key = "13800138000"}, {R::kSamePhone}, 90},
      {"email", {.email_key = "a@b.cn"}, {.email_key = "a@b.cn"}, {R::kSameEmail}, 90},
      {"unionid", {.unionid_key = "o6_bm"}, {.unionid_key = "o6_bm"}, {R::kSameUnionid}, 95},
      {"user id",
       {.identities = {{kWecom, "xiaoming"}}},
       {.identities = {{kWechat, "xiaoming"}}},
       {R::kSameUserId},
       80},
      {"similar name and expectation",
       {.name_key = "王小明", .expectation_key = "学书法"},
       {.name_key = "王晓明", .expectation_key = "学书法"},
       {R::kSimilarNameAndExpectation},
       35},
      {"same name and expectation",
       {.name_key = "王小明", .expectation_key = "学书法"},
       {.name_key = "王小明", .expectation_key = "学书法"},
       {R::kSameName, R::kSimilarNameAndExpectation},
       68},
      {"phone and name",
       {.name_key = "annlee", .phone_key = "447700900123"},
       {.name_key = "annlee", .phone_key = "447700900123"},
       {R::kSamePhone, R::kSameName},
       96},
      {"same name, two accounts on a channel",
       {.name_key = "王小明", .identities = {{kWecom, "a"}}},
       {.name_key = "王小明", .identities = {{kWecom, "b"}}},
       {R::kSameName},
       25},
      {"same phone, two accounts on a channel",
       {.phone_key = "1", .identities = {{kWecom, "a"}}},
       {.phone_key = "1", .identities = {{kWecom, "b"}}},
       {R::kSamePhone},
       90},
  };
  for (const auto& c : cases) {
    for (bool swapped : {false, true}) {
      const auto match = swapped ? CompareTraits(c.b, c.a) : CompareTraits(c.a, c.b);
      ASSERT_TRUE(match) << c.what;
      EXPECT_EQ(match->reasons, c.reasons) << c.what;
      EXPECT_EQ(match->score, c.score) << c.what;
    }
  }
}

}  // namespace
}  // namespace lanting::membership
