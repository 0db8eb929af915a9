#include "gateway/protect/gcra.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace lanting::gateway {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

TEST(Gcra, ABurstThenTheRate) {
  const Rate rate = Rate::Per(1, 10, 5);
  std::int64_t tat = 0, now = 1'000 * kSecond;
  for (int i = 0; i < 5; ++i) {
    const Level level = Look(tat, now, rate);
    ASSERT_TRUE(level.allowed) << i;
    EXPECT_EQ(level.remaining, 4 - i);
    EXPECT_EQ(level.reset_us, (i + 1) * 100'000);
    tat = Taken(level, now);
  }
  Level level = Look(tat, now, rate);
  EXPECT_FALSE(level.allowed);
  EXPECT_EQ(level.remaining, 0);
  EXPECT_EQ(level.retry_us, 100'000);
  EXPECT_EQ(level.reset_us, 500'000);
  EXPECT_FALSE(Look(tat, now + 99'999, rate).allowed);
  EXPECT_TRUE(Look(tat, now + 100'000, rate).allowed);
  EXPECT_EQ(Look(tat, now + 3'600 * kSecond, rate).remaining, 4) << "no more than the burst, however long the rest";
}

TEST(Gcra, NeverMoreThanRateAndBurstInAnyWindow) {
  std::mt19937 random(7);
  for (const Rate& rate :
       {Rate::Per(1, 7, 1), Rate::Per(1, 100, 200), Rate::Per(60, 20, 20), Rate::Per(1, 99'999, 3)}) {
    std::int64_t tat = 0, now = 5 * kSecond;
    std::vector<std::int64_t> taken;
    for (int i = 0; i < 20'000; ++i) {
      now += std::uniform_int_distribution<std::int64_t>(0, rate.interval_us)(random);
      const Level level = Look(tat, now, rate);
      if (!level.allowed) continue;
      tat = Taken(level, now);
      taken.push_back(now);
    }
    // Any burst + n requests take the time of n intervals.
    for (std::size_t i = 0, n = 5; i + rate.burst + n < taken.size(); ++i)
      ASSERT_GE(taken[i + rate.burst + n - 1] - taken[i], rate.interval_us * static_cast<std::int64_t>(n - 1)) << i;
    const double seconds = static_cast<double>(taken.back() - taken.front()) / kSecond;
    EXPECT_LE(taken.size(), seconds * rate.quota / rate.window_s + rate.burst + 1);
    EXPECT_GE(taken.size(), seconds * rate.quota / rate.window_s * 0.45) << "and nearly all of it is given";
  }
}

TEST(Gcra, AClockThatWentBackCostsOneBucketAtMost) {
  const Rate rate = Rate::Per(1, 10, 5);
  const std::int64_t now = 1'000 * kSecond, from_the_future = now + 86'400 * kSecond;
  const Level level = Look(from_the_future, now, rate);
  EXPECT_FALSE(level.allowed);
  EXPECT_EQ(level.retry_us, 100'000);
  EXPECT_EQ(level.reset_us, 500'000);
  EXPECT_TRUE(Look(PutRight(from_the_future, now, rate), now + 100'000, rate).allowed);
}

TEST(Gcra, TheIntervalIsNeverTooShort) {
  EXPECT_EQ(Rate::Per(1, 700, 1).interval_us, 1'429);
  EXPECT_EQ(Rate::Per(60, 20, 1).interval_us, 3 * kSecond);
  EXPECT_TRUE(Rate::Per(1, 0, 10).off());
  EXPECT_EQ(Rate::Per(1, 5, 0).burst, 1);
}

}  // namespace
}  // namespace lanting::gateway
