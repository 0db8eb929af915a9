#include "platform/crypto/secret_box.h"

#include <gtest/gtest.h>

#include "platform/base/strings.h"

namespace lanting::crypto {
namespace {

const std::string kKey = HexEncode("0123456789abcdef0123456789abcdef");
const std::string kOther = HexEncode("fedcba9876543210fedcba9876543210");

TEST(SecretBox, OpensWhatItSealed) {
  const auto box = SecretBox::Make(kKey).value();
  for (const std::string& secret : {std::string(), std::string("兰亭"), std::string("\0\xff", 2), RandomBytes(4096)}) {
    const auto sealed = box.Seal(secret, "webhooks/1");
    EXPECT_TRUE(sealed.starts_with(box.current()));
    EXPECT_EQ(box.Open(sealed, "webhooks/1").value(), secret);
    if (secret.size() > 4) {
      EXPECT_EQ(sealed.find(secret), sealed.npos);
    }
  }
  EXPECT_NE(box.Seal("same", ""), box.Seal("same", "")) << "each has a nonce of its own";
}

TEST(SecretBox, RefusesWhatWasChangedMovedOrCut) {
  const auto box = SecretBox::Make(kKey).value();
  const auto sealed = box.Seal("流觞曲水", "tenant a");
  EXPECT_EQ(box.Open(sealed, "tenant b").error().reason, "SECRET_UNREADABLE");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(box.Open(changed, "tenant a").ok()) << i;
    EXPECT_FALSE(box.Open(sealed.substr(0, i), "tenant a").ok()) << i;
  }
}

TEST(SecretBox, AnOldKeyOpensAndTheNewOneSeals) {
  const auto before = SecretBox::Make(kOther).value();
  const auto sealed = before.Seal("secret", "");
  EXPECT_EQ(SecretBox::Make(kKey)->Open(sealed, "").error().code, Code::kDataLoss);
  const auto both = SecretBox::Make(kKey, " " + kOther + ", ").value();
  EXPECT_EQ(both.Open(sealed, "").value(), "secret");
  EXPECT_FALSE(sealed.starts_with(both.current()));
  EXPECT_EQ(SecretBox::Make(kKey)->Open(both.Seal("secret", ""), "").value(), "secret");
}

TEST(SecretBox, KeysAreHexOrBase64OfThirtyTwoBytes) {
  const auto sealed = SecretBox::Make(kKey)->Seal("x", "");
  for (const char* same :
       {"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"})
    EXPECT_EQ(SecretBox::Make(same)->Open(sealed, "").value(), "x") << same;
  for (const std::string& bad :
       {std::string(), std::string("secret"), kKey.substr(2), kKey + "00", kKey + " x", std::string("=")}) {
    const auto refused = SecretBox::Make(bad);
    ASSERT_FALSE(refused.ok()) << bad;
    if (bad.empty()) continue;
    EXPECT_EQ(refused.error().message.find(bad), std::string::npos);
    EXPECT_FALSE(SecretBox::Make(kKey, bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace lanting::crypto
