#include "gateway/protect/failed_auth.h"

#include <gtest/gtest.h>

namespace lanting::gateway {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

IpAddress Address(const std::string& text) { return *IpAddress::Parse(text); }

TEST(FailedAuthTest, ABurstThenTheRate) {
  FailedAuth failed(Rate::Per(60, 20, 20));
  const auto guesser = Address("203.0.113.9"), other = Address("203.0.113.10");
  std::int64_t now = 77 * kSecond;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(failed.RetryAfter(guesser, now), 0) << i;
    failed.Failed(guesser, now);
  }
  EXPECT_EQ(failed.RetryAfter(guesser, now), 3 * kSecond);
  EXPECT_EQ(failed.RetryAfter(other, now), 0);
  now += 3 * kSecond;
  EXPECT_EQ(failed.RetryAfter(guesser, now), 0);
  failed.Failed(guesser, now);
  EXPECT_EQ(failed.RetryAfter(guesser, now), 3 * kSecond);
}

TEST(FailedAuthTest, GuessesUnderWayAtOnceArePaidFor) {
  FailedAuth failed(Rate::Per(60, 60, 20));
  const auto guesser = Address("203.0.113.9");
  for (int i = 0; i < 500; ++i) failed.Failed(guesser, 0);
  EXPECT_EQ(failed.RetryAfter(guesser, 0), 481 * kSecond);
  for (int i = 0; i < 100'000; ++i) failed.Failed(guesser, 0);
  EXPECT_LE(failed.RetryAfter(guesser, 0), 3'601 * kSecond) << "an hour at most";
}

TEST(FailedAuthTest, MemoryIsBounded) {
  FailedAuth failed(Rate::Per(60, 1, 1), 160);
  for (int i = 0; i < 10'000; ++i)
    failed.Failed(Address("10." + std::to_string(i / 65536) + "." + std::to_string(i / 256 % 256) + "." +
                          std::to_string(i % 256)),
                  i);
  EXPECT_EQ(failed.RetryAfter(Address("10.0.0.0"), 10'000), 0) << "forgotten";
  EXPECT_GT(failed.RetryAfter(Address("10.0.39.15"), 10'000), 0);
}

TEST(FailedAuthTest, Off) {
  FailedAuth failed(Rate::Per(60, 0, 20));
  for (int i = 0; i < 100; ++i) failed.Failed(Address("203.0.113.9"), 0);
  EXPECT_EQ(failed.RetryAfter(Address("203.0.113.9"), 0), 0);
}

}  // namespace
}  // namespace lanting::gateway
