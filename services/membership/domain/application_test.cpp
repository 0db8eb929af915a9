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

TEST(ToPerson, TheAnswerBecomesTheExpectation) {
  EXPECT_EQ(ToPerson(Good()).expectation, "认识更多书法同好");
  auto a = Good();
  a.answers[0].text.clear();
  for (int i = 0; i < 700; ++i) a.answers[0].text += "书";
  EXPECT_EQ(Utf8Length(ToPerson(a).expectation), 500u);
}

}  // namespace
}  // namespace lanting::membership
