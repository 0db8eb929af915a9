#include "membership/domain/naming.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lanting::membership {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

NamingConvention Convention(const std::string& template_text, const std::string& example,
                            std::vector<NamingPart> parts = {}) {
  return {.template_text = template_text, .parts = std::move(parts), .example = example};
}

const NamingConvention& CityNameTrade() {
  static const auto convention =
      Convention("{城市}-{昵称}-{行业}", "上海-阿杰-设计", {{"城市", {"北京", "上海", "绍兴"}}});
  return convention;
}

// What is wrong with a name, in words.
std::vector<std::string> Faults(const NamingConvention& convention, const std::string& name,
                                const std::string& locale = "zh-CN") {
  const auto checker = NameChecker::Make(convention);
  EXPECT_TRUE(checker.ok());
  std::vector<std::string> texts;
  for (const auto& fault : checker->Check(name)) texts.push_back(FaultText(fault, convention, locale));
  return texts;
}

TEST(NameCheckerTest, FollowsATemplate) {
  for (const char* name : {"上海-阿杰-设计", "绍兴-Ada_1-AI", "北京 - 小雨 - 出版"}) {
    EXPECT_THAT(Faults(CityNameTrade(), name), IsEmpty()) << name;
  }
}

TEST(NameCheckerTest, SaysWhichPartIsMissingOrWrong) {
  const auto& c = CityNameTrade();
  EXPECT_THAT(Faults(c, "上海-阿杰"), ElementsAre("缺少“行业”。"));
  EXPECT_THAT(Faults(c, "上海--设计"), ElementsAre("缺少“昵称”。"));
  EXPECT_THAT(Faults(c, "上海"), ElementsAre("缺少“昵称”。", "缺少“行业”。"));
  EXPECT_THAT(Faults(c, "阿杰-上海-设计"), ElementsAre("“城市”不能是“阿杰”，可选：北京、上海、绍兴。"));
  EXPECT_THAT(Faults(c, "上海-阿杰-设计-插画"), ElementsAre("“行业”处多了“-”。"));
  EXPECT_THAT(Faults(c, "阿杰"),
              ElementsAre("“城市”不能是“阿杰”，可选：北京、上海、绍兴。", "缺少“昵称”。", "缺少“行业”。"));
  EXPECT_THAT(Faults(c, "Paris-Ada", "en"),
              ElementsAre("\"Paris\" is not allowed as \"城市\": 北京, 上海, 绍兴.", "\"行业\" is missing."));
}

TEST(NameCheckerTest, KnowsWhatPeopleTypeForASign) {
  const auto& c = CityNameTrade();
  EXPECT_THAT(Faults(c, "上海－阿杰-设计"), ElementsAre("请用“-”，不要用“－”。"));
  EXPECT_THAT(Faults(c, "上海—阿杰－设计"), ElementsAre("请用“-”，不要用“－”。", "请用“-”，不要用“—”。"));
  EXPECT_THAT(Faults(c, "上海-Ada_1-AI"), IsEmpty()) << "a sign of its own";
  EXPECT_THAT(Faults(c, "上海－阿杰"), Contains("缺少“昵称”。")) << "more is wrong";
  EXPECT_THAT(Faults(Convention("{城市}|{昵称}", "上海|阿杰"), "上海｜阿杰", "en"),
              ElementsAre("Use \"|\", not \"｜\"."));
}

TEST(NameCheckerTest, TextsAtTheEnds) {
  const auto c = Convention("【{城市}】{昵称}（{行业}）", "【上海】阿杰（设计）");
  EXPECT_TRUE(CheckConvention(c).ok());
  EXPECT_THAT(Faults(c, "【上海】阿杰（设计）"), IsEmpty());
  EXPECT_THAT(Faults(c, "上海】阿杰（设计）"), ElementsAre("缺少“【”。"));
  EXPECT_THAT(Faults(c, "【上海】阿杰（设计"), ElementsAre("缺少“）”。"));
  EXPECT_THAT(Faults(c, "【上海】阿杰（设计）!"), ElementsAre("“行业”处多了“!”。"));
  EXPECT_THAT(Faults(c, "【上海】阿杰（设）计）"), ElementsAre("“行业”处多了“）”。"));
  EXPECT_THAT(Faults(Convention("{昵称}", "阿杰"), "什么都行"), IsEmpty());
}

TEST(NameCheckerTest, FollowsAnExpression) {
  NamingConvention c{.expression = "(北京|上海)-\\p{Han}{1,6}", .example = "上海-阿杰"};
  EXPECT_TRUE(CheckConvention(c).ok());
  EXPECT_THAT(Faults(c, "北京-小雨"), IsEmpty());
  EXPECT_THAT(Faults(c, "我是北京-小雨"), ElementsAre("不符合命名规则，例如“上海-阿杰”。"));
}

TEST(NameCheckerTest, AnythingIsAnAnswerInShortTime) {
  const std::string evil_name(100, '-');
  EXPECT_FALSE(Faults(CityNameTrade(), evil_name).empty());
  const auto ten = Convention("{a}-{b}-{c}-{d}-{e}-{f}-{g}-{h}-{i}-{j}", "1-2-3-4-5-6-7-8-9-0");
  EXPECT_TRUE(CheckConvention(ten).ok());
  EXPECT_EQ(Faults(ten, std::string(100, 'x')).size(), 9u);
  EXPECT_EQ(Faults(ten, "").size(), 10u);
  for (const char* name : {"{城市}-{昵称}-{行业}", "\xf0\x9f\x98\x80-\xf0\x9f\x98\x80", "-", "--", "---"})
    EXPECT_FALSE(Faults(CityNameTrade(), name).empty()) << name;
}

TEST(CheckConventionTest, WhatCannotBeUsedIsSaid) {
  auto fault = [](const NamingConvention& c) {
    auto checked = CheckConvention(c);
    return checked.ok() ? "OK" : checked.error().violations[0].field + " " + checked.error().violations[0].reason;
  };
  const std::string kTemplate = "namingConvention.template INVALID_FORMAT";
  for (const char* bad : {"城市-昵称", "{城市", "城市}", "{}", "{ a}", "{a}{b}", "{a}-{a}", "{{a}}",
                          "{abcdefghijklmnopqrstu}", "{a}-{b}-{c}-{d}-{e}-{f}-{g}-{h}-{i}-{j}-{k}"})
    EXPECT_EQ(fault(Convention(bad, "x")), kTemplate) << bad;
  EXPECT_EQ(fault(Convention("{a}-{b}", "")), "namingConvention.example REQUIRED");
  EXPECT_EQ(fault(Convention("{a}-{b}", "x")), "namingConvention.example EXAMPLE_DOES_NOT_MATCH");
  EXPECT_EQ(fault(Convention("{a}-{b}", "x-y", {{"c", {}}})), "namingConvention.parts[0].key UNKNOWN_VALUE");
  EXPECT_EQ(fault(Convention("{a}-{b}", "x-y", {{"a", {}}, {"a", {}}})),
            "namingConvention.parts[1].key DUPLICATE_VALUE");
  EXPECT_EQ(fault({.expression = "(", .example = "x"}), "namingConvention.expression INVALID_PATTERN");
  EXPECT_EQ(fault({.expression = "((a{1,100}){1,100}){1,100}", .example = "a"}),
            "namingConvention.expression INVALID_PATTERN");
  EXPECT_EQ(fault({.expression = "x", .example = "y"}), "namingConvention.example EXAMPLE_DOES_NOT_MATCH");
  EXPECT_EQ(fault({.expression = "x", .parts = {{"a", {}}}, .example = "x"}), "namingConvention.parts UNKNOWN_VALUE");
  EXPECT_EQ(fault({.template_text = "{a}", .expression = "x", .example = "x"}),
            "namingConvention.expression CONFLICTING_VALUES");
  EXPECT_EQ(fault({}), "OK");
  EXPECT_EQ(fault(CityNameTrade()), "OK");
}

}  // namespace
}  // namespace lanting::membership
