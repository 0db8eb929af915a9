#include "membership/domain/people_csv.h"

#include <gtest/gtest.h>

#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

TEST(PeopleCsvTest, HeaderInBothLanguagesAndAnyOrder) {
  auto header = ParseHeader({"渠道用户编号", " Display_Name ", "渠道", "external_id"});
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->columns,
            (std::vector{Column::kUserId, Column::kDisplayName, Column::kChannel, Column::kExternalId}));
}

TEST(PeopleCsvTest, HeaderFaultsSayWhatIsMissing) {
  struct {
    std::vector<std::string> fields;
    std::string says;
  } cases[] = {
      {{"name"}, "\"name\" is not a column"},
      {{"external_id"}, "display_name (昵称) is missing"},
      {{"昵称", "display_name"}, "twice"},
      {{"昵称", "渠道"}, "go together"},
      {{"\xea\xc7\xb3\xc6"}, "is not UTF-8 text: save the file as UTF-8"},  // 昵称 in GBK
      {{std::string("昵称\0", 7)}, "NUL"},
  };
  for (const auto& c : cases) {
    auto header = ParseHeader(c.fields);
    ASSERT_FALSE(header.ok());
    EXPECT_EQ(header.error().reason, "MALFORMED_CSV");
    EXPECT_NE(header.error().message.find(c.says), std::string::npos) << header.error().message;
  }
}

TEST(PeopleCsvTest, WhatTheFileSaysIsShownShortAndWhole) {
  std::string longest;
  for (int i = 0; i < 1000; ++i) longest += "兰";
  for (const auto& name : {longest, "a" + longest, "ab" + longest}) {
    const auto message = ParseHeader({name}).error().message;
    EXPECT_TRUE(Utf8Length(message)) << message;
    EXPECT_LT(message.size(), 500u);
  }
}

TEST(PeopleCsvTest, FileIsCheckedToItsEnd) {
  EXPECT_EQ(*CheckFile("昵称\n小明\nRita\n"), 2);
  EXPECT_EQ(CheckFile("").error().metadata.at("line"), "1");
  EXPECT_EQ(CheckFile("昵称\n小明\n\"Rita\n").error().metadata.at("line"), "3");
  std::string many = "display_name\n";
  for (int i = 0; i <= kMaxImportRows; ++i) many += "a\n";
  EXPECT_EQ(CheckFile(many).error().reason, "MALFORMED_CSV");
}

TEST(PeopleCsvTest, ChannelsByTheirCommonNames) {
  EXPECT_EQ(ParseChannel("WeCom"), 1);
  EXPECT_EQ(ParseChannel("CHANNEL_TELEGRAM"), 6);
  EXPECT_EQ(ParseChannel(" 飞书 "), 4);
  EXPECT_EQ(ParseChannel("pigeon"), 0);
}

}  // namespace
}  // namespace lanting::membership
