#include "membership/domain/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace lanting::membership::csv {
namespace {

using ::testing::ElementsAre;
using Rows = std::vector<std::vector<std::string>>;

// `separator`: not to be guessed.
Rows ReadAll(std::string_view text, std::vector<int>* lines = nullptr, std::optional<Fault>* fault = nullptr,
             char separator = 0) {
  Rows rows;
  const std::string head = separator == 0 ? "" : std::string(50, separator) + "\n";
  Reader reader(head + std::string(text));
  Row row;
  if (separator != 0) reader.Next(row);
  while (reader.Next(row) == Reader::Step::kRow) {
    rows.push_back(row.fields);
    if (lines) lines->push_back(row.line);
  }
  if (fault) *fault = reader.fault();
  return rows;
}

TEST(CsvTest, ReadsWhatSpreadsheetsWrite) {
  std::vector<int> lines;
  auto rows = ReadAll("昵称,渠道\r\n\"小明, 深圳\",wecom\r\n\r\n\"说\"\"你好\"\"\",\"两\n行\"\r\nRita,", &lines);
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

TEST(CsvTest, ARowHasABoundedLength) {
  std::optional<Fault> fault;
  const std::string longest(kMaxRowBytes - 1, 'a');
  EXPECT_EQ(ReadAll("昵称\n" + longest + "\n", nullptr, &fault).size(), 2u);
  EXPECT_FALSE(fault);
  EXPECT_EQ(ReadAll("昵称\n\"" + longest + "\"\n", nullptr, &fault).size(), 1u);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->line, 2);
  // A quote that is never closed is noticed long before the end.
  Reader reader;
  Row row;
  reader.Feed("昵称\n\"小明\n");
  ASSERT_EQ(reader.Next(row), Reader::Step::kRow);
  ASSERT_EQ(reader.Next(row), Reader::Step::kMore);
  int fed = 0;
  while (reader.Next(row) == Reader::Step::kMore && ++fed < 10'000) reader.Feed(std::string(1000, 'b') + "\n");
  EXPECT_LT(fed, 1100);
  ASSERT_TRUE(reader.fault());
  EXPECT_EQ(reader.fault()->line, 2);
}

TEST(CsvTest, TheSeparatorIsTheOneOfTheFirstRow) {
  EXPECT_EQ(ReadAll("a;b\nc;\"d;e\"\n"), (Rows{{"a", "b"}, {"c", "d;e"}}));
  EXPECT_EQ(ReadAll("a\tb\nc,d\te\n"), (Rows{{"a", "b"}, {"c,d", "e"}}));
  EXPECT_EQ(ReadAll("\n\"x;y;z\",b\nc,d\n"), (Rows{{"x;y;z", "b"}, {"c", "d"}}));
  EXPECT_EQ(ReadAll("昵称\na;b\n"), (Rows{{"昵称"}, {"a;b"}}));
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
    EXPECT_EQ(ReadAll("a,b\r\n" + Write(rows)).size(), rows.size() + 1);
    EXPECT_EQ(ReadAll(Write(rows), nullptr, nullptr, ','), rows);
    ReadAll(junk);
  }
}

// Everything a reader says of a file, as text.
std::string Told(Reader& reader, const std::function<bool()>& feed) {
  std::string told;
  for (Row row;;) {
    const auto step = reader.Next(row);
    if (step == Reader::Step::kEnd) break;
    if (step == Reader::Step::kMore) {
      if (!feed()) reader.End();
      continue;
    }
    told += std::to_string(row.line);
    for (std::size_t i = 0; i < row.fields.size(); ++i) told += (row.quoted[i] ? "q[" : "[") + row.fields[i] + "]";
    told += '|';
  }
  if (reader.fault()) told += std::to_string(reader.fault()->line) + reader.fault()->message;
  return told;
}

TEST(CsvTest, HowTheFileIsCutIntoPiecesDoesNotMatter) {
  std::mt19937 random(353);
  const std::string_view alphabet = ",,;\t\"\"\r\n\nab\xe5\x85\xb0";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto n = random() % 60; n > 0; --n) text += alphabet[random() % alphabet.size()];
    Reader whole(text);
    const auto expected = Told(whole, [] { return false; });
    Reader pieces;
    std::size_t at = 0;
    const auto longest = 1 + random() % 8;
    const auto told = Told(pieces, [&] {
      if (at == text.size()) return false;
      const auto n = std::min<std::size_t>(1 + random() % longest, text.size() - at);
      pieces.Feed(std::string_view(text).substr(at, n));
      at += n;
      return true;
    });
    ASSERT_EQ(told, expected) << ::testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace lanting::membership::csv
