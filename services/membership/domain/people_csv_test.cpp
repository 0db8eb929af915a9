#include "membership/domain/people_csv.h"

#include <gtest/gtest.h>

#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

// Names of the fields in their order, "-" for what is ignored; or the refusal with the column at fault.
std::string Fields(const std::vector<std::string>& titles, const FileRules& rules = {}) {
  const auto header = ParseHeader({.line = 1, .fields = titles}, rules);
  if (!header.ok()) {
    const auto& at = header.error().metadata;
    return header.error().reason + " " + (at.contains("column") ? at.at("column") : "");
  }
  std::string fields;
  for (const auto& column : header->columns) fields += (column.field.empty() ? "-" : column.field) + " ";
  return fields;
}

TEST(PeopleCsvTest, HeaderInBothLanguagesAndAnyOrder) {
  EXPECT_EQ(Fields({"渠道用户编号", " Display_Name ", "渠道", "external_id", "标签", "属性.City", "User_ID.企业微信"}),
            "user_id display_name channel external_id tags attributes.City user_id.wecom ");
}

TEST(PeopleCsvTest, TheMappingSaysWhatOtherNamesMean) {
  const FileRules rules{.mapping = {"display_name:姓名", "user_id:企微ID", "attributes.city:所在城市"}, .channel = 1};
  EXPECT_EQ(Fields({"企微id", "姓名", "所在城市", "标签"}, rules), "user_id display_name attributes.city tags ");
  // A field that is mapped is taken from there only.
  EXPECT_EQ(Fields({"昵称", "姓名", "企微ID", "所在城市"}, rules), "MALFORMED_CSV 1");
  auto loose = rules;
  loose.ignore_unknown_columns = true;
  EXPECT_EQ(Fields({"昵称", "姓名", "备注", "企微ID", "所在城市"}, loose), "- display_name - user_id attributes.city ");
  // What is mapped must be there, and the channel once.
  EXPECT_EQ(Fields({"姓名", "企微ID"}, rules), "MALFORMED_CSV ");
  EXPECT_EQ(Fields({"姓名", "企微ID", "所在城市", "渠道"}, rules), "MALFORMED_CSV ");
  EXPECT_EQ(Fields({"姓名"}, {.mapping = {"display_name:姓名"}, .channel = 1}), "MALFORMED_CSV ");
  EXPECT_EQ(Fields({"姓名", "user_id.wecom", "user_id.qq"}, {.mapping = {"display_name:姓名"}}),
            "display_name user_id.wecom user_id.qq ");
  // Where a person is in the other community is known, and not taken over.
  EXPECT_EQ(Fields({"昵称", "State", "member", "join_time"}), "display_name - - - ");
}

TEST(PeopleCsvTest, FaultsOfTheMapping) {
  EXPECT_TRUE(CheckMapping({"display_name:a:b", "昵称2:x"}).error().violations.size() == 1);
  std::string faults;
  const auto checked =
      CheckMapping({"display_name", "state:状态", "昵称:甲", "display_name:乙", "tags:甲", "attributes.a b:丙"});
  for (const auto& v : checked.error().violations) faults += v.field + " " + v.reason + " ";
  EXPECT_EQ(faults,
            "mapping[0] INVALID_FORMAT mapping[1] UNKNOWN_VALUE mapping[3] DUPLICATE_VALUE mapping[4] DUPLICATE_VALUE "
            "mapping[5] UNKNOWN_VALUE ");
  EXPECT_TRUE(CheckMapping({}).ok());
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
      {{"\xea\xc7\xff\xc6"}, "is not text in UTF-8"},
      {{std::string("昵称\0", 7)}, "NUL"},
  };
  for (const auto& c : cases) {
    auto header = ParseHeader({.line = 1, .fields = c.fields});
    ASSERT_FALSE(header.ok());
    EXPECT_EQ(header.error().reason, "MALFORMED_CSV");
    EXPECT_NE(header.error().message.find(c.says), std::string::npos) << header.error().message;
  }
}

TEST(PeopleCsvTest, WhatTheFileSaysIsShownShortAndWhole) {
  std::string longest;
  for (int i = 0; i < 1000; ++i) longest += "兰";
  for (const auto& name : {longest, "a" + longest, "ab" + longest}) {
    const auto message = ParseHeader({.line = 1, .fields = {name}}).error().message;
    EXPECT_TRUE(Utf8Length(message)) << message;
    EXPECT_LT(message.size(), 700u);
  }
}

TEST(PeopleCsvTest, FileIsCheckedToItsEnd) {
  EXPECT_EQ(CheckFile("\xef\xbb\xbf昵称\n小明\nRita\n")->rows, 2);
  EXPECT_EQ(CheckFile("昵称\n小明\n\"Rita\n", {}, true)->rows, 2);
  EXPECT_EQ(CheckFile("\xea\xc7\xb3\xc6;\xb1\xea\xc7\xa9\n")->encoding, Encoding::kGb18030);
  EXPECT_EQ(CheckStart("昵称\n" + std::string(100'000, 'a'), false, {})->header.columns.size(), 1u);
  EXPECT_EQ(CheckStart("昵称", false, {}).error().reason, "MALFORMED_CSV");
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
