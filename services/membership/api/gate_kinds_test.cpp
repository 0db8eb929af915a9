// Gates as they are declared, changed, closed and shown.
#include <atomic>
#include <thread>

#include "membership/api/gate_test_world.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class GateKindsTest : public GateTest {};

TEST_F(GateKindsTest, EachKindIsStoredAsItWasDeclared) {
  auto community = Open().name(), other = Open(pb::GATE_KIND_QUESTIONS, "兰亭书院").name();
  auto group = AddGroup(community, 10).name(), other_group = AddGroup(other, 10).name();
  std::vector<pb::CreateGateRequest> requests;
  auto add = [&](pb::GateKind kind) -> pb::Gate& {
    requests.push_back(GateRequest(community, kind));
    return *requests.back().mutable_gate();
  };
  auto& quiz = add(pb::GATE_KIND_QUIZ);
  auto* question = quiz.add_questions();
  question->set_key("year");
  question->set_text("兰亭雅集是哪一年？");
  question->add_accepted_answers("353");
  question->add_accepted_answers("永和九年");
  quiz.set_pass_percent(60);
  quiz.set_max_attempts(5);
  quiz.mutable_retry_after()->set_seconds(7200);
  quiz.set_group(group);
  add(pb::GATE_KIND_KEYWORD).set_keyword("曲水流觞");
  add(pb::GATE_KIND_REFERRAL);
  add(pb::GATE_KIND_TWO_STEP);
  add(pb::GATE_KIND_PAYMENT);
  auto* condition = add(pb::GATE_KIND_PREREQUISITE).mutable_prerequisite();
  condition->set_community(other);
  condition->set_group(other_group);
  condition->set_tag("书法");
  condition->set_min_days(30);
  for (const auto& request : requests) {
    auto made = AddGate(request);
    ASSERT_EQ(Reason(made), "OK");
    EXPECT_EQ(Named(&GateService::GetGate, made->name())->SerializeAsString(), made->SerializeAsString());
    EXPECT_EQ(made->state(), pb::GATE_STATE_OPEN);
    EXPECT_NE(made->strength(), pb::GATE_STRENGTH_UNSPECIFIED);
    EXPECT_EQ(made->etag(), "\"1\"");
    auto wanted = request.gate();
    if (wanted.kind() == pb::GATE_KIND_KEYWORD) {
      wanted.set_max_attempts(3);
      wanted.mutable_retry_after()->set_seconds(86400);
    }
    auto declared = *made;
    declared.clear_name();
    declared.clear_state();
    declared.clear_strength();
    declared.clear_create_time();
    declared.clear_update_time();
    declared.clear_etag();
    EXPECT_EQ(declared.SerializeAsString(), wanted.SerializeAsString());
  }
}

TEST_F(GateKindsTest, WhatAGateNamesMustBeThere) {
  auto community = Open().name(), other = Open().name();
  auto foreign_group = AddGroup(other, 10).name();
  auto request = GateRequest(community, pb::GATE_KIND_TWO_STEP);
  request.mutable_gate()->set_group(foreign_group);
  EXPECT_EQ(Reason(AddGate(request)), "GROUP_NOT_FOUND");
  request.mutable_gate()->set_group(community + foreign_group.substr(other.size()));
  EXPECT_EQ(Reason(AddGate(request)), "GROUP_NOT_FOUND");
  request = GateRequest(community, pb::GATE_KIND_PREREQUISITE);
  auto* condition = request.mutable_gate()->mutable_prerequisite();
  condition->set_community("communities/" + Id::New().ToString());
  EXPECT_EQ(Reason(AddGate(request)), "COMMUNITY_NOT_FOUND");
  condition->set_community(community);
  EXPECT_THAT(Faults(AddGate(request)), ElementsAre("gate.prerequisite.community UNKNOWN_VALUE"));
  condition->set_community(other);
  condition->set_group(community + "/groups/" + IdOf(foreign_group).ToString());
  EXPECT_EQ(Reason(AddGate(request)), "GROUP_NOT_FOUND");
  condition->set_group(foreign_group);
  EXPECT_EQ(Reason(AddGate(request)), "OK");
}

TEST_F(GateKindsTest, RightAnswersAreForThoseWhoMayWriteThem) {
  auto community = Open().name();
  auto keyword = AddKeyword(community);
  auto request = GateRequest(community, pb::GATE_KIND_QUIZ);
  auto* question = request.mutable_gate()->add_questions();
  question->set_key("year");
  question->set_text("哪一年？");
  question->add_accepted_answers("永和九年");
  ASSERT_EQ(Reason(AddGate(request)), "OK");
  pb::ListGatesRequest list;
  list.set_parent(community);
  auto call = Mine("ListGates", list);
  EXPECT_THAT(gates_.ListGates(call, list)->DebugString(), HasSubstr(keyword.name()));
  auto text = [&] {
    pb::GetGateRequest get;
    get.set_name(keyword.name());
    return gates_.ListGates(call, list)->SerializeAsString() + gates_.GetGate(call, get)->SerializeAsString();
  };
  EXPECT_THAT(text(), HasSubstr("曲水流觞"));
  EXPECT_THAT(text(), HasSubstr("永和九年"));
  call.principal.scopes = {"gates.read", "members.join"};
  EXPECT_THAT(text(), ::testing::Not(HasSubstr("曲水流觞")));
  EXPECT_THAT(text(), ::testing::Not(HasSubstr("永和九年")));
  EXPECT_THAT(text(), HasSubstr("哪一年？"));
  EXPECT_EQ(db_.Query("SELECT count(*) FROM membership.outbox WHERE position('\\x" + HexEncode("曲水流觞") +
                      "'::bytea IN payload) > 0"),
            "0");
}

TEST_F(GateKindsTest, AGateIsUpdatedAsFarAsItIsNamed) {
  auto community = Open().name();
  auto gate = AddKeyword(community);
  pb::UpdateGateRequest request;
  request.mutable_gate()->set_name(gate.name());
  request.mutable_gate()->set_keyword("群贤毕至");
  request.mutable_gate()->set_etag(gate.etag());
  auto update = [&] { return gates_.UpdateGate(Mine("UpdateGate", request), request); };
  auto updated = update();
  ASSERT_EQ(Reason(updated), "OK");
  EXPECT_EQ(updated->keyword(), "群贤毕至");
  EXPECT_EQ(updated->display_name(), gate.display_name());
  EXPECT_EQ(updated->etag(), "\"2\"");
  EXPECT_EQ(Named(&GateService::GetGate, gate.name())->SerializeAsString(), updated->SerializeAsString());
  EXPECT_EQ(Reason(update()), "ETAG_MISMATCH");
  request.mutable_gate()->clear_etag();
  EXPECT_EQ(update()->etag(), "\"2\"") << "nothing changed";
  EXPECT_THAT(Events(), EndsWith("GateCreated:1 GateUpdated:2"));
  request.mutable_gate()->set_kind(pb::GATE_KIND_QUIZ);
  EXPECT_THAT(Faults(update()), ElementsAre("gate.kind IMMUTABLE"));
  request.mutable_gate()->clear_kind();
  request.mutable_update_mask()->add_paths("keyword");
  request.mutable_gate()->clear_keyword();
  EXPECT_THAT(Faults(update()), ElementsAre("gate.keyword REQUIRED"));
  EXPECT_EQ(Reason(gates_.UpdateGate(Theirs("UpdateGate", request), request)), "GATE_NOT_FOUND");
}

TEST_F(GateKindsTest, ACommunityKeepsAnOpenGate) {
  auto community = Open().name();
  AddGroup(community, 10);
  auto gate = AddGate(community, pb::GATE_KIND_TWO_STEP);
  auto pending = Submit(Form(gate, "wm_xie"));
  ASSERT_EQ(Reason(pending), "OK");
  auto closed = Named(&GateService::CloseGate, gate.name());
  ASSERT_EQ(Reason(closed), "OK");
  EXPECT_EQ(closed->state(), pb::GATE_STATE_CLOSED);
  EXPECT_EQ(Named(&GateService::CloseGate, gate.name())->etag(), closed->etag()) << "closed already";
  EXPECT_EQ(Reason(Submit(Form(gate, "wm_wang"))), "GATE_CLOSED");
  pb::ListGatesRequest list;
  list.set_parent(community);
  const auto first = gates_.ListGates(Mine("ListGates", list), list)->gates(0).name();
  EXPECT_EQ(Reason(Named(&GateService::CloseGate, first)), "GATE_REQUIRED");
  // What was sent before can be decided.
  EXPECT_EQ(Reason(Named(&GateService::ConfirmContact, pending->name())), "OK");
  EXPECT_EQ(Reason(Approve(pending->name())), "OK");
  ASSERT_EQ(Reason(Named(&GateService::ReopenGate, gate.name())), "OK");
  EXPECT_EQ(Reason(Submit(Form(gate, "wm_wang"))), "OK");
  EXPECT_THAT(Events(), HasSubstr("GateClosed:2"));
  EXPECT_THAT(Events(), HasSubstr("GateReopened:3"));

  std::vector<std::thread> threads;
  std::atomic<int> refused = 0;
  for (const auto& name : {first, gate.name()}) {
    threads.emplace_back([&, name] { refused += Reason(Named(&GateService::CloseGate, name)) == "GATE_REQUIRED"; });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, 1) << "one of two at once";
}

TEST_F(GateKindsTest, ACommunityDoesNotOpenWithAGateThatSaysNothing) {
  pb::CreateCommunityRequest request;
  request.mutable_community()->set_display_name("读书会");
  request.mutable_community()->set_template_(pb::TEMPLATE_SOCIAL_RING);
  request.mutable_community()->set_purpose("一起读书");
  for (auto kind : {pb::GATE_KIND_QUIZ, pb::GATE_KIND_KEYWORD, pb::GATE_KIND_PREREQUISITE}) {
    request.set_gate_kind(kind);
    EXPECT_EQ(Reason(communities_.CreateCommunity(Mine("CreateCommunity", request), request)), "GATE_KIND_MISMATCH");
  }
}

}  // namespace
}  // namespace lanting::membership
