#include "platform/crypto/standard_webhooks.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace lanting::crypto {
namespace {

// The vector of the reference libraries of standard-webhooks (MIT License, Copyright (c) 2023 Svix).
constexpr const char* kSecret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t kTime = 1614265330;
constexpr const char* kBody = "{\"test\": 2432232314}";
constexpr const char* kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST(StandardWebhooks, SignsAsTheReferenceLibrariesDo) {
  EXPECT_EQ(SignWebhook(kSecret, kId, kTime, kBody), kSignature);
  EXPECT_EQ(SignWebhook(std::string("whsec_") + kSecret, kId, kTime, kBody), kSignature);
}

TEST(StandardWebhooks, EveryPartCounts) {
  EXPECT_NE(SignWebhook(kSecret, "msg_other", kTime, kBody), kSignature);
  EXPECT_NE(SignWebhook(kSecret, kId, kTime + 1, kBody), kSignature);
  EXPECT_NE(SignWebhook(kSecret, kId, kTime, "{\"test\": 2432232315}"), kSignature);
  EXPECT_NE(SignWebhook(NewWebhookSecret(), kId, kTime, kBody), kSignature);
}

TEST(StandardWebhooks, SecretsAreOfTheirForm) {
  std::set<std::string> made;
  for (int i = 0; i < 100; ++i) {
    const auto secret = NewWebhookSecret();
    EXPECT_TRUE(secret.starts_with("whsec_"));
    EXPECT_EQ(secret.size(), 6u + 44u);
    EXPECT_TRUE(made.insert(secret).second);
    EXPECT_EQ(SignWebhook(secret, kId, kTime, kBody).size(), 3u + 44u);
  }
  EXPECT_THROW(SignWebhook("whsec_not base64!", kId, kTime, kBody), std::invalid_argument);
}

}  // namespace
}  // namespace lanting::crypto
