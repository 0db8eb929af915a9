#include "membership/domain/community.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "membership/domain/gate.h"
#include "membership/domain/key.h"
#include "membership/domain/templates.h"

namespace lanting::membership {
namespace {

using testing::ElementsAre;
using testing::Field;

const Time kNow{std::chrono::seconds(1'770'000'000)};

Community Draft() {
  Community c;
  c.display_name = "晨读会";
  c.opened_from = Template::kLearningPyramid;
  c.purpose = "一起把书读完";
  return c;
}

TEST(FillDefaults, TakesTheTemplateInChineseByDefault) {
  auto c = Draft();
  FillDefaults(c);
  const auto& d = DefaultsOf(Template::kLearningPyramid, "zh-CN");
  EXPECT_EQ(c.locale, "zh-CN");
  EXPECT_EQ(c.time_zone, "Asia/Shanghai");
  EXPECT_EQ(c.vision, d.vision);
  EXPECT_EQ(c.structure, Structure::kPyramid);
  EXPECT_EQ(c.declarations, d.declarations);
  EXPECT_EQ(FirstHouseRules(c).text, d.house_rules);
}

TEST(FillDefaults, WhatIsSaidWinsFieldByField) {
  auto c = Draft();
  c.locale = "en";
  c.structure = Structure::kRing;
  c.vision = "Read fifty books";
  c.declarations.silent_days = 0;  // never cull: said, not left out
  c.declarations.shares_per_week = 5;
  c.declarations.reward_terms = "A book";
  FillDefaults(c);
  const auto& d = DefaultsOf(Template::kLearningPyramid, "en").declarations;
  EXPECT_EQ(c.structure, Structure::kRing);
  EXPECT_EQ(c.vision, "Read fifty books");
  EXPECT_EQ(c.declarations.silent_days, 0);
  EXPECT_EQ(c.declarations.grace_days, d.grace_days);
  EXPECT_EQ(c.declarations.shares_per_week, 5);
  EXPECT_EQ(c.declarations.shares_per_day, d.shares_per_day);
  EXPECT_EQ(c.declarations.reward_terms, "A book");
  EXPECT_EQ(c.declarations.penalty_terms, d.penalty_terms);
}

TEST(FirstGate, QuestionsBringsTheTemplatesQuestion) {
  auto c = Draft();
  FillDefaults(c);
  auto gate = FirstGate(c, GateKind::kQuestions, Id::New());
  EXPECT_TRUE(CheckGate(gate).ok());
  ASSERT_EQ(gate.questions.size(), 1u);
  EXPECT_EQ(gate.questions[0].text, DefaultsOf(Template::kLearningPyramid, "zh-CN").question);
  EXPECT_TRUE(gate.questions[0].required);
  auto link = FirstGate(c, GateKind::kInviteLink, Id::New());
  EXPECT_TRUE(CheckGate(link).ok());
  EXPECT_TRUE(link.questions.empty());
}

std::vector<FieldViolation> Faults(const Gate& gate) {
  auto result = CheckGate(gate);
  return result.ok() ? std::vector<FieldViolation>() : result.error().violations;
}

TEST(CheckGate, NamesEveryFault) {
  Gate gate{.kind = GateKind::kQuestions};
  EXPECT_THAT(Faults(gate), ElementsAre(Field(&FieldViolation::reason, "TOO_FEW_ITEMS")));
  gate.questions = {{"why", "为什么想来？", true}, {"city", "哪个城市？"}, {"why", "再问一次"}, {"city", "又一次"}};
  EXPECT_THAT(Faults(gate), ElementsAre(Field(&FieldViolation::field, "gate.questions[2].key"),
                                        Field(&FieldViolation::field, "gate.questions[3].key")));
  gate.kind = GateKind::kInviteLink;
  gate.questions.resize(1);
  EXPECT_THAT(Faults(gate), ElementsAre(Field(&FieldViolation::reason, "TOO_MANY_ITEMS")));
}

TEST(CheckInviteLink, RefusesTheWrongGateAndADeadLink) {
  InviteLink link;
  EXPECT_TRUE(CheckInviteLink(link, {GateKind::kInviteLink}, kNow).ok());
  EXPECT_EQ(CheckInviteLink(link, {GateKind::kQuestions}, kNow).error().reason, "GATE_KIND_MISMATCH");
  link.expire_time = kNow;
  EXPECT_EQ(CheckInviteLink(link, {GateKind::kInviteLink}, kNow).error().violations[0].field, "inviteLink.expireTime");
  link.expire_time = kNow + std::chrono::seconds(1);
  EXPECT_TRUE(CheckInviteLink(link, {GateKind::kInviteLink}, kNow).ok());
}

TEST(NewInviteCode, IsSixteenCharactersOfTheAlphabet) {
  auto code = NewInviteCode();
  EXPECT_THAT(code, testing::MatchesRegex("[0-9a-z]{16}"));
  EXPECT_EQ(code.find_first_of("ilou"), std::string::npos);
  EXPECT_NE(code, NewInviteCode());
}

TEST(TenantIdFor, IsTheSameForTheSameRequest) {
  auto id = TenantIdFor("install-2026-01", kNow);
  EXPECT_EQ(id, TenantIdFor("install-2026-01", kNow + std::chrono::hours(1)));
  EXPECT_NE(id, TenantIdFor("install-2026-02", kNow));
  EXPECT_NE(TenantIdFor("", kNow), TenantIdFor("", kNow));
  for (int i = 0; i < 64; ++i) {  // version 8, variant 10
    auto uuid = TenantIdFor("r" + std::to_string(i), kNow).ToUuid();
    EXPECT_THAT(uuid, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  }
}

TEST(CompleteNewKey, NamesEveryFault) {
  Key key{.scopes = {"members.read", "members.*", "*", "house_rules.read"}};
  EXPECT_TRUE(CompleteNewKey(key, kNow).ok());
  key.scopes = {"Members.read", "platform.tenants", "platform.*", "members", "a.b", "a.b", ".read", "**"};
  key.expire_time = kNow;
  auto violations = CompleteNewKey(key, kNow).error().violations;
  auto at = [](const char* field, const char* reason) {
    return testing::AllOf(Field(&FieldViolation::field, field), Field(&FieldViolation::reason, reason));
  };
  EXPECT_THAT(violations, ElementsAre(at("key.scopes[0]", "INVALID_FORMAT"), at("key.scopes[1]", "UNKNOWN_VALUE"),
                                      at("key.scopes[2]", "UNKNOWN_VALUE"), at("key.scopes[3]", "INVALID_FORMAT"),
                                      at("key.scopes[5]", "DUPLICATE_VALUE"), at("key.scopes[6]", "INVALID_FORMAT"),
                                      at("key.scopes[7]", "INVALID_FORMAT"), at("key.expireTime", "OUT_OF_RANGE")));
}

}  // namespace
}  // namespace lanting::membership
