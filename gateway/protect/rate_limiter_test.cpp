#include "gateway/protect/rate_limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "platform/redis/client.h"
#include "platform/testing/redis_fixture.h"

namespace lanting::gateway {
namespace {

using Bucket = RateDecision::Bucket;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Rate kOff{};

// An answer of memory, as KeyCache makes it: each process has its own states.
EdgeKeyPtr MakeKey(const std::string& tenant = "t1", const std::string& name = "keys/1",
                   std::shared_ptr<TenantState> state = std::make_shared<TenantState>()) {
  auto key = std::make_shared<EdgeKey>();
  key->tenant_bucket = "lanting:limit:{" + tenant + "}";
  key->key_bucket = key->tenant_bucket + ":" + name;
  key->tenant_state = std::move(state);
  key->key_state = std::make_shared<KeyState>();
  return key;
}

bool Eventually(const std::function<bool()>& done) {
  for (const auto deadline = DeadlineIn(seconds(30)); Remaining(deadline).count() > 0;) {
    if (done()) return true;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return false;
}

// The answers of a limiter, delivered where it likes.
class Answers {
 public:
  RateLimiter::Done Next() {
    std::lock_guard lock(mutex_);
    ++open_;
    return [this](const RateDecision& decision) {
      std::lock_guard lock(mutex_);
      all_.push_back(decision);
      if (--open_ == 0) changed_.notify_all();
    };
  }
  std::deque<RateDecision> Wait() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, seconds(60), [this] { return open_ == 0; }));
    return std::move(all_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int open_ = 0;
  std::deque<RateDecision> all_;
};

class RateLimiterTest : public ::testing::Test {
 protected:
  static RateLimiterOptions Options(const std::string& url) {
    return {.redis_url = url, .deadline = seconds(20), .pause = milliseconds(20)};
  }
  std::unique_ptr<RateLimiter> Limiter(RateLimiterOptions options) {
    return std::make_unique<RateLimiter>(std::move(options), [](const std::function<void()>& f) { f(); });
  }
  // One that counts in Redis.
  std::unique_ptr<RateLimiter> Shared() {
    auto limiter = Limiter(Options(redis_.url()));
    EXPECT_TRUE(Eventually([&] { return limiter->shared(); }));
    return limiter;
  }
  static RateDecision Check(RateLimiter& limiter, const EdgeKeyPtr& key, const Rate& key_rate,
                            const Rate& tenant_rate) {
    Answers answers;
    limiter.Check(key, key_rate, tenant_rate, answers.Next());
    return answers.Wait().front();
  }
  redis::Reply Redis(const redis::Args& args) { return *redis_client_.Command(args); }

  testing::RedisFixture redis_;
  redis::Client redis_client_{{.url = redis_.url()}};
};

// Slow enough that nothing fills up while a slow machine runs the test.
const Rate kKeyRate = Rate::Per(3600, 60, 3), kTenantRate = Rate::Per(3600, 60, 5);

TEST_F(RateLimiterTest, TakesFromBothBucketsOrFromNone) {
  auto limiter = Shared();
  auto state = std::make_shared<TenantState>();
  auto first = MakeKey("t1", "keys/1", state), second = MakeKey("t1", "keys/2", state);
  for (int i = 0; i < 3; ++i) {
    const auto d = Check(*limiter, first, kKeyRate, kTenantRate);
    EXPECT_TRUE(d.allowed());
    EXPECT_EQ(d.key.remaining, 2 - i);
    EXPECT_EQ(d.tenant.remaining, 4 - i);
  }
  auto refused = Check(*limiter, first, kKeyRate, kTenantRate);
  EXPECT_EQ(refused.refused_by, Bucket::kKey);
  EXPECT_GT(refused.retry_us(), 50'000'000);
  EXPECT_LE(refused.retry_us(), 60'000'000);
  EXPECT_TRUE(Check(*limiter, second, kKeyRate, kTenantRate).allowed()) << "what was refused took nothing";
  EXPECT_TRUE(Check(*limiter, second, kKeyRate, kTenantRate).allowed());
  EXPECT_EQ(Check(*limiter, second, kKeyRate, kTenantRate).refused_by, Bucket::kTenant);
  EXPECT_EQ(Check(*limiter, MakeKey("t2"), kKeyRate, kTenantRate).key.remaining, 2) << "another tenant";
}

TEST_F(RateLimiterTest, OneRateAloneAndNone) {
  auto limiter = Shared();
  auto key = MakeKey();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Check(*limiter, key, kOff, kOff).allowed());
  EXPECT_EQ(Redis({"DBSIZE"}).integer, 0);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Check(*limiter, key, kOff, kTenantRate).allowed());
  EXPECT_EQ(Check(*limiter, key, kOff, kTenantRate).refused_by, Bucket::kTenant);
  EXPECT_TRUE(Check(*limiter, key, kKeyRate, kOff).allowed());
}

TEST_F(RateLimiterTest, BucketsExpireWhenTheyAreFull) {
  auto limiter = Shared();
  Check(*limiter, MakeKey(), Rate::Per(1, 10, 3), kTenantRate);
  EXPECT_EQ(Redis({"DBSIZE"}).integer, 2);
  const auto key_ttl = Redis({"PTTL", "lanting:limit:{t1}:keys/1"}).integer;
  EXPECT_GT(key_ttl, 0);
  EXPECT_LE(key_ttl, 1'101);
  EXPECT_LE(Redis({"PTTL", "lanting:limit:{t1}"}).integer, 61'001);
}

TEST_F(RateLimiterTest, TwoProcessesTogetherNeverGiveMoreThanTheLimit) {
  constexpr int kThreads = 2, kEach = 400;
  const Rate key_rate = Rate::Per(1, 150, 20), tenant_rate = Rate::Per(1, 200, 40);
  auto a = Shared(), b = Shared();
  std::array<std::atomic<int>, 2> allowed_of_key{};
  const auto started = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (RateLimiter* limiter : {a.get(), b.get()}) {
    auto state = std::make_shared<TenantState>();
    for (int k = 0; k < kThreads; ++k) {
      threads.emplace_back([&, limiter, k, key = MakeKey("t1", "keys/" + std::to_string(k), state)] {
        for (int i = 0; i < kEach; ++i)
          if (Check(*limiter, key, key_rate, tenant_rate).allowed()) ++allowed_of_key[k];
      });
    }
  }
  for (auto& thread : threads) thread.join();
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  EXPECT_TRUE(a->shared() && b->shared());
  for (const auto& allowed : allowed_of_key) EXPECT_LE(allowed, elapsed * 150 + 20);
  EXPECT_LE(allowed_of_key[0] + allowed_of_key[1], elapsed * 200 + 40);
  EXPECT_GE(allowed_of_key[0] + allowed_of_key[1], 40);
}

TEST_F(RateLimiterTest, AnswersInTheOrderOfAPipeline) {
  auto limiter = Shared();
  Answers answers;
  std::vector<EdgeKeyPtr> keys;
  for (int i = 0; i < 2'000; ++i) {
    keys.push_back(MakeKey("t" + std::to_string(i % 7), "keys/" + std::to_string(i)));
    limiter->Check(keys.back(), Rate::Per(3600, 60, 1 + i % 5), kOff, answers.Next());
  }
  const auto all = answers.Wait();
  ASSERT_EQ(all.size(), 2'000u);
  for (const auto& d : all) EXPECT_EQ(d.key.remaining, d.key_rate.burst - 1);
}

TEST_F(RateLimiterTest, WhatIsRefusedForCertainIsNotAsked) {
  auto limiter = Shared();
  auto key = MakeKey();
  for (int i = 0; i < 4; ++i) Check(*limiter, key, kKeyRate, kOff);
  RateDecision decision;
  EXPECT_TRUE(limiter->Refuses(*key, kKeyRate, kOff, &decision));
  EXPECT_EQ(decision.refused_by, Bucket::kKey);
  EXPECT_GT(decision.retry_us(), 50'000'000);
  Redis({"CONFIG", "RESETSTAT"});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Check(*limiter, key, kKeyRate, kOff).refused_by, Bucket::kKey);
  EXPECT_EQ(Redis({"INFO", "commandstats"}).text.find("evalsha"), std::string::npos);
}

TEST_F(RateLimiterTest, TheScriptIsSentAgainWhenRedisForgotIt) {
  auto limiter = Shared();
  auto key = MakeKey();
  EXPECT_TRUE(Check(*limiter, key, kKeyRate, kTenantRate).allowed());
  Redis({"SCRIPT", "FLUSH"});
  EXPECT_EQ(Check(*limiter, key, kKeyRate, kTenantRate).key.remaining, 1);
  EXPECT_TRUE(limiter->shared());
  Redis({"SCRIPT", "FLUSH"});
  Answers answers;
  std::vector<EdgeKeyPtr> keys;
  for (int i = 0; i < 100; ++i) {
    keys.push_back(MakeKey("t9", "keys/" + std::to_string(i)));
    limiter->Check(keys.back(), kKeyRate, kOff, answers.Next());
  }
  for (const auto& d : answers.Wait()) EXPECT_EQ(d.key.remaining, 2);
  EXPECT_EQ(Redis({"EXISTS", "lanting:limit:{t9}:keys/99"}).integer, 1);
}

TEST_F(RateLimiterTest, ATatFromTheFutureAndGarbageHeal) {
  auto limiter = Shared();
  const Rate rate = Rate::Per(1, 20, 2);
  Redis({"SET", "lanting:limit:{t1}:keys/1", "99999999999999999"});  // Redis' clock was ahead when it was written
  auto key = MakeKey();
  const auto d = Check(*limiter, key, rate, kOff);
  EXPECT_EQ(d.refused_by, Bucket::kKey);
  EXPECT_LE(d.retry_us(), 50'000);
  EXPECT_TRUE(Eventually([&] { return Check(*limiter, MakeKey(), rate, kOff).allowed(); }));
  Redis({"SET", "lanting:limit:{t2}:keys/1", "nonsense"});
  EXPECT_TRUE(Check(*limiter, MakeKey("t2"), rate, kOff).allowed());
}

TEST_F(RateLimiterTest, WithoutRedisFromTheStart) {
  redis_.Stop();
  auto limiter = Limiter(Options(redis_.url()));
  auto key = MakeKey();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Check(*limiter, key, kKeyRate, kTenantRate).allowed());
  EXPECT_EQ(Check(*limiter, key, kKeyRate, kTenantRate).refused_by, Bucket::kKey);
  EXPECT_FALSE(limiter->shared());
  redis_.Start();
  EXPECT_TRUE(Eventually([&] { return limiter->shared(); })) << "comes back by itself";
  EXPECT_TRUE(Check(*limiter, MakeKey("t2"), kKeyRate, kTenantRate).allowed());
  redis::Client again({.url = redis_.url()});
  EXPECT_EQ(again.Command({"EXISTS", "lanting:limit:{t2}"})->integer, 1);
}

TEST_F(RateLimiterTest, NoUrlCountsHere) {
  auto limiter = Limiter({});
  auto key = MakeKey();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Check(*limiter, key, kKeyRate, kOff).allowed());
  EXPECT_FALSE(Check(*limiter, key, kKeyRate, kOff).allowed());
}

TEST_F(RateLimiterTest, KilledUnderLoadAndBack) {
  auto limiter = Shared();
  std::atomic<bool> stop{false};
  std::atomic<int> asked{0}, answered{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, key = MakeKey("t1", "keys/" + std::to_string(t))] {
      while (!stop) {
        ++asked;
        Check(*limiter, key, Rate::Per(1, 100'000, 1'000'000), kOff);
        ++answered;
      }
    });
  }
  const auto more = [&](int n) {
    const int before = answered;
    return Eventually([&, before] { return answered > before + n; });
  };
  EXPECT_TRUE(more(100));
  redis_.Kill();
  EXPECT_TRUE(Eventually([&] { return !limiter->shared(); }));
  EXPECT_TRUE(more(100)) << "nobody waits for a dead Redis";
  redis_.Start();
  EXPECT_TRUE(Eventually([&] { return limiter->shared(); }));
  EXPECT_TRUE(more(100));
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(asked, answered);
}

TEST_F(RateLimiterTest, TheFallbackGoesOnFromWhatRedisSaid) {
  auto limiter = Shared();
  auto key = MakeKey();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Check(*limiter, key, kKeyRate, kTenantRate).allowed());
  redis_.Kill();
  EXPECT_TRUE(Check(*limiter, key, kKeyRate, kTenantRate).allowed()) << "the third of three";
  EXPECT_EQ(Check(*limiter, key, kKeyRate, kTenantRate).refused_by, Bucket::kKey) << "no second burst";
}

TEST_F(RateLimiterTest, ARedisThatHangsIsNotWaitedFor) {
  auto options = Options(redis_.url());
  options.deadline = milliseconds(50);
  options.pause = milliseconds(1);
  auto limiter = Limiter(options);
  ASSERT_TRUE(Eventually([&] { return limiter->shared(); }));
  Redis({"CLIENT", "PAUSE", "3000", "ALL"});
  auto key = MakeKey();
  EXPECT_TRUE(Eventually([&] {
    EXPECT_TRUE(Check(*limiter, key, Rate::Per(1, 100'000, 1'000'000), kOff).allowed());
    return !limiter->shared();
  }));
  EXPECT_TRUE(Eventually([&] { return limiter->shared(); }));
}

TEST_F(RateLimiterTest, AFullQueueIsCountedHere) {
  auto options = Options(redis_.url());
  options.max_queue = 2;
  auto limiter = Limiter(options);
  ASSERT_TRUE(Eventually([&] { return limiter->shared(); }));
  Answers answers;
  std::vector<EdgeKeyPtr> keys;
  for (int i = 0; i < 500; ++i) {
    keys.push_back(MakeKey("t1", "keys/" + std::to_string(i)));
    limiter->Check(keys.back(), kKeyRate, kOff, answers.Next());
  }
  for (const auto& d : answers.Wait()) EXPECT_EQ(d.key.remaining, 2);
}

TEST_F(RateLimiterTest, WhatWaitsAtTheEndIsAnswered) {
  Answers answers;
  auto key = MakeKey();
  {
    auto limiter = Shared();
    for (int i = 0; i < 200; ++i) limiter->Check(key, Rate::Per(1, 100'000, 1'000'000), kOff, answers.Next());
  }
  EXPECT_EQ(answers.Wait().size(), 200u);
}

}  // namespace
}  // namespace lanting::gateway
