#include <algorithm>
#include <atomic>
#include <thread>

#include "membership/api/gate_test_world.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ApplicationServiceTest : public GateTest {
 protected:
  ApplicationServiceTest() : community_(Open(pb::GATE_KIND_PAYMENT).name()) {
    AddGroup(community_, 500);
    pb::ListGatesRequest list;
    list.set_parent(community_);
    gate_ = gates_.ListGates(Mine("ListGates", list), list)->gates(0);
  }
  std::string Apply(const std::string& user_id) {
    auto form = Form(gate_, user_id);
    form.mutable_application()->set_payment_reference("pay-" + user_id);
    auto made = Submit(form);
    EXPECT_EQ(Reason(made), "OK");
    return made->name();
  }
  Result<pb::BatchDecideApplicationsResponse> Decide(const std::vector<std::string>& approve,
                                                     const std::vector<std::string>& reject = {},
                                                     const std::string& request_id = "") {
    pb::BatchDecideApplicationsRequest request;
    request.set_parent(community_);
    for (const auto& name : approve) {
      auto* one = request.add_decisions();
      one->set_name(name);
      one->set_decision(pb::DECISION_APPROVE);
      one->set_values_fit(70);
    }
    for (const auto& name : reject) {
      auto* one = request.add_decisions();
      one->set_name(name);
      one->set_decision(pb::DECISION_REJECT);
      one->set_reason("名额已满，欢迎下次再来");
    }
    return gates_.BatchDecideApplications(Mine("BatchDecideApplications", request, request_id), request);
  }

  std::string community_;
  pb::Gate gate_;
};

std::vector<std::string> Reasons(const Result<pb::BatchDecideApplicationsResponse>& reply) {
  std::vector<std::string> reasons;
  EXPECT_EQ(Reason(reply), "OK");
  if (reply.ok()) {
    for (const auto& r : reply->results()) reasons.push_back(r.error_reason());
  }
  return reasons;
}

TEST_F(ApplicationServiceTest, ManyAreDecidedAtOnceEachForItself) {
  auto a = Apply("wm_a"), b = Apply("wm_b"), c = Apply("wm_c"), d = Apply("wm_d");
  ASSERT_EQ(Reason(Approve(b)), "OK");
  ASSERT_TRUE(Join(Person(community_, "crm-9", "wm_d")).ok());  // staff let them in meanwhile
  auto reply = Decide({a, b, d}, {c}, "batch-1");
  EXPECT_THAT(Reasons(reply), ElementsAre("", "APPLICATION_DECIDED", "IDENTITY_TAKEN", ""));
  EXPECT_EQ(reply->results(0).application().state(), pb::APPLICATION_STATE_APPROVED);
  EXPECT_EQ(reply->results(0).application().values_fit(), 70);
  EXPECT_FALSE(reply->results(1).has_application());
  EXPECT_EQ(reply->results(3).application().decision_reason(), "名额已满，欢迎下次再来");
  EXPECT_EQ(Decide({a, b, d}, {c}, "batch-1")->SerializeAsString(), reply->SerializeAsString());
  for (const auto& result : reply->results()) {
    if (!result.has_application()) continue;
    EXPECT_EQ(Named(&GateService::GetApplication, result.application().name())->SerializeAsString(),
              result.application().SerializeAsString());
  }
  EXPECT_EQ(
      One("SELECT values_fit FROM member WHERE id = '" + IdOf(reply->results(0).application().member()).ToUuid() + "'"),
      "70");
  EXPECT_EQ(Named(&GateService::GetApplication, d)->state(), pb::APPLICATION_STATE_SUBMITTED);
  EXPECT_EQ(One("SELECT string_agg(user_id, ',') FROM application_identity"), "wm_d");
  EXPECT_EQ(Count("member"), 3);
}

TEST_F(ApplicationServiceTest, ABatchIsRefusedForItsForm) {
  auto a = Apply("wm_a");
  EXPECT_THAT(Faults(Decide({a, a})), ElementsAre("decisions[1].name DUPLICATE_VALUE"));
  pb::BatchDecideApplicationsRequest request;
  request.set_parent(community_);
  auto* one = request.add_decisions();
  one->set_name(a);
  one->set_decision(pb::DECISION_REJECT);
  auto decide = [&] { return gates_.BatchDecideApplications(Mine("BatchDecideApplications", request), request); };
  EXPECT_THAT(Faults(decide()), ElementsAre("decisions[0].reason REQUIRED"));
  one->set_decision(pb::DECISION_APPROVE);
  one->set_reason("好");
  EXPECT_THAT(Faults(decide()), ElementsAre("decisions[0].reason CONFLICTING_VALUES"));
  EXPECT_EQ(Reason(Decide({a, community_ + "/applications/" + Id::New().ToString()})), "APPLICATION_NOT_FOUND");
  auto other = Open().name();
  EXPECT_EQ(Reason(Decide({a, other + a.substr(community_.size())})), "APPLICATION_NOT_FOUND");
  EXPECT_EQ(Named(&GateService::GetApplication, a)->state(), pb::APPLICATION_STATE_SUBMITTED);
}

TEST_F(ApplicationServiceTest, ApprovedByManyAtOnceIsOneMember) {
  auto application = Apply("wm_xie");
  std::atomic<int> approved = 0, decided = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      std::string reason;
      if (i % 2 == 0) {
        reason = Reason(Approve(application));
      } else {
        reason = Reasons(Decide({application}))[0];
        if (reason.empty()) reason = "OK";
      }
      approved += reason == "OK";
      decided += reason == "APPLICATION_DECIDED";
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(approved, 1);
  EXPECT_EQ(decided, 15);
  EXPECT_EQ(Count("member"), 1);
}

TEST_F(ApplicationServiceTest, BatchesThatOverlapDecideEachOnce) {
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back(Apply("wm_" + std::to_string(i)));
  std::atomic<int> decided = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      auto mine = names;
      if (t % 2 == 1) std::reverse(mine.begin(), mine.end());
      std::rotate(mine.begin(), mine.begin() + t, mine.end());
      auto reply = t % 4 == 3 ? Decide({}, mine) : Decide(mine);
      for (const auto& reason : Reasons(reply)) {
        ++(reason.empty() ? decided : refused);
        EXPECT_TRUE(reason.empty() || reason == "APPLICATION_DECIDED") << reason;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(decided, 40);
  EXPECT_EQ(refused, 7 * 40);
  EXPECT_EQ(Count("member"), Count("application WHERE state = 2"));
  EXPECT_EQ(Count("application WHERE state NOT IN (2, 3)"), 0);
  EXPECT_EQ(One("SELECT sum(member_count) FROM chat_group"), std::to_string(Count("member")));
}

TEST_F(ApplicationServiceTest, WhatIsTakenBackIsNotDecided) {
  auto application = Apply("wm_xie");
  auto withdrawn = Named(&GateService::WithdrawApplication, application);
  ASSERT_EQ(Reason(withdrawn), "OK");
  EXPECT_EQ(withdrawn->state(), pb::APPLICATION_STATE_WITHDRAWN);
  EXPECT_EQ(Reason(Named(&GateService::WithdrawApplication, application)), "APPLICATION_DECIDED");
  EXPECT_EQ(Reason(Approve(application)), "APPLICATION_DECIDED");
  EXPECT_EQ(Count("application_identity"), 0);
  Apply("wm_xie");  // they may apply again
  EXPECT_THAT(Events(), HasSubstr("ApplicationWithdrawn:2"));
}

TEST_F(ApplicationServiceTest, AQueueIsFilteredAndValuesFitIsForThoseWhoDecide) {
  auto a = Apply("wm_a"), b = Apply("wm_b"), c = Apply("wm_c");
  ASSERT_EQ(Reasons(Decide({a}, {b})).size(), 2u);
  pb::ListApplicationsRequest request;
  request.set_parent(community_);
  auto list = [&](const std::string& filter) {
    request.set_filter(filter);
    std::vector<std::string> found;
    auto page = gates_.ListApplications(Mine("ListApplications", request), request);
    EXPECT_EQ(Reason(page), "OK") << filter;
    for (const auto& one : page->applications()) found.push_back(one.name());
    return found;
  };
  EXPECT_THAT(list("state = APPLICATION_STATE_SUBMITTED"), ElementsAre(c));
  EXPECT_THAT(list("state = APPLICATION_STATE_REJECTED AND gate = \"" + gate_.name() + "\""), ElementsAre(b));
  EXPECT_EQ(list("create_time > \"2026-01-01T00:00:00Z\" AND display_name : \"谢\"").size(), 3u);
  EXPECT_THAT(list("create_time > \"2999-01-01T00:00:00Z\""), ElementsAre());
  pb::GetApplicationRequest get;
  get.set_name(a);
  auto call = Mine("GetApplication", get);
  EXPECT_EQ(gates_.GetApplication(call, get)->values_fit(), 70);
  call.principal.scopes = {"gates.read"};
  EXPECT_FALSE(gates_.GetApplication(call, get)->has_values_fit());
}

TEST_F(ApplicationServiceTest, WhoIsApprovedWithoutAPlaceWaits) {
  db_.Query("UPDATE membership.chat_group SET capacity = 1");
  auto a = Apply("wm_a"), b = Apply("wm_b");
  EXPECT_THAT(Reasons(Decide({a, b})), ElementsAre("", ""));
  EXPECT_EQ(One("SELECT string_agg(state::text, ',' ORDER BY state) FROM member"), "1,2");
}

}  // namespace
}  // namespace lanting::membership
