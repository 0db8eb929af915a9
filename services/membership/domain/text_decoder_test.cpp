#include "membership/domain/text_decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

using namespace std::string_literals;

// `piece`: bytes at a time, 0: at once.
std::string Decode(const std::string& bytes, Encoding encoding = Encoding::kAuto, Encoding* found = nullptr,
                   std::size_t piece = 0) {
  TextDecoder decoder(encoding);
  std::string out;
  if (piece == 0) piece = std::max<std::size_t>(bytes.size(), 1);
  for (std::size_t at = 0; at < bytes.size(); at += piece) decoder.Feed(std::string_view(bytes).substr(at, piece), out);
  decoder.End(out);
  if (found) *found = decoder.encoding();
  return out;
}

const std::string kOrchid = "\xc0\xbc\xcd\xa4,\xca\xe9\xd3\xd1\n";  // 兰亭,书友 in GBK

TEST(TextDecoderTest, FindsTheEncoding) {
  const struct {
    std::string bytes, text;
    Encoding found;
  } cases[] = {
      {"a,b\n", "a,b\n", Encoding::kAuto},
      {"", "", Encoding::kAuto},
      {"兰亭,书友\n", "兰亭,书友\n", Encoding::kUtf8},
      {"\xef\xbb\xbf"
       "a\n",
       "a\n", Encoding::kUtf8},
      {kOrchid, "兰亭,书友\n", Encoding::kGb18030},
      {"a;b\n" + kOrchid, "a;b\n兰亭,书友\n", Encoding::kGb18030},
      {"\x81\x30\x81\x30" + kOrchid, "\xc2\x80兰亭,书友\n", Encoding::kGb18030},
      {"\xff\xfe\x70\x51\x2c\0\x3d\xd8\x2e\xdc\x0a\0"s, "兰,🐮\n"s.replace(4, 4, "\xf0\x9f\x90\xae"), Encoding::kUtf16},
      {"\xfe\xff\x51\x70\0\x0a"s, "兰\n", Encoding::kUtf16},
      // A broken row makes no other file of it; neither does a byte that is of no encoding.
      {"昵称,渠道\n小明,qq\n\xd0\xd0,qq\n", "昵称,渠道\n小明,qq\n\xd0\xd0,qq\n", Encoding::kUtf8},
      {kOrchid + "\xff,a\n" + kOrchid, "兰亭,书友\n\xff,a\n兰亭,书友\n", Encoding::kGb18030},
      {"caf\xe9,\n", "caf\xe9,\n", Encoding::kUtf8},
  };
  for (const auto& c : cases) {
    Encoding found{};
    EXPECT_EQ(Decode(c.bytes, Encoding::kAuto, &found), c.text);
    EXPECT_EQ(found, c.found) << c.text;
  }
}

TEST(TextDecoderTest, TheCallerMayKnowBetter) {
  EXPECT_EQ(Decode("\xc4\xe3", Encoding::kGb18030), "你");
  EXPECT_EQ(Decode("\x60\x4f", Encoding::kUtf16), "你");  // without a mark: little endian
  EXPECT_EQ(Decode(kOrchid, Encoding::kUtf8), kOrchid);
  EXPECT_FALSE(Utf8Length(Decode("\x60\x4f\0"s, Encoding::kUtf16)));      // half a character at the end
  EXPECT_FALSE(Utf8Length(Decode("\0\xd8\x60\x4f"s, Encoding::kUtf16)));  // half a pair
  EXPECT_FALSE(Utf8Length(Decode("\xc0\xbc\xcd", Encoding::kGb18030)));
}

TEST(TextDecoderTest, LongFilesAreDecidedByTheirFirstCharacters) {
  std::string ascii(300'000, 'a');
  Encoding found{};
  EXPECT_EQ(Decode(ascii + kOrchid, Encoding::kAuto, &found, 1000), ascii + "兰亭,书友\n");
  EXPECT_EQ(found, Encoding::kGb18030);
  std::string poems;
  for (int i = 0; i < 20'000; ++i) poems += kOrchid;
  EXPECT_EQ(Decode(poems, Encoding::kAuto, &found, 4096).size(), 20'000 * 14u);
  EXPECT_EQ(found, Encoding::kGb18030);
}

TEST(TextDecoderTest, AnyBytesInAnyPiecesAreSurvivedAndSayTheSame) {
  std::mt19937 random(353);
  const std::vector<std::string> parts = {"兰",   "a",    ",",        "\n",  "\"",   "\xc0\xbc",
                                          "\xff", "\xfe", "\x81\x30", "\0"s, "\xe5", "🐮"};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes;
    for (auto n = random() % 30; n > 0; --n)
      bytes += random() % 4 == 0 ? std::string(1, static_cast<char>(random())) : parts[random() % parts.size()];
    for (auto encoding : {Encoding::kAuto, Encoding::kUtf8, Encoding::kUtf16, Encoding::kGb18030}) {
      ASSERT_EQ(Decode(bytes, encoding, nullptr, 1 + random() % 5), Decode(bytes, encoding)) << HexEncode(bytes);
    }
  }
}

}  // namespace
}  // namespace lanting::membership
