#include "platform/obs/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

namespace lanting::obs {
namespace {

using ::testing::MatchesRegex;

// The lines that `f` writes to stderr, each parsed by a strict JSON reader.
template <typename F>
std::vector<boost::json::object> Logged(F f) {
  testing::internal::CaptureStderr();
  f();
  std::istringstream text(testing::internal::GetCapturedStderr());
  std::vector<boost::json::object> lines;
  for (std::string line; std::getline(text, line);) {
    boost::system::error_code error;
    auto value = boost::json::parse(line, error);
    EXPECT_FALSE(error) << line;
    if (!error) lines.push_back(value.as_object());
  }
  return lines;
}

std::string Text(const boost::json::object& line, const char* key) { return line.at(key).as_string().c_str(); }

TEST(LogTest, ALineIsOneJsonObjectWithItsFields) {
  auto lines = Logged([] {
    InitLog("membership", "info");
    Info("import finished", {{"tenant", "01h"}, {"rows", "10000"}});
  });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(Text(lines[0], "time"), MatchesRegex("[0-9-]+T[0-9:]+\\.[0-9]+Z"));
  EXPECT_EQ(Text(lines[0], "time").size(), 27u);
  EXPECT_EQ(Text(lines[0], "level"), "info");
  EXPECT_EQ(Text(lines[0], "service"), "membership");
  EXPECT_EQ(Text(lines[0], "msg"), "import finished");
  EXPECT_EQ(Text(lines[0], "tenant"), "01h");
  EXPECT_EQ(Text(lines[0], "rows"), "10000");
}

TEST(LogTest, WhateverTheTextTheLineIsValidJsonAndSaysTheSame) {
  for (const std::string& text : {std::string("晨跑团 🏃 say \"hi\"\\"), std::string("two\nlines\r\n\ttabbed"),
                                  std::string("\x01\x1f\x7f"), std::string("nul\0inside", 10)}) {
    auto lines = Logged([&] { Info(text, {{"value", text}}); });
    ASSERT_EQ(lines.size(), 1u);
    const auto& value = lines[0].at("value").as_string();
    EXPECT_EQ(std::string(value.data(), value.size()), text);
  }
}

TEST(LogTest, AFieldWithoutAValueIsLeftOut) {
  auto lines = Logged([] { Info("request", {{"tenant", ""}, {"status", "200"}}); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_FALSE(lines[0].contains("tenant"));
  EXPECT_EQ(Text(lines[0], "status"), "200");
}

TEST(LogTest, BytesThatAreNotUtf8AreReplaced) {
  auto lines = Logged([] { Info("bad", {{"value", "a\xff\xe4\xb8z\xed\xa0\x80"}}); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(Text(lines[0], "value"), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(LogTest, ALongValueIsCutWithoutBreakingACharacter) {
  std::string text;
  while (text.size() < 10'000) text += "群";
  auto lines = Logged([&] { Info("long", {{"value", text}}); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LE(lines[0].at("value").as_string().size(), 4100u);
}

TEST(LogTest, TheLevelBoundsWhatIsWritten) {
  auto lines = Logged([] {
    InitLog("membership", "warn");
    Debug("one");
    Info("two");
    Warn("three");
    LogError("four");
    InitLog("membership", "info");
  });
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(Text(lines[0], "level"), "warn");
  EXPECT_EQ(Text(lines[1], "level"), "error");
}

TEST(LogTest, ThreadsDoNotMixTheirLines) {
  auto lines = Logged([] {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 200; ++i) Info("joined", {{"member", std::string(300, 'm')}});
      });
    }
    for (auto& thread : threads) thread.join();
  });
  EXPECT_EQ(lines.size(), 800u);
}

}  // namespace
}  // namespace lanting::obs
