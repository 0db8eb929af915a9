#include "membership/domain/application.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

using testing::ElementsAre;
using testing::Field;

constexpr Channel kWecom{1}, kTelegram{6};

ApplicationView View() {
  ApplicationView view{.house_rules_version = 3};
  view.gate =
      Gate{.kind = GateKind::kQuestions,
           .questions = {{"expectation", "你希望得到什么？", true}, {"city", "在哪个城市？", true}, {"age", "年龄"}}};
  return view;
}

Application Good() {
  Application a;
  a.person = {.display_name = "王羲之", .identities = {{kWecom, "wm_wang"}}, .accepted_rules_version = 3};
  a.answers = {{"expectation", " 认识更多书法同好 "}, {"city", "绍兴"}};
  return a;
}

std::string Reason(const Application& a, const ApplicationView& view) {
  auto result = CheckSubmission(a, view, "communities/c/gates/g");
  return result.ok() ? "" : result.error().reason;
}

TEST(CheckSubmission, AcceptsAFullForm) { EXPECT_EQ(Reason(Good(), View()), ""); }

TEST(CheckSubmission, NamesEveryFaultOfTheForm) {
  auto a = Good();
  a.answers = {{"expectation", " \n"}, {"hobby", "钓鱼"}, {"hobby", "下棋"}};
  a.person.identities = {{kWecom, "a"}, {kTelegram, "b"}, {kWecom, "c"}};
  auto violations = CheckSubmission(a, View(), "g").error().violations;
  auto at = [](const char* field, const char* reason) {
    return testing::AllOf(Field(&FieldViolation::field, field), Field(&FieldViolation::reason, reason));
  };
  EXPECT_THAT(
      violations,
      ElementsAre(at("application.answers[1].key", "UNKNOWN_VALUE"), at("application.answers[2].key", "UNKNOWN_VALUE"),
                  at("application.answers[2].key", "DUPLICATE_VALUE"), at("application.answers", "ANSWER_MISSING"),
                  at("application.answers", "ANSWER_MISSING"),
                  at("application.identities[2].channel", "DUPLICATE_VALUE")));
}

TEST(CheckSubmission, NeedsAnotherGateOrTheRulesInForce) {
  auto view = View();
  view.gate->kind = GateKind::kInviteLink;
  EXPECT_EQ(Reason(Good(), view), "GATE_KIND_MISMATCH");
  view.gate.reset();
  EXPECT_EQ(Reason(Good(), view), "GATE_NOT_FOUND");
  for (int version : {0, 2, 4}) {
    auto a = Good();
    a.person.accepted_rules_version = version;
    EXPECT_EQ(Reason(a, View()), "HOUSE_RULES_NOT_ACCEPTED") << version;
  }
}

TEST(CheckSubmission, OneOpenApplicationPerIdentity) {
  auto view = View();
  view.taken = ChannelIdentity{kWecom, "wm_wang"};
  auto error = CheckSubmission(Good(), view, "g").error();
  EXPECT_EQ(error.reason, "IDENTITY_TAKEN");
  EXPECT_EQ(error.metadata.at("channel"), "WECOM");
  view.open_application = Id::New();
  EXPECT_EQ(CheckSubmission(Good(), view, "g").error().reason, "APPLICATION_OPEN");
}

TEST(Decide, OnceOnly) {
  for (auto state : {ApplicationState::kApproved, ApplicationState::kRejected}) {
    auto a = Good();
    ASSERT_TRUE(CheckUndecided(a).ok());
    Decide(a, state, "名额已满", Time(std::chrono::seconds(9)));
    EXPECT_EQ(a.state, state);
    EXPECT_EQ(a.version, 2);
    EXPECT_EQ(a.decide_time, Time(std::chrono::seconds(9)));
    EXPECT_EQ(CheckUndecided(a).error().reason, "APPLICATION_DECIDED");
  }
}

TEST(CheckSubmission, WhatEachKindNeeds) {
  struct Case {
    GateKind kind;
    bool identity, external_id, payment;
    std::string outcome;  // reason, or the first field at fault
  };
  for (const auto& c : std::vector<Case>{
           {GateKind::kQuestions, false, false, false, ""},
           {GateKind::kQuestions, true, false, true, "application.paymentReference"},
           {GateKind::kInviteLink, true, false, false, "GATE_KIND_MISMATCH"},
           {GateKind::kReferral, true, false, false, "GATE_KIND_MISMATCH"},
           {GateKind::kQuiz, true, false, false, ""},
           {GateKind::kQuiz, false, true, false, "application.identities"},
           {GateKind::kKeyword, true, false, false, ""},
           {GateKind::kKeyword, false, true, false, "application.identities"},
           {GateKind::kTwoStep, false, false, false, ""},
           {GateKind::kPrerequisite, true, false, false, ""},
           {GateKind::kPrerequisite, false, true, false, ""},
           {GateKind::kPrerequisite, false, false, false, "application.identities"},
           {GateKind::kPayment, false, false, true, ""},
           {GateKind::kPayment, true, false, false, "application.paymentReference"},
       }) {
    ApplicationView view{.house_rules_version = 3};
    view.gate = Gate{.kind = c.kind};
    Application a;
    a.person.accepted_rules_version = 3;
    if (c.identity) a.person.identities = {{kWecom, "wm_xie"}};
    if (c.external_id) a.person.external_id = "crm-1";
    if (c.payment) a.payment_reference = "wx-4200001";
    auto result = CheckSubmission(a, view, "g");
    std::string outcome = result.ok() ? "" : result.error().reason;
    if (outcome == "INVALID_FIELDS") outcome = result.error().violations[0].field;
    EXPECT_EQ(outcome, c.outcome) << static_cast<int>(c.kind);
    view.gate->state = GateState::kClosed;
    if (!TakesLinks(c.kind)) {
      EXPECT_EQ(Reason(a, view), "GATE_CLOSED");
    }
  }
}

TEST(CheckApproval, ATwoStepGateWantsTheContactFirst) {
  struct Case {
    ApplicationState state;
    GateKind kind;
    std::string approval, contact;
  };
  for (const auto& c : std::vector<Case>{
           {ApplicationState::kSubmitted, GateKind::kQuestions, "", "GATE_KIND_MISMATCH"},
           {ApplicationState::kSubmitted, GateKind::kTwoStep, "CONTACT_NOT_CONFIRMED", ""},
           {ApplicationState::kContacted, GateKind::kTwoStep, "", ""},
           {ApplicationState::kApproved, GateKind::kTwoStep, "APPLICATION_DECIDED", "APPLICATION_DECIDED"},
           {ApplicationState::kRejected, GateKind::kTwoStep, "APPLICATION_DECIDED", "APPLICATION_DECIDED"},
           {ApplicationState::kWithdrawn, GateKind::kTwoStep, "APPLICATION_DECIDED", "APPLICATION_DECIDED"},
           {ApplicationState::kWithdrawn, GateKind::kPayment, "APPLICATION_DECIDED", "GATE_KIND_MISMATCH"},
       }) {
    Application a;
    a.state = c.state;
    auto approval = CheckApproval(a, c.kind), contact = CheckContact(a, c.kind);
    EXPECT_EQ(approval.ok() ? "" : approval.error().reason, c.approval);
    EXPECT_EQ(contact.ok() ? "" : contact.error().reason, c.contact);
  }
}

TEST(ToPerson, WithConsentAndWhatTheDecidersThink) {
  auto a = Good();
  a.create_time = Time(std::chrono::seconds(7));
  a.person.consent.statement = "我同意加入兰亭书院并遵守群规";
  a.values_fit = 80;
  auto person = ToPerson(a);
  EXPECT_EQ(person.consent.time, a.create_time) << "they agreed when they applied";
  EXPECT_EQ(person.consent.statement, a.person.consent.statement);
  EXPECT_EQ(person.staff.values_fit, 80);
}

TEST(ToPerson, TheAnswerBecomesTheExpectation) {
  EXPECT_EQ(ToPerson(Good()).expectation, "认识更多书法同好");
  auto a = Good();
  a.answers[0].text.clear();
  for (int i = 0; i < 700; ++i) a.answers[0].text += "书";
  EXPECT_EQ(Utf8Length(ToPerson(a).expectation), 500u);
}

}  // namespace
}  // namespace lanting::membership
