// The main job over HTTP, as a tenant does it: a community from a template, 10,000 people by CSV, more by invite link
// and application form, the group fills, and the next person waits.
#include <gtest/gtest.h>

#include "tests/support/suite.h"

namespace lanting {
namespace {

using testing::Answer;
using testing::Suite;

class MainJobTest : public ::testing::Test {
 protected:
  Answer Created(const std::string& path, const std::string& body) {
    auto answer = suite_.Call("POST", path, body);
    EXPECT_EQ(answer.status, 200) << path << ": " << boost::json::serialize(answer.body);
    return answer;
  }
  Answer Get(const std::string& path) {
    auto answer = suite_.Call("GET", path);
    EXPECT_EQ(answer.status, 200) << path << ": " << boost::json::serialize(answer.body);
    return answer;
  }
  std::string OpenCommunity(const std::string& gate = "GATE_KIND_QUESTIONS") {
    return Created("/v1/communities?gateKind=" + gate,
                   R"({"displayName": "文案人成长营", "template": "TEMPLATE_LEARNING_PYRAMID",
                       "purpose": "让写文案的同行每天学到一点", "product": "文案课"})")
        .text("name");
  }
  std::string AddGroup(const std::string& community, int capacity) {
    return Created("/v1/" + community + "/groups",
                   R"({"displayName": "成长营一群", "channel": "CHANNEL_WECOM", "capacity": )" +
                       std::to_string(capacity) + "}")
        .text("name");
  }
  Answer Import(const std::string& community, const std::string& csv, const std::string& query = "") {
    auto started =
        suite_.Call("POST", "/v1/" + community + "/memberImports" + query, csv, {{"Content-Type", "text/csv"}});
    EXPECT_EQ(started.status, 200) << boost::json::serialize(started.body);
    Answer import = started;
    EXPECT_TRUE(testing::Eventually([&] {
      import = Get("/v1/" + started.text("name"));
      return import.text("state") != "IMPORT_STATE_RUNNING";
    }));
    return import;
  }

  Suite suite_;
};

TEST_F(MainJobTest, TenThousandPeopleThreeDoorsAndAWaitingList) {
  const auto community = OpenCommunity();
  auto opened = Get("/v1/" + community);
  EXPECT_EQ(opened.text("structure"), "STRUCTURE_PYRAMID");
  EXPECT_EQ(opened.text("locale"), "zh-CN");
  EXPECT_FALSE(opened.text("vision").empty());
  EXPECT_EQ(opened.number("houseRulesVersion"), 1);
  EXPECT_FALSE(Get("/v1/" + community + "/houseRules/current").text("text").empty());

  const auto group = AddGroup(community, 10'002);
  auto import = Import(community, testing::PeopleCsv(testing::Nicknames(10'000)));
  EXPECT_EQ(import.text("state"), "IMPORT_STATE_SUCCEEDED");
  EXPECT_EQ(import.number("rowCount"), 10'000);
  EXPECT_EQ(import.number("importedCount"), 10'000);
  EXPECT_EQ(import.number("badRowCount"), 0);
  EXPECT_EQ(Get("/v1/" + group).number("memberCount"), 10'000);

  // By invite link.
  auto gate =
      Created("/v1/" + community + "/gates", R"({"displayName": "老学员邀请", "kind": "GATE_KIND_INVITE_LINK"})");
  auto link = Created("/v1/" + community + "/inviteLinks", R"({"gate": ")" + gate.text("name") + R"(", "maxUses": 5})");
  const auto join = R"({"code": ")" + link.text("code") + R"(", "member": {"displayName": "Rita",
      "identities": [{"channel": "CHANNEL_WECHAT", "userId": "rita_w"}], "acceptedRulesVersion": )";
  auto refused = suite_.Call("POST", "/v1/" + community + "/inviteLinks:join", join + "0}}");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.reason(), "HOUSE_RULES_NOT_ACCEPTED");
  auto rita = Created("/v1/" + community + "/inviteLinks:join", join + "1}}");
  EXPECT_EQ(rita.text("state"), "MEMBER_STATE_ACTIVE");
  EXPECT_EQ(rita.text("source"), "JOIN_SOURCE_INVITE_LINK");

  // By application form, approved.
  auto gates = Get("/v1/" + community + "/gates");
  const auto& first_gate = gates.body.at("gates").at(0);
  auto application = Created("/v1/" + community + "/applications",
                             R"({"gate": ")" + std::string(first_gate.at("name").as_string()) +
                                 R"(", "displayName": "王小波", "acceptedRulesVersion": 1,
          "identities": [{"channel": "CHANNEL_WECOM", "userId": "wxb"}], "answers": [{"key": ")" +
                                 std::string(first_gate.at("questions").at(0).at("key").as_string()) +
                                 R"(", "text": "想认识更多写文案的朋友"}]})");
  EXPECT_EQ(application.text("state"), "APPLICATION_STATE_SUBMITTED");
  auto approved = Created("/v1/" + application.text("name") + ":approve", "{}");
  EXPECT_EQ(approved.text("state"), "APPLICATION_STATE_APPROVED");
  EXPECT_EQ(Get("/v1/" + approved.text("member")).text("state"), "MEMBER_STATE_ACTIVE");
  auto again = suite_.Call("POST", "/v1/" + application.text("name") + ":approve", "{}");
  EXPECT_EQ(again.reason(), "APPLICATION_DECIDED");

  // The group is full: the next two wait, in order, and move up when somebody leaves.
  EXPECT_EQ(Get("/v1/" + group).number("memberCount"), 10'002);
  auto first = Created("/v1/" + community + "/members", R"({"displayName": "晓雯"})");
  auto second = Created("/v1/" + community + "/members", R"({"displayName": "Kevin"})");
  EXPECT_EQ(first.text("state"), "MEMBER_STATE_WAITING");
  EXPECT_EQ(first.number("waitingPosition"), 1);
  EXPECT_EQ(second.number("waitingPosition"), 2);
  EXPECT_EQ(Get("/v1/" + community).number("waitingCount"), 2);
  Created("/v1/" + rita.text("name") + ":remove", "{}");
  EXPECT_EQ(Get("/v1/" + first.text("name")).text("state"), "MEMBER_STATE_ACTIVE");
  EXPECT_EQ(Get("/v1/" + second.text("name")).number("waitingPosition"), 1);

  auto waiting = Get("/v1/" + community + "/members?filter=state%20%3D%20%22WAITING%22");
  ASSERT_EQ(waiting.body.at("members").as_array().size(), 1u);
  EXPECT_EQ(waiting.body.at("members").at(0).at("displayName").as_string(), "Kevin");
}

TEST_F(MainJobTest, PagesGoThroughEveryMemberOnce) {
  const auto community = OpenCommunity();
  AddGroup(community, 500);
  Import(community, testing::PeopleCsv(testing::Nicknames(333)));
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    auto page = Get("/v1/" + community + "/members?pageSize=100" + (token.empty() ? "" : "&pageToken=" + token));
    for (const auto& member : page.body.at("members").as_array()) {
      EXPECT_TRUE(seen.insert(std::string(member.at("name").as_string())).second);
    }
    token = page.text("nextPageToken");
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(seen.size(), 333u);
  EXPECT_EQ(pages, 4);
}

TEST_F(MainJobTest, ImportsReportEveryBadRowAndImportTheGoodOnesOnlyWhenAsked) {
  const auto community = OpenCommunity();
  AddGroup(community, 3);
  const std::string csv =
      "display_name,external_id,channel,user_id\n"
      "小明,a1,wecom,u1\n"
      ",a2,wecom,u2\n"             // row 2: no name
      "Rita,a1,wecom,u3\n"         // row 3: external id taken in the file
      "\"两\n行\",a4,pigeon,u4\n"  // row 4: control character in the name, unknown channel
      "老王,a5,wecom,u1\n"         // row 5: identity taken in the file
      "Tom,a6,telegram,u6\n"
      "Echo,a7\n"  // row 7: fields missing
      "Luna,a8,qq,u8\n"
      "Momo,a9,qq,u9\n";
  auto rows = [&](const Answer& import) {
    auto errors = Get("/v1/" + import.text("name") + "/rowErrors?pageSize=2");
    std::map<std::int64_t, std::string> out;
    for (;;) {
      for (const auto& e : errors.body.at("rowErrors").as_array()) {
        out[e.at("row").as_int64()] +=
            std::string(e.at("column").as_string()) + " " + std::string(e.at("reason").as_string()) + ";";
      }
      auto token = errors.text("nextPageToken");
      if (token.empty()) return out;
      errors = Get("/v1/" + import.text("name") + "/rowErrors?pageSize=2&pageToken=" + token);
    }
  };
  auto dry = Import(community, csv, "?validateOnly=true");
  EXPECT_EQ(dry.text("state"), "IMPORT_STATE_SUCCEEDED");
  EXPECT_EQ(dry.number("importedCount"), 4);
  EXPECT_EQ(dry.number("waitingCount"), 1);
  EXPECT_EQ(dry.number("badRowCount"), 5);
  EXPECT_EQ(Get("/v1/" + community).number("memberCount"), 0);

  auto refused = Import(community, csv);
  EXPECT_EQ(refused.text("state"), "IMPORT_STATE_FAILED");
  EXPECT_EQ(refused.text("errorReason"), "IMPORT_HAS_BAD_ROWS");
  EXPECT_EQ(refused.number("importedCount"), 0);
  EXPECT_EQ(refused.number("badRowCount"), 5);
  EXPECT_EQ(Get("/v1/" + community).number("memberCount"), 0);

  auto skipped = Import(community, csv, "?badRows=BAD_ROWS_SKIP");
  EXPECT_EQ(skipped.text("state"), "IMPORT_STATE_SUCCEEDED");
  EXPECT_EQ(skipped.number("importedCount"), 4);
  EXPECT_EQ(skipped.number("waitingCount"), 1);
  EXPECT_EQ(Get("/v1/" + community).number("memberCount"), 3);
  for (const auto& import : {dry, refused, skipped}) {
    auto bad = rows(import);
    ASSERT_EQ(bad.size(), 5u);
    EXPECT_EQ(bad[2], "display_name REQUIRED;");
    EXPECT_EQ(bad[3], "external_id EXTERNAL_ID_TAKEN;");
    EXPECT_NE(bad[4].find("channel UNKNOWN_VALUE;"), std::string::npos) << bad[4];
    EXPECT_NE(bad[4].find("display_name INVALID_FORMAT;"), std::string::npos) << bad[4];
    EXPECT_EQ(bad[5], "user_id IDENTITY_TAKEN;");
    EXPECT_EQ(bad[7], " MALFORMED_CSV;");
  }
  auto malformed =
      suite_.Call("POST", "/v1/" + community + "/memberImports", "昵称\n\"小明\n", {{"Content-Type", "text/csv"}});
  EXPECT_EQ(malformed.status, 400);
  EXPECT_EQ(malformed.reason(), "MALFORMED_CSV");
}

TEST_F(MainJobTest, ErrorsNameEveryFieldAtFault) {
  auto answer = suite_.Call("POST", "/v1/communities?gateKind=GATE_KIND_QUESTIONS",
                            R"({"displayName": " 空格 ", "template": "TEMPLATE_NETWORKING", "purpose": "短",
                                "timeZone": "Mars/Olympus", "declarations": {"promoPercentMax": 101}})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.reason(), "INVALID_FIELDS");
  std::set<std::string> fields;
  for (const auto& detail : answer.body.at("error").at("details").as_array()) {
    if (detail.at("@type").as_string() != "type.googleapis.com/google.rpc.BadRequest") continue;
    for (const auto& v : detail.at("fieldViolations").as_array()) fields.insert(std::string(v.at("field").as_string()));
  }
  EXPECT_EQ(fields, (std::set<std::string>{"community.displayName", "community.purpose", "community.timeZone",
                                           "community.declarations.promoPercentMax"}));
  // No gate, no community (R19).
  auto gateless =
      suite_.Call("POST", "/v1/communities",
                  R"({"displayName": "没有门槛", "template": "TEMPLATE_NETWORKING", "purpose": "谁都可以进"})");
  EXPECT_EQ(gateless.status, 400);
}

TEST_F(MainJobTest, ARetryGetsTheSameReplyAndAnotherBodyIsRefused) {
  const auto community = OpenCommunity();
  AddGroup(community, 10);
  const http::HeaderList key{{"Idempotency-Key", "import-job-7/row-12"}};
  auto join = [&](const std::string& body) { return suite_.Call("POST", "/v1/" + community + "/members", body, key); };
  auto first = join(R"({"displayName": "雨桐"})");
  ASSERT_EQ(first.status, 200) << boost::json::serialize(first.body);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(join(R"({"displayName": "雨桐"})").body, first.body);
  auto other = join(R"({"displayName": "子轩"})");
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(other.reason(), "REQUEST_ID_REUSED");
  EXPECT_EQ(Get("/v1/" + community).number("memberCount"), 1);
}

TEST_F(MainJobTest, WhatOthersChangedIsNotOverwritten) {
  const auto community = OpenCommunity();
  const auto seen = Get("/v1/" + community).header("ETag");
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(suite_.Call("GET", "/v1/" + community, "", {{"If-None-Match", seen}}).status, 304);
  auto patch = [&](const std::string& vision) {
    return suite_.Call("PATCH", "/v1/" + community, R"({"vision": ")" + vision + "\"}", {{"If-Match", seen}});
  };
  auto changed = patch("三年一千位文案人");
  EXPECT_EQ(changed.status, 200) << boost::json::serialize(changed.body);
  EXPECT_EQ(changed.text("vision"), "三年一千位文案人");
  EXPECT_EQ(changed.text("purpose"), "让写文案的同行每天学到一点");
  auto late = patch("另一个愿景");
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(late.reason(), "ETAG_MISMATCH");
}

TEST_F(MainJobTest, AnEtagCoversTheCountsThatAReaderSeesAndAWriteAsksForTheVersionAlone) {
  const auto community = OpenCommunity();
  const auto group = AddGroup(community, 1);
  auto etag = [&](const std::string& name) { return Get("/v1/" + name).header("ETag"); };
  auto status = [&](const std::string& name, const std::string& seen) {
    return suite_.Call("GET", "/v1/" + name, "", {{"If-None-Match", seen}}).status;
  };
  const auto seen = etag(community), seen_group = etag(group);
  EXPECT_EQ(status(community, seen), 304);
  EXPECT_EQ(status(group, seen_group), 304);
  Created("/v1/" + community + "/members", R"({"displayName": "雨桐"})");
  EXPECT_EQ(status(community, seen), 200) << "one member more";
  EXPECT_EQ(status(group, seen_group), 200);
  const auto full = etag(community);
  EXPECT_EQ(status(community, full), 304);
  Created("/v1/" + community + "/members", R"({"displayName": "子轩"})");
  EXPECT_EQ(status(community, full), 200) << "one waits";
  // Who joined meanwhile is no reason to refuse an edit of the vision.
  auto patched = suite_.Call("PATCH", "/v1/" + community, R"({"vision": "一千位文案人"})", {{"If-Match", seen}});
  EXPECT_EQ(patched.status, 200) << boost::json::serialize(patched.body);
  EXPECT_EQ(suite_.Call("PATCH", "/v1/" + community, R"({"vision": "另一个"})", {{"If-Match", full}}).status, 409);
  // What cannot be made conditional says so.
  auto refused =
      suite_.Call("POST", "/v1/" + community + "/members", R"({"displayName": "Kevin"})", {{"If-Match", seen}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.reason(), "INVALID_FIELDS");
}

TEST_F(MainJobTest, WhoIsNotKnownIsNotServed) {
  for (const std::string& key : {std::string(), std::string("lt_nonsense"), suite_.key() + "x", suite_.admin_key()}) {
    auto answer = suite_.CallAs(key, "GET", "/v1/communities");
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.reason(), "UNAUTHENTICATED");
  }
}

}  // namespace
}  // namespace lanting
