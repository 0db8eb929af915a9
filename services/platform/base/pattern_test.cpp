#include "platform/base/pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace lanting {
namespace {

TEST(PatternTest, MatchesTheWholeTextInUtf8) {
  auto pattern = Pattern::Compile("(北京|上海)-\\p{Han}{1,4}");
  ASSERT_TRUE(pattern.ok());
  EXPECT_TRUE(pattern->Matches("上海-阿杰"));
  EXPECT_FALSE(pattern->Matches("我在上海-阿杰"));
  EXPECT_FALSE(pattern->Matches("上海-阿杰们都来了"));
  EXPECT_FALSE(pattern->Matches("\xff"));
  EXPECT_TRUE(Pattern::Compile(".")->Matches("杰")) << "a character, not a byte";
}

TEST(PatternTest, WhatIsNoExpressionIsSaid) {
  for (const char* bad : {"(", "a{2,1}", "[b-a]", "(?=x)", "(a)\\1", "\xff", "*", "a{1001}"}) {
    auto refused = Pattern::Compile(bad);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(refused.error().reason, "INVALID_PATTERN");
    EXPECT_NE(refused.error().message, "");
  }
}

// What makes a backtracking matcher run for years: refused, or matched in a time that does not show.
TEST(PatternTest, EvilPatternsHarmNobody) {
  const std::string as(100, 'a'), text = as.substr(1) + "!";
  std::string alternation = "(a";
  while (alternation.size() < 490) alternation += "|aa*";
  alternation += ")*b";
  int compiled = 0;
  for (const std::string& evil :
       {std::string("(a+)+$"), std::string("((a*)*)*b"), std::string("(a|aa)+$"), std::string("(a|a?)+b"),
        std::string("(.*a){12}b"), std::string("(x+x+)+y|(a?){50}a{50}y"), std::string("((a{1,100}){1,100}){1,100}"),
        std::string("(((a{1,30}){1,30}){1,30})b"), std::string("(a{0,1000}){0,1000}"), std::string(".{0,500}.{0,500}b"),
        std::string("\\pL{900}\\pL{100}"), alternation}) {
    const auto start = std::chrono::steady_clock::now();
    auto pattern = Pattern::Compile(evil);
    if (pattern.ok()) {
      ++compiled;
      for (int i = 0; i < 20; ++i) {
        EXPECT_FALSE(pattern->Matches(text)) << evil;
        (void)pattern->Matches(as);
      }
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << evil;
  }
  EXPECT_GE(compiled, 5);
  EXPECT_FALSE(Pattern::Compile("((a{1,100}){1,100}){1,100}").ok());
}

}  // namespace
}  // namespace lanting
