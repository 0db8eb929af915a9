#include "membership/domain/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace lanting::membership::csv {
namespace {

using ::testing::ElementsAre;
using Rows = std::vector<std::vector<std::string>>;

Rows ReadAll(std::string_view text, std::vector<int>* lines = nullptr, std::optional<Fault>* fault = nullptr) {
  Rows rows;
  Reader reader(text);
  Row row;
  while (reader.Next(row)) {
    rows.push_back(row.fields);
    if (lines) lines->push_back(row.line);
  }
  if (fault) *fault = reader.fault();
  return rows;
}

TEST(CsvTest, ReadsWhatSpreadsheetsWrite) {
  std::vector<int> lines;
  auto rows =
      ReadAll("\xef\xbb\xbf昵称,渠道\r\n\"小明, 深圳\",wecom\r\n\r\n\"说\"\"你好\"\"\",\"两\n行\"\r\nRita,", &lines);
  EXPECT_EQ(rows, (Rows{{"昵称", "渠道"}, {"小明, 深圳", "wecom"}, {"说\"你好\"", "两\n行"}, {"Rita", ""}}));
  EXPECT_THAT(lines, ElementsAre(1, 2, 4, 6));
}

TEST(CsvTest, QuoteInsideAnUnquotedFieldIsText) { EXPECT_EQ(ReadAll("5\" disk,b\n"), (Rows{{"5\" disk", "b"}})); }

TEST(CsvTest, EmptyFilesAndLoneEnds) {
  EXPECT_EQ(ReadAll(""), Rows{});
  EXPECT_EQ(ReadAll("\n\r\n\n"), Rows{});
  EXPECT_EQ(ReadAll("a\r"), (Rows{{"a"}}));
  EXPECT_EQ(ReadAll(","), (Rows{{"", ""}}));
  EXPECT_EQ(ReadAll("\"\""), (Rows{{""}}));
}

TEST(CsvTest, TellsWhereItCannotGoOn) {
  std::optional<Fault> fault;
  EXPECT_EQ(ReadAll("a,b\nc,\"d\ne\n", nullptr, &fault).size(), 1u);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->line, 2);
  EXPECT_EQ(ReadAll("a\n\"b\nb\"x,c\n", nullptr, &fault).size(), 1u);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->line, 3);
}

TEST(CsvTest, ARowHasABoundedNumberOfFields) {
  std::optional<Fault> fault;
  EXPECT_EQ(ReadAll(std::string(kMaxFields - 1, ','), nullptr, &fault).at(0).size(), kMaxFields);
  EXPECT_FALSE(fault);
  EXPECT_EQ(ReadAll("昵称\n" + std::string(16 * 1024 * 1024, ','), nullptr, &fault).size(), 1u);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->line, 2);
}

std::string Write(const Rows& rows) {
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i) out += ',';
      out += '"';
      for (char c : row[i]) out += c == '"' ? std::string("\"\"") : std::string(1, c);
      out += '"';
    }
    out += "\r\n";
  }
  return out;
}

TEST(CsvTest, WhatIsQuotedComesBackAndAnyBytesAreSurvived) {
  std::mt19937 random(7);
  const std::string_view alphabet = ",\"\r\n ab\xe5\x85\xb0";
  for (int i = 0; i < 3000; ++i) {
    Rows rows(1 + random() % 4);
    std::string junk;
    for (auto& row : rows) {
      row.resize(1 + random() % 4);
      for (auto& field : row) {
        for (auto n = random() % 6; n > 0; --n) field += alphabet[random() % alphabet.size()];
        junk += field;
      }
    }
    EXPECT_EQ(ReadAll(Write(rows)), rows);
    ReadAll(junk);
  }
}

}  // namespace
}  // namespace lanting::membership::csv
