#include "membership/domain/erasure.h"

#include <gtest/gtest.h>

namespace lanting::membership {
namespace {

TEST(ErasureTest, OnlyWhatPeopleAreCalledIsForgottenInAFilter) {
  struct Case {
    const char *filter, *forgotten;
  };
  const std::vector<std::string> names = {"秦观", "AND", "90", "tags", "red", "crm-1", "Ann \"A\" Lee"};
  for (const auto& [filter, forgotten] : std::vector<Case>{
           {R"(display_name = "秦观")", R"(display_name = "已注销成员")"},
           {R"(displayName:'秦观' AND state = ACTIVE)", R"(displayName:"已注销成员" AND state = ACTIVE)"},
           {"externalId=crm-1 OR externalId = crm-12", "externalId=\"已注销成员\" OR externalId = crm-12"},
           {"external_id != 90", "external_id != \"已注销成员\""},
           {R"(displayName = "Ann \"A\" Lee")", R"(displayName = "已注销成员")"},
           // Others keep what they are compared with.
           {"fanScore >= 90", "fanScore >= 90"},
           {"state = ACTIVE AND NOT tags:red", "state = ACTIVE AND NOT tags:red"},
           {R"(tags:"red" AND display_name = "秦观观")", R"(tags:"red" AND display_name = "秦观观")"},
           {"joinTime > 2026-01-01T00:90:00Z", "joinTime > 2026-01-01T00:90:00Z"},
           {R"(attributes.city = "秦观")", R"(attributes.city = "秦观")"},
           {"", ""}}) {
    EXPECT_EQ(ForgetInFilter(filter, names, "已注销成员"), forgotten) << filter;
  }
}

TEST(ErasureTest, ANameIsMentionedAsAWordOfItsOwn) {
  EXPECT_TRUE(Mentions("听了秦观的分享", "秦观"));
  EXPECT_TRUE(Mentions("after Ann's talk", "Ann"));
  EXPECT_FALSE(Mentions("after Anna's talk", "Ann"));
  EXPECT_FALSE(Mentions("x 观 y", "观")) << "one character is no name";
  EXPECT_FALSE(Mentions("", "秦观"));
}

}  // namespace
}  // namespace lanting::membership
