#include "platform/base/strings.h"

#include <gtest/gtest.h>

#include <set>

namespace lanting {
namespace {

TEST(Utf8LengthTest, CountsCodePointsAndRefusesMalformed) {
  EXPECT_EQ(Utf8Length(""), 0u);
  EXPECT_EQ(Utf8Length("兰亭 Lanting 🎉"), 12u);
  for (std::string_view bad : {"\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                               "\xf0\x82\x82\xac", "\xff", "\xe5\x85", "a\xc3"}) {
    EXPECT_EQ(Utf8Length(bad), std::nullopt);
  }
}

TEST(Base64UrlTest, RoundTripsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    auto text = Base64UrlEncode(bytes);
    EXPECT_EQ(text.find_first_of("+/="), std::string::npos);
    EXPECT_EQ(Base64UrlDecode(text), bytes);
    bytes.push_back(static_cast<char>(i * 7));
  }
}

TEST(Base64UrlTest, IsStrict) {
  for (std::string_view bad : {"A", "AA=", "AB", "A+", "A/", "A A"})
    EXPECT_EQ(Base64UrlDecode(bad), std::nullopt) << bad;
}

TEST(Sha256Test, KnownVector) {
  EXPECT_EQ(HexEncode(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(StringsTest, SmallThings) {
  EXPECT_EQ(ToLowerCamel("accepted_rules_version"), "acceptedRulesVersion");
  EXPECT_EQ(Trim(" \t a b \n"), "a b");
  EXPECT_EQ(Split("a,,b", ',').size(), 3u);
}

TEST(RandomTest, IdsDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string bytes = RandomIdBytes(static_cast<std::size_t>(8 + i % 9));
    EXPECT_EQ(bytes.size(), static_cast<std::size_t>(8 + i % 9));
    EXPECT_TRUE(seen.insert(bytes.substr(0, 8)).second);
  }
  EXPECT_EQ(RandomIdBytes(5000).size(), 5000u);
  EXPECT_EQ(RandomIdBytes(0), "");
}

}  // namespace
}  // namespace lanting
