#include "membership/domain/needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Shown(const std::vector<std::string>& texts) {
  std::vector<std::string> shown;
  for (const auto& need : CountNeeds(texts)) shown.push_back(need.text + ":" + std::to_string(need.members));
  return shown;
}

TEST(CountNeedsTest, WhatSeveralSay) {
  EXPECT_THAT(Shown({"希望认识插画同行", "想学插画", "认识更多的插画同行，交流接单经验", "接单"}),
              ElementsAre("插画:3", "插画同行:2", "接单:2", "认识:2"));
  EXPECT_THAT(Shown({"Find a running buddy", "running shoes, RUNNING races", "I want to learn"}),
              ElementsAre("running:2"));
  EXPECT_THAT(Shown({"学Python", "python进阶"}), ElementsAre("python:2"));
}

TEST(CountNeedsTest, APersonCountsOnce) {
  EXPECT_THAT(Shown({"书法书法书法", "读书"}), IsEmpty());
  EXPECT_THAT(Shown({}), IsEmpty());
  EXPECT_THAT(Shown({"", "！？", "😀😀", "的了的了"}), IsEmpty());
}

TEST(CountNeedsTest, IsBounded) {
  std::vector<std::string> texts;
  for (int i = 0; i < 400; ++i) {
    std::string text;
    for (int k = 0; k < 200; ++k) {
      const int c = 0x4e00 + (i / 2 * 131 + k * 17) % 5000;
      text += {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3f)),
               static_cast<char>(0x80 | (c & 0x3f))};
    }
    texts.push_back(std::move(text));
  }
  EXPECT_EQ(CountNeeds(texts).size(), 50u);
}

}  // namespace
}  // namespace lanting::membership
