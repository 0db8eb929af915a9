// A newcomer settles in, over REST: who sees what staff know, the name as the convention wants it, the rules accepted
// anew, the steps done, and the timeline that tells of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/suite.h"

namespace lanting {
namespace {

using testing::Answer;
using ::testing::ElementsAre;
using testing::Suite;

class SettlingInTest : public ::testing::Test {
 protected:
  SettlingInTest() {
    community_ = Call("POST", "/v1/communities?gateKind=GATE_KIND_QUESTIONS",
                      R"({"displayName": "手帐圈", "template": "TEMPLATE_SOCIAL_RING", "purpose": "一起写手帐"})")
                     .text("name");
    base_ = "/v1/" + community_;
    Call("POST", base_ + "/groups", R"({"displayName": "一群", "channel": "CHANNEL_WECOM"})");
  }

  Answer Call(const std::string& method, const std::string& path, const std::string& body = "") {
    auto answer = suite_.Call(method, path, body);
    EXPECT_EQ(answer.status, 200) << method << " " << path << boost::json::serialize(answer.body);
    return answer;
  }
  std::string Key(const std::string& scopes) {
    return Call("POST", "/v1/keys", R"({"displayName": "前台", "scopes": [)" + scopes + "]}").text("secret");
  }

  Suite suite_;
  std::string community_, base_;
};

std::vector<std::string> Texts(const Answer& answer, const char* list, const char* field) {
  std::vector<std::string> texts;
  for (const auto& item : answer.body.at(list).as_array()) texts.emplace_back(item.at(field).as_string());
  return texts;
}

TEST_F(SettlingInTest, WhatStaffKnowIsShownToStaff) {
  const auto desk = Key(R"("members.read", "members.write", "members.join")");
  const auto person = R"({"displayName": "阿杰", "staff": {"fanScore": 80, "customerClass": "CUSTOMER_CLASS_BULK"}})";
  for (const auto& [path, body] : std::vector<std::pair<std::string, std::string>>{
           {"/members", person},
           {"/members:batchCreate", std::string(R"({"members": [)") + person + "]}"},
           {"/inviteLinks:join", std::string(R"({"code": "0123456789abcdef", "member": )") + person + "}"}}) {
    const auto refused = suite_.CallAs(desk, "POST", base_ + path, body);
    EXPECT_EQ(refused.status, 403) << path;
    EXPECT_EQ(refused.reason(), "SCOPE_MISSING") << path;
  }
  const auto made = Call("POST", base_ + "/members", person);
  EXPECT_EQ(made.body.at("staff").at("fanScore"), 80);
  const auto name = "/v1/" + made.text("name");
  auto hidden = [](const boost::json::value& member) {
    const auto* staff = member.as_object().if_contains("staff");
    return staff == nullptr || staff->is_null();
  };
  EXPECT_TRUE(hidden(suite_.CallAs(desk, "GET", name).body));
  EXPECT_TRUE(hidden(suite_.CallAs(desk, "GET", base_ + "/members").body.at("members").at(0)));
  EXPECT_TRUE(hidden(suite_.CallAs(desk, "POST", base_ + "/members", R"({"displayName": "小雨"})").body));
  EXPECT_TRUE(hidden(suite_.CallAs(desk, "PATCH", name, R"({"expectation": "想学拼贴"})").body));
  EXPECT_EQ(suite_.CallAs(desk, "PATCH", name, R"({"staff": {"valuesFit": 90}})").reason(), "SCOPE_MISSING");
  EXPECT_EQ(suite_.CallAs(desk, "GET", name + "/notes").reason(), "SCOPE_MISSING");
  Call("POST", name + ":remove", R"({"reason": "价值观不合"})");
  EXPECT_EQ(suite_.CallAs(desk, "GET", name).text("leaveReason"), "");
  EXPECT_EQ(Call("GET", name).text("leaveReason"), "价值观不合");
}

TEST_F(SettlingInTest, FromTheFirstDayToTheLastStep) {
  Call("PATCH", base_ + "/namingConvention",
       R"({"template": "{城市}-{昵称}-{爱好}", "example": "上海-阿杰-手帐",
           "parts": [{"key": "城市", "allowed": ["上海", "绍兴"]}]})");
  const auto member = Call("POST", base_ + "/members", R"({"displayName": "阿杰", "acceptedRulesVersion": 0})");
  const auto name = "/v1/" + member.text("name");
  auto offenders = Call("GET", base_ + "/namingOffenders");
  EXPECT_THAT(Texts(offenders, "offenders", "displayName"), ElementsAre("阿杰"));
  EXPECT_EQ(offenders.body.at("offenders").at(0).at("faults").at(1).at("text"), "缺少“昵称”。");
  EXPECT_EQ(Call("POST", base_ + "/namingConvention:check", R"({"displayName": "绍兴-阿杰-手帐"})")
                .body.at("faults")
                .as_array()
                .size(),
            0u);

  Call("PATCH", name, R"({"displayName": "绍兴-阿杰-手帐", "tags": ["手帐"]})");
  EXPECT_THAT(Texts(Call("GET", base_ + "/namingOffenders"), "offenders", "displayName"), ElementsAre());
  Call("POST", name + ":acceptHouseRules", R"({"version": 1})");
  for (const char* step : {"name", "introduce"})
    Call("POST", name + "/onboarding:completeStep", std::string(R"({"step": ")") + step + "\"}");
  EXPECT_EQ(Call("GET", name + "/onboarding").body.at("complete"), true);
  EXPECT_EQ(Call("GET", base_ + "/houseRulesStatus").number("outstandingCount"), 0);
  EXPECT_THAT(Texts(Call("GET", base_ + "/tags"), "tags", "tag"), ElementsAre("手帐"));
  EXPECT_THAT(Texts(Call("GET", name + "/timeline"), "entries", "text"),
              ElementsAre("完成入群步骤：introduce", "完成入群步骤：name", "完成入群步骤：rules", "接受群规，版本 1",
                          "资料更新：display_name", "标签 +手帐", "加入社群"));
}

}  // namespace
}  // namespace lanting
