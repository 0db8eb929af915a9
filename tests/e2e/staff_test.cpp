// Staff, their checklists and a batch in which each stands alone, over REST as an operator's system uses them.
#include <gtest/gtest.h>

#include "tests/support/suite.h"

namespace lanting {
namespace {

using testing::Answer;
using testing::Suite;

class StaffTest : public ::testing::Test {
 protected:
  Answer Ok(const std::string& method, const std::string& path, const std::string& body = "",
            http::HeaderList headers = {}) {
    auto answer = suite_.Call(method, path, body, std::move(headers));
    EXPECT_EQ(answer.status, 200) << method << " " << path << boost::json::serialize(answer.body);
    return answer;
  }
  std::string Open() {
    const auto community =
        Ok("POST", "/v1/communities?gateKind=GATE_KIND_QUESTIONS",
           R"({"displayName": "绍兴书法社", "template": "TEMPLATE_SOCIAL_RING", "purpose": "以书会友，切磋笔法"})");
    Ok("POST", "/v1/" + community.text("name") + "/groups",
       R"({"displayName": "一群", "channel": "CHANNEL_WECOM", "capacity": 2})");
    return "/v1/" + community.text("name");
  }

  Suite suite_;
};

TEST_F(StaffTest, ABatchInWhichEachStandsAlone) {
  const auto community = Open();
  const std::string body = R"({"allowPartial": true, "members": [
      {"displayName": "李雷", "externalId": "crm-1"}, {"displayName": "  "}, {"displayName": "韩梅梅", "externalId": "crm-1"},
      {"displayName": "Lucy"}, {"displayName": "吉姆"}]})";
  const auto first = Ok("POST", community + "/members:batchCreate", body, {{"Idempotency-Key", "batch-1"}});
  const auto& results = first.body.at("results").as_array();
  ASSERT_EQ(results.size(), 5u);
  EXPECT_EQ(results[0].at_pointer("/member/state").as_string(), "MEMBER_STATE_ACTIVE");
  const auto& malformed = results[1].at("status");
  EXPECT_EQ(malformed.at("code").as_int64(), 3) << "as google.rpc.Status has it";
  EXPECT_EQ(malformed.at_pointer("/details/0/@type").as_string(), "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_EQ(malformed.at_pointer("/details/0/reason").as_string(), "INVALID_FIELDS");
  EXPECT_EQ(malformed.at_pointer("/details/1/fieldViolations/0/field").as_string(), "members[1].displayName");
  EXPECT_EQ(results[2].at_pointer("/status/details/0/reason").as_string(), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(results[3].at_pointer("/member/state").as_string(), "MEMBER_STATE_ACTIVE");
  EXPECT_EQ(results[4].at_pointer("/member/state").as_string(), "MEMBER_STATE_WAITING") << "no place is left";
  const auto again = Ok("POST", community + "/members:batchCreate", body, {{"Idempotency-Key", "batch-1"}});
  EXPECT_EQ(again.body, first.body);

  const auto atomic = suite_.Call("POST", community + "/members:batchCreate",
                                  R"({"members": [{"displayName": "Kate"}, {"displayName": "  "}]})");
  EXPECT_EQ(atomic.status, 400) << "without it all or nothing, as before";
}

TEST_F(StaffTest, AModeratorAndTheirChecklist) {
  const auto community = Open();
  EXPECT_FALSE(Ok("GET", community + "/staff:coverage").body.at("complete").as_bool());
  const auto owner = Ok("POST", community + "/staff", R"({"role": "STAFF_ROLE_OWNER", "displayName": "王羲之"})");
  Ok("POST", community + "/staff", R"({"role": "STAFF_ROLE_ORGANISER", "displayName": "谢安"})");
  EXPECT_TRUE(Ok("GET", community + "/staff:coverage").body.at("complete").as_bool());
  EXPECT_EQ(suite_.Call("POST", "/v1/" + owner.text("name") + ":end", "{}").reason(), "LAST_OWNER");

  const auto made = Ok("POST", community + "/duties:applyTemplate", "{}").body.at("duties").as_array().size();
  EXPECT_GE(made, 10u);
  const auto moderator = Ok("POST", community + "/staff", R"({"role": "STAFF_ROLE_MODERATOR", "displayName": "孙绰"})");
  // The operator makes them a key, which does what the role needs and no more.
  const auto key = Ok("POST", "/v1/keys", R"({"displayName": "孙绰", "role": "STAFF_ROLE_MODERATOR"})").text("secret");
  const auto todo = suite_.CallAs(key, "GET", community + "/dutyOccurrences?assignee=" + moderator.text("name"));
  ASSERT_EQ(todo.status, 200) << boost::json::serialize(todo.body);
  const auto& next = todo.body.at("occurrences").at(0);
  EXPECT_EQ(next.at("state").as_string(), "OCCURRENCE_STATE_UPCOMING");
  EXPECT_EQ(suite_.CallAs(key, "POST", community + "/duties", "{}").reason(), "SCOPE_MISSING");

  const auto duty = suite_.Call("POST", community + "/duties",
                                R"({"role": "STAFF_ROLE_MODERATOR", "title": "巡群", "rrule": "FREQ=HOURLY",
                                    "startLocal": "2026-01-01T00:00:00"})");
  const auto path = "/v1/" + duty.text("name");
  Answer hourly;
  hourly = suite_.CallAs(key, "GET", community + "/dutyOccurrences?role=STAFF_ROLE_MODERATOR&pageSize=1");
  const std::string time(hourly.body.at_pointer("/occurrences/0/occurrenceTime").as_string());
  const std::string done = R"({"occurrenceTime": ")" + time + R"(", "staff": ")" + moderator.text("name") + "\"}";
  EXPECT_EQ(suite_.CallAs(key, "POST", path + ":complete", done).text("completedBy"), moderator.text("name"));
  EXPECT_EQ(suite_.CallAs(key, "POST", path + ":complete", done).reason(), "DUTY_DONE");
  EXPECT_EQ(suite_.CallAs(key, "POST", path + ":undoCompletion", R"({"occurrenceTime": ")" + time + "\"}").status, 200);
  EXPECT_EQ(Ok("GET", community + "/duties:report").body.at_pointer("/total/doneCount").as_int64(), 0);
  EXPECT_EQ(suite_.Call("DELETE", path).status, 200);
  EXPECT_EQ(suite_.Call("GET", path).reason(), "DUTY_NOT_FOUND");
}

}  // namespace
}  // namespace lanting
