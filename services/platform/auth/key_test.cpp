#include "platform/auth/key.h"

#include <gtest/gtest.h>

#include <set>

#include "platform/base/strings.h"

namespace lanting::auth {
namespace {

TEST(Key, WhatIsGeneratedParses) {
  Id tenant = Id::New();
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    auto text = GenerateKey(tenant);
    EXPECT_EQ(text.size(), 69u);
    EXPECT_TRUE(text.starts_with("lt_" + tenant.ToString() + "_"));
    auto parsed = ParseKey(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->tenant, tenant);
    EXPECT_EQ(parsed->secret_hash, Sha256(text));
    EXPECT_EQ(parsed->text, text);
    seen.insert(text);
  }
  EXPECT_EQ(seen.size(), 200u);
}

TEST(Key, ChecksumIsTheCrc32OfTheRest) {
  // Worked out with zlib: crc32 = 0x472c6c9.
  const std::string text = "lt_01jbkw6n7h8q9a1b2c3d4e5f6g_0123456789abcdefghjkmnpqrstvwxyz";
  auto parsed = ParseKey(text + "0275hp9");
  ASSERT_TRUE(parsed);
}

TEST(Key, EverySingleWrongCharacterIsRefused) {
  auto text = GenerateKey(Id::New());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto wrong = text;
    wrong[i] = wrong[i] == '7' ? '8' : '7';
    EXPECT_FALSE(ParseKey(wrong)) << i;
  }
  EXPECT_FALSE(ParseKey(""));
  EXPECT_FALSE(ParseKey("lt_"));
  EXPECT_FALSE(ParseKey(text + "0"));
  EXPECT_FALSE(ParseKey(text.substr(0, 68)));
  EXPECT_FALSE(ParseKey(" " + text));
  EXPECT_FALSE(ParseKey("钥匙"));
  auto upper = text;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_FALSE(ParseKey(upper));
  EXPECT_FALSE(ParseKey(GenerateKey(Id()))) << "the nil tenant is the operator's, who has no such key";
}

TEST(Key, ConstantTimeEquals) {
  EXPECT_TRUE(ConstantTimeEquals("", ""));
  EXPECT_TRUE(ConstantTimeEquals("secret", "secret"));
  EXPECT_FALSE(ConstantTimeEquals("secret", "secreT"));
  EXPECT_FALSE(ConstantTimeEquals("secret", "secret2"));
}

TEST(BearerCredential, TheSchemeHasNoCaseAndSpaceAroundIsNotPartOfTheKey) {
  for (const char* header : {"Bearer lt_k", "bearer lt_k", "BEARER lt_k", "bEaReR   lt_k \t", " Bearer lt_k"})
    EXPECT_EQ(BearerCredential(header), "lt_k") << header;
  for (const char* header : {"", "Bearer", "Bearer ", "Bearerlt_k", "Basic lt_k", "lt_k", "Bearer\tlt_k"})
    EXPECT_EQ(BearerCredential(header), "") << header;
}

}  // namespace
}  // namespace lanting::auth
