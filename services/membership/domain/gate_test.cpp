#include "membership/domain/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lanting::membership {
namespace {

using testing::ElementsAre;

const Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 3}};

const Question kWhy{"why", "为什么想加入？", true};
const Question kNice{"nickname", "怎么称呼你？"};
const Question kYear{"year", "兰亭雅集是哪一年？", true, {"353", "永和九年"}};

Gate Of(GateKind kind) {
  Gate gate{.community = Id::New(kNow), .kind = kind};
  switch (kind) {
    case GateKind::kQuestions:
      gate.questions = {kWhy};
      break;
    case GateKind::kQuiz:
      gate.questions = {kYear, kNice};
      break;
    case GateKind::kKeyword:
      gate.keyword = "曲水流觞";
      break;
    case GateKind::kPrerequisite:
      gate.prerequisite = Prerequisite{.community = Id::New(kNow)};
      break;
    default:
      break;
  }
  FillDefaults(gate);
  return gate;
}

const std::vector<GateKind> kAll = {GateKind::kQuestions, GateKind::kInviteLink,  GateKind::kQuiz,
                                    GateKind::kKeyword,   GateKind::kReferral,    GateKind::kTwoStep,
                                    GateKind::kPayment,   GateKind::kPrerequisite};

std::vector<std::string> Faults(const Gate& gate) {
  std::vector<std::string> faults;
  auto result = CheckGate(gate);
  if (!result.ok()) {
    for (const auto& v : result.error().violations) faults.push_back(v.field + " " + v.reason);
  }
  return faults;
}

TEST(CheckGate, TakesWhatAKindNeeds) {
  for (auto kind : kAll) EXPECT_THAT(Faults(Of(kind)), ElementsAre()) << static_cast<int>(kind);
}

TEST(CheckGate, NamesWhatIsMissing) {
  for (const auto& [kind, fault] : std::map<GateKind, std::string>{
           {GateKind::kQuestions, "gate.questions TOO_FEW_ITEMS"},
           {GateKind::kQuiz, "gate.questions TOO_FEW_ITEMS"},
           {GateKind::kKeyword, "gate.keyword REQUIRED"},
           {GateKind::kPrerequisite, "gate.prerequisite REQUIRED"},
       }) {
    Gate gate{.community = Id::New(kNow), .kind = kind};
    EXPECT_THAT(Faults(gate), ElementsAre(fault));
  }
  auto quiz = Of(GateKind::kQuiz);
  quiz.questions = {kWhy};
  EXPECT_THAT(Faults(quiz), ElementsAre("gate.questions TOO_FEW_ITEMS")) << "nothing that counts";
  quiz.questions = {{"q", "？", true, {"　 "}}};
  EXPECT_THAT(Faults(quiz), ElementsAre("gate.questions[0].acceptedAnswers[0] REQUIRED"));
  auto keyword = Of(GateKind::kKeyword);
  keyword.keyword = " 　";
  EXPECT_THAT(Faults(keyword), ElementsAre("gate.keyword REQUIRED"));
}

TEST(CheckGate, NamesWhatAKindHasNoUseFor) {
  for (auto kind : kAll) {
    auto gate = Of(kind);
    const bool quiz = kind == GateKind::kQuiz, attempts = CountsAttempts(kind);
    std::vector<std::string> expected;
    gate.pass_percent = 60;
    if (!quiz) expected.push_back("gate.passPercent CONFLICTING_VALUES");
    gate.max_attempts = 5;
    if (!attempts) expected.push_back("gate.maxAttempts CONFLICTING_VALUES");
    gate.retry_after = std::chrono::hours(1);
    if (!attempts) expected.push_back("gate.retryAfter CONFLICTING_VALUES");
    gate.keyword = "暗号";
    if (kind != GateKind::kKeyword) expected.push_back("gate.keyword CONFLICTING_VALUES");
    gate.prerequisite = Prerequisite{.community = Id::New(kNow)};
    if (kind != GateKind::kPrerequisite) expected.push_back("gate.prerequisite CONFLICTING_VALUES");
    EXPECT_EQ(Faults(gate), expected) << static_cast<int>(kind);
  }
  for (auto kind : {GateKind::kInviteLink, GateKind::kReferral}) {
    auto gate = Of(kind);
    gate.questions = {kNice};
    EXPECT_THAT(Faults(gate), ElementsAre("gate.questions TOO_MANY_ITEMS"));
  }
  auto twice = Of(GateKind::kQuestions);
  twice.questions = {kWhy, kWhy, kYear};
  EXPECT_THAT(Faults(twice), ElementsAre("gate.questions[1].key DUPLICATE_VALUE",
                                         "gate.questions[2].acceptedAnswers CONFLICTING_VALUES"));
}

TEST(CheckGate, BoundsAndTheOwnCommunity) {
  auto gate = Of(GateKind::kQuiz);
  for (auto [seconds, good] :
       std::map<long, bool>{{59, false}, {60, true}, {31536000, true}, {31536001, false}, {-5, false}}) {
    gate.retry_after = std::chrono::seconds(seconds);
    EXPECT_EQ(CheckGate(gate).ok(), good) << seconds;
  }
  auto own = Of(GateKind::kPrerequisite);
  own.prerequisite->community = own.community;
  EXPECT_THAT(Faults(own), ElementsAre("gate.prerequisite.community UNKNOWN_VALUE"));
}

TEST(FillDefaults, OfAQuizAndAKeyword) {
  auto quiz = Of(GateKind::kQuiz);
  EXPECT_EQ(quiz.pass_percent, 100);
  EXPECT_EQ(quiz.max_attempts, 3);
  EXPECT_EQ(quiz.retry_after, std::chrono::hours(24));
  EXPECT_EQ(Of(GateKind::kKeyword).pass_percent, 0);
  EXPECT_EQ(Of(GateKind::kKeyword).max_attempts, 3);
  EXPECT_EQ(Of(GateKind::kTwoStep).max_attempts, 0);
}

TEST(StrengthOf, EachKind) {
  const std::map<GateKind, GateStrength> expected = {
      {GateKind::kQuestions, GateStrength::kHigh},  {GateKind::kInviteLink, GateStrength::kLow},
      {GateKind::kQuiz, GateStrength::kMedium},     {GateKind::kKeyword, GateStrength::kLow},
      {GateKind::kReferral, GateStrength::kMedium}, {GateKind::kTwoStep, GateStrength::kHigh},
      {GateKind::kPayment, GateStrength::kHigh},    {GateKind::kPrerequisite, GateStrength::kMedium}};
  for (const auto& [kind, strength] : expected) EXPECT_EQ(StrengthOf(Of(kind)), strength) << static_cast<int>(kind);

  auto form = Of(GateKind::kQuestions);
  form.questions = {kNice};
  EXPECT_EQ(StrengthOf(form), GateStrength::kMedium);
  auto quiz = Of(GateKind::kQuiz);
  quiz.questions.assign(5, kYear);
  quiz.pass_percent = 80;
  EXPECT_EQ(StrengthOf(quiz), GateStrength::kHigh);
  quiz.pass_percent = 79;
  EXPECT_EQ(StrengthOf(quiz), GateStrength::kMedium);
  auto days = Of(GateKind::kPrerequisite);
  days.prerequisite->min_days = 30;
  EXPECT_EQ(StrengthOf(days), GateStrength::kHigh);
}

TEST(FirstGate, KindsThatHaveToBeToldWhatToAskAreRefused) {
  for (auto kind : kAll) {
    EXPECT_EQ(CheckFirstGate(kind).ok(), !DecidesAtOnce(kind)) << static_cast<int>(kind);
    if (!CheckFirstGate(kind).ok()) continue;
    for (auto locale : {"zh-CN", "en"}) {
      Community community{.id = Id::New(kNow), .locale = locale};
      auto gate = FirstGate(community, kind, Id::New(kNow));
      EXPECT_TRUE(CheckGate(gate).ok());
      EXPECT_FALSE(gate.display_name.empty());
    }
  }
}

TEST(CheckClose, TheLastOpenGateStays) {
  auto gate = Of(GateKind::kQuestions);
  EXPECT_EQ(CheckClose(gate, 1).error().reason, "GATE_REQUIRED");
  EXPECT_TRUE(CheckClose(gate, 2).ok());
  gate.state = GateState::kClosed;
  EXPECT_TRUE(CheckClose(gate, 1).ok()) << "it is another one that is open";
}

TEST(CheckInviteLink, WhatALinkIsMadeFor) {
  const auto member = Id::New(kNow), group = Id::New(kNow);
  struct Case {
    InviteLink link;
    LinkGate gate;
    std::string outcome;  // reason, or field and reason
  };
  const std::vector<Case> cases = {
      {{}, {GateKind::kInviteLink}, ""},
      {{.group = group}, {GateKind::kInviteLink}, ""},
      {{.roll_tag = "绘画"}, {GateKind::kInviteLink}, ""},
      {{.group = group, .roll_tag = "绘画"}, {GateKind::kInviteLink}, "inviteLink.rollTag CONFLICTING_VALUES"},
      {{.referrer = member}, {GateKind::kReferral}, ""},
      {{}, {GateKind::kReferral}, "inviteLink.referrer REQUIRED"},
      {{.referrer = member}, {GateKind::kInviteLink}, "inviteLink.referrer CONFLICTING_VALUES"},
      {{}, {GateKind::kQuestions}, "GATE_KIND_MISMATCH"},
      {{}, {GateKind::kKeyword}, "GATE_KIND_MISMATCH"},
      {{}, {GateKind::kInviteLink, GateState::kClosed}, "GATE_CLOSED"},
      {{.expire_time = kNow}, {GateKind::kInviteLink}, "inviteLink.expireTime OUT_OF_RANGE"},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    auto result = CheckInviteLink(cases[i].link, cases[i].gate, kNow);
    std::string outcome = result.ok() ? "" : result.error().reason;
    if (outcome == "INVALID_FIELDS")
      outcome = result.error().violations[0].field + " " + result.error().violations[0].reason;
    EXPECT_EQ(outcome, cases[i].outcome) << i;
  }
}

}  // namespace
}  // namespace lanting::membership
