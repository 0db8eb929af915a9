// BatchCreateMembers with allow_partial, through the handler that a server would call.
#include "membership/api/partial_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "google/rpc/error_details.pb.h"
#include "membership/api/convert_member.h"
#include "membership/api/join_batcher.h"
#include "membership/domain/names.h"
#include "membership/store/join_test_world.h"
#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
using ::testing::ElementsAre;

class PartialBatchTest : public ::testing::Test {
 protected:
  pb::BatchCreateMembersRequest Request(const std::vector<std::pair<std::string, std::string>>& people) {
    pb::BatchCreateMembersRequest request;
    request.set_parent(names::Community(w_.community));
    request.set_allow_partial(true);
    for (const auto& [name, external_id] : people) {
      auto* member = request.add_members();
      member->set_display_name(name);
      member->set_external_id(external_id);
    }
    return request;
  }

  // As MemberService does.
  Result<pb::BatchCreateMembersResponse> Send(const pb::BatchCreateMembersRequest& request,
                                              const std::string& request_id = "") {
    rpc::Call call{.method = "/lanting.membership.v1.MemberService/BatchCreateMembers",
                   .principal = {.tenant = w_.tenant, .subject = "keys/k"},
                   .deadline = DeadlineIn(std::chrono::seconds(30)),
                   .now = w_.now,
                   .request_id = request_id,
                   .request_hash = Sha256(request.SerializeAsString())};
    PartialBatch batch(call, request);
    std::vector<JoinItem> items;
    for (const auto& member : batch.members()) {
      items.push_back({.community = names::Parse(request.parent()).first,
                       .person = convert::ToPerson(member),
                       .member_id = Id::New()});
    }
    std::promise<Result<std::string>> answer;
    batcher_.SubmitEach(
        call, std::move(items), [&](const auto& decided) { return batch.Answer(decided); },
        [&](Result<std::string> reply) { answer.set_value(std::move(reply)); });
    auto bytes = answer.get_future().get();
    if (!bytes.ok()) return bytes.error();
    pb::BatchCreateMembersResponse response;
    EXPECT_TRUE(response.ParseFromString(*bytes));
    return response;
  }

  // "ACTIVE", "WAITING:2" or the reason.
  static std::vector<std::string> Words(const pb::BatchCreateMembersResponse& response) {
    std::vector<std::string> words;
    for (const auto& result : response.results()) {
      if (result.has_member()) {
        words.push_back(result.member().state() == pb::MEMBER_STATE_ACTIVE
                            ? "ACTIVE"
                            : "WAITING:" + std::to_string(result.member().waiting_position()));
        continue;
      }
      google::rpc::ErrorInfo info;
      EXPECT_TRUE(result.status().details_size() > 0 && result.status().details(0).UnpackTo(&info));
      EXPECT_EQ(info.domain(), "lanting");
      EXPECT_NE(result.status().code(), 0);
      EXPECT_NE(result.status().message(), "");
      words.push_back(info.reason());
    }
    return words;
  }

  JoinWorld w_;
  JoinBatcher batcher_{w_.pool, {.name = "joins"}};
};

TEST_F(PartialBatchTest, EachStandsAloneAndARetryGetsTheSame) {
  w_.AddGroup(3);
  auto request = Request(
      {{"李雷", "crm-1"}, {"", "crm-2"}, {"韩梅梅", "crm-1"}, {"Lucy", "crm-3"}, {"吉姆", "crm-4"}, {"Kate", ""}});
  const auto first = Send(request, "batch-1");
  ASSERT_TRUE(first.ok()) << first.error().message << first.error().internal;
  EXPECT_THAT(Words(*first),
              ElementsAre("ACTIVE", "INVALID_FIELDS", "EXTERNAL_ID_TAKEN", "ACTIVE", "ACTIVE", "WAITING:1"));
  EXPECT_EQ(first->members_size(), 0);
  google::rpc::BadRequest bad;
  ASSERT_TRUE(first->results(1).status().details(1).UnpackTo(&bad));
  EXPECT_EQ(bad.field_violations(0).field(), "members[1].displayName");
  EXPECT_EQ(w_.Count("member"), 4);

  w_.AddGroup(10);  // there are places now, but what was answered stands
  const auto again = Send(request, "batch-1");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(w_.Count("member"), 4);
  request.mutable_members(1)->set_display_name("莉莉");
  EXPECT_EQ(Send(request, "batch-1").error().reason, "REQUEST_ID_REUSED");
  w_.ExpectCountersTrue();
}

TEST_F(PartialBatchTest, IdentitiesInsideABatchCollideOnlyWithThoseThatCameIn) {
  w_.AddGroup(10);
  auto request = Request({{"甲", ""}, {"乙", ""}, {"丙", ""}});
  for (auto& member : *request.mutable_members()) {
    auto* identity = member.add_identities();
    identity->set_channel(pb::CHANNEL_WECOM);
    identity->set_user_id("wm-1");
  }
  // The first is refused for another reason, so it takes nothing from the second.
  auto* twice = request.mutable_members(0)->add_identities();
  twice->set_channel(pb::CHANNEL_WECOM);
  twice->set_user_id("wm-2");
  const auto reply = Send(request);
  ASSERT_TRUE(reply.ok());
  EXPECT_THAT(Words(*reply), ElementsAre("INVALID_FIELDS", "ACTIVE", "IDENTITY_TAKEN"));
  google::rpc::BadRequest bad;
  ASSERT_TRUE(reply->results(0).status().details(1).UnpackTo(&bad));
  EXPECT_EQ(bad.field_violations(0).field(), "members[0].identities[1].channel");
}

TEST_F(PartialBatchTest, WhenNobodyComesInItIsRememberedToo) {
  w_.AddGroup(10);
  const auto request = Request({{"", "crm-1"}, {"\n", "crm-2"}});
  const auto first = Send(request, "none");
  ASSERT_TRUE(first.ok()) << first.error().internal;
  EXPECT_THAT(Words(*first), ElementsAre("INVALID_FIELDS", "INVALID_FIELDS"));
  EXPECT_EQ(Send(request, "none")->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(w_.Count("member"), 0);
}

TEST_F(PartialBatchTest, AnUnknownCommunityIsTheFaultOfAll) {
  auto request = Request({{"甲", ""}, {"", ""}});
  request.set_parent(names::Community(Id::New()));
  EXPECT_EQ(Send(request, "x").error().reason, "COMMUNITY_NOT_FOUND");
  EXPECT_EQ(w_.Count("request_log"), 0) << "failures are not remembered";
}

TEST_F(PartialBatchTest, ManyAtOnceShareTheLastPlaces) {
  w_.AddGroup(25);
  std::vector<std::future<Result<pb::BatchCreateMembersResponse>>> answers;
  for (int t = 0; t < 8; ++t) {
    answers.push_back(std::async(std::launch::async, [this, t] {
      std::vector<std::pair<std::string, std::string>> people;
      for (int i = 0; i < 10; ++i) people.emplace_back("跑者", "r-" + std::to_string((t * 5 + i) % 40));
      return Send(Request(people), "b" + std::to_string(t));
    }));
  }
  int in = 0, waiting = 0, refused = 0;
  for (auto& answer : answers) {
    const auto reply = answer.get();
    ASSERT_TRUE(reply.ok()) << reply.error().reason << reply.error().internal;
    for (const auto& word : Words(*reply)) {
      ++(word == "ACTIVE" ? in : word == "EXTERNAL_ID_TAKEN" ? refused : waiting);
    }
  }
  EXPECT_EQ(in, 25);
  EXPECT_EQ(waiting, 15);
  EXPECT_EQ(refused, 40) << "each of the 40 people was sent twice";
  w_.ExpectCountersTrue();
}

}  // namespace
}  // namespace lanting::membership
