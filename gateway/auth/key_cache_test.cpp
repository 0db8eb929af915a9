#include "gateway/auth/key_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "lanting/membership/v1/tenant_service.pb.h"

namespace lanting::gateway {
namespace {

namespace pb = membership::v1;
using std::chrono::minutes;
using std::chrono::seconds;

class HandClock : public Clock {
 public:
  Time now = Time(seconds(1'790'000'000));
  Time Now() const override { return now; }
};

// Membership, as far as it is asked; answers when told to.
class FakeMembership {
 public:
  std::map<std::string, pb::IntrospectKeyResponse> keys;
  std::optional<Error> broken;
  bool hold = false;  // answers wait for Release
  std::atomic<int> asked{0};

  Introspect Door() {
    return [this](std::string request, std::function<void(Result<std::string>)> done) {
      ++asked;
      pb::IntrospectKeyRequest parsed;
      ASSERT_TRUE(parsed.ParseFromString(request));
      held_.push_back([this, secret = parsed.secret(), done = std::move(done)] {
        if (broken) return done(*broken);
        auto it = keys.find(secret);
        done((it == keys.end() ? pb::IntrospectKeyResponse() : it->second).SerializeAsString());
      });
      if (!hold) Release();
    };
  }
  void Release() {
    for (auto held = std::move(held_); auto& answer : held) answer();
  }

 private:
  std::vector<std::function<void()>> held_;
};

class KeyCacheTest : public ::testing::Test {
 protected:
  KeyCacheTest() {
    Know(key_, "keys/1");
    Make({});
  }
  void Make(KeyCacheOptions options) {
    options.clock = &clock_;
    options.steady = [this] { return steady_; };
    cache_ = std::make_unique<KeyCache>(
        membership_.Door(), [](const std::function<void()>& f) { f(); }, options);
  }
  pb::IntrospectKeyResponse& Know(const std::string& key, const std::string& name) {
    auto& known = membership_.keys[key];
    known.set_active(true);
    known.set_tenant("tenants/" + auth::ParseKey(key)->tenant.ToString());
    known.set_key(name);
    known.add_scopes("members.*");
    return known;
  }
  // Of an answer that has come: "keys/1" or the reason; else "waiting".
  std::string Ask(const std::string& key) {
    auto said = std::make_shared<std::string>("waiting");
    cache_->Lookup(*auth::ParseKey(key), [said](KeyCache::Answer answer) {
      *said = answer.ok() ? (*answer)->principal.subject : answer.error().reason;
    });
    answers_.push_back(said);
    return *said;
  }
  EdgeKeyPtr Get(const std::string& key) {
    EdgeKeyPtr got;
    cache_->Lookup(*auth::ParseKey(key), [&](KeyCache::Answer answer) { got = *answer; });
    return got;
  }
  void Pass(std::chrono::milliseconds time) {
    steady_ += time;
    clock_.now += time;
  }

  Id tenant_ = Id::New();
  std::string key_ = auth::GenerateKey(tenant_);
  HandClock clock_;
  Deadline steady_ = std::chrono::steady_clock::now();
  FakeMembership membership_;
  std::unique_ptr<KeyCache> cache_;
  std::vector<std::shared_ptr<std::string>> answers_;
};

TEST_F(KeyCacheTest, AnAcceptedKeyIsServedFromMemory) {
  auto& known = membership_.keys[key_];
  known.mutable_limits()->set_tenant_per_second(7);
  known.mutable_limits()->set_max_in_flight(0);
  known.add_cors_allowed_origins("https://app.example.com");
  auto key = Get(key_);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->principal.tenant, tenant_);
  EXPECT_TRUE(key->principal.Has("members.read"));
  EXPECT_EQ(key->limits.tenant_per_second, 7);
  EXPECT_EQ(key->limits.max_in_flight, 0);
  EXPECT_FALSE(key->limits.key_burst);
  EXPECT_EQ(key->origins, std::vector<std::string>{"https://app.example.com"});
  EXPECT_EQ(key->tenant_bucket, "lanting:limit:{" + tenant_.ToString() + "}");
  EXPECT_EQ(key->key_bucket, key->tenant_bucket + ":keys/1");
  EXPECT_EQ(Ask(key_), "keys/1");
  EXPECT_EQ(membership_.asked, 1);
}

TEST_F(KeyCacheTest, ARevocationIsEffectiveAfterTenSecondsAtMost) {
  EXPECT_EQ(Ask(key_), "keys/1");
  membership_.keys.clear();
  Pass(seconds(7));
  EXPECT_EQ(Ask(key_), "keys/1");
  EXPECT_EQ(membership_.asked, 1);
  Pass(seconds(3));
  EXPECT_EQ(Ask(key_), "UNAUTHENTICATED");
}

TEST_F(KeyCacheTest, AKeyInUseIsAskedForAheadOfTime) {
  EXPECT_EQ(Ask(key_), "keys/1");
  Pass(seconds(8));
  membership_.hold = true;
  EXPECT_EQ(Ask(key_), "keys/1") << "nobody waits";
  EXPECT_EQ(Ask(key_), "keys/1");
  EXPECT_EQ(membership_.asked, 2) << "asked once";
  membership_.Release();
  Pass(seconds(7));
  EXPECT_EQ(Ask(key_), "keys/1") << "15 s after the first answer, 7 s after the second";
  EXPECT_EQ(membership_.asked, 2);
  Pass(seconds(3));
  EXPECT_EQ(Ask(key_), "waiting") << "an answer must come, or a revoked key would live on";
}

TEST_F(KeyCacheTest, AnUnknownKeyIsRememberedForTwoSeconds) {
  const auto unknown = auth::GenerateKey(tenant_);
  EXPECT_EQ(Ask(unknown), "UNAUTHENTICATED");
  EXPECT_EQ(Ask(unknown), "UNAUTHENTICATED");
  EXPECT_EQ(membership_.asked, 1);
  Know(unknown, "keys/2");
  Pass(seconds(2));
  EXPECT_EQ(Ask(unknown), "keys/2");
}

TEST_F(KeyCacheTest, OneQuestionForAllWhoWait) {
  membership_.hold = true;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Ask(key_), "waiting");
  EXPECT_FALSE(cache_->Recall(*auth::ParseKey(key_)));
  EXPECT_EQ(membership_.asked, 1);
  membership_.Release();
  for (const auto& said : answers_) EXPECT_EQ(*said, "keys/1");
  EXPECT_TRUE(cache_->Recall(*auth::ParseKey(key_)));
}

TEST_F(KeyCacheTest, QuestionsAtOnceAreBounded) {
  Make({.max_lookups = 3});
  membership_.hold = true;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask(auth::GenerateKey(tenant_)), "waiting");
  EXPECT_EQ(Ask(auth::GenerateKey(tenant_)), "OVERLOADED");
  EXPECT_EQ(membership_.asked, 3);
  membership_.Release();
  membership_.hold = false;
  EXPECT_EQ(Ask(key_), "keys/1");
}

TEST_F(KeyCacheTest, AnAcceptedKeyOutlivesMembershipForFiveMinutes) {
  EXPECT_EQ(Ask(key_), "keys/1");
  membership_.broken = errors::DependencyUnavailable("membership", "down");
  Pass(seconds(11));
  EXPECT_EQ(Ask(key_), "keys/1");
  const int asked = membership_.asked;
  EXPECT_EQ(Ask(key_), "keys/1");
  EXPECT_EQ(membership_.asked, asked) << "once a second, not by every call";
  EXPECT_EQ(Ask(auth::GenerateKey(tenant_)), "DEPENDENCY_UNAVAILABLE") << "nobody knows";
  membership_.hold = true;
  Pass(minutes(3));
  EXPECT_EQ(Ask(key_), "keys/1") << "and nobody waits for it";
  membership_.Release();
  Pass(minutes(2));
  EXPECT_EQ(Ask(key_), "waiting");
  membership_.Release();
  EXPECT_EQ(*answers_.back(), "DEPENDENCY_UNAVAILABLE");
  membership_.broken.reset();
  membership_.hold = false;
  EXPECT_EQ(Ask(key_), "keys/1");
}

TEST_F(KeyCacheTest, ARevocationIsHeardAsSoonAsMembershipIsBack) {
  EXPECT_EQ(Ask(key_), "keys/1");
  membership_.broken = errors::DeadlineExceeded();
  Pass(seconds(10));
  EXPECT_EQ(Ask(key_), "keys/1");
  membership_.broken.reset();
  membership_.keys.clear();
  Pass(seconds(1));
  EXPECT_EQ(Ask(key_), "keys/1") << "asks";
  EXPECT_EQ(Ask(key_), "UNAUTHENTICATED");
}

TEST_F(KeyCacheTest, ExpiryIsEffectiveAtOnceAlsoFromMemory) {
  membership_.keys[key_].mutable_expire_time()->set_seconds(1'790'000'005);
  EXPECT_EQ(Ask(key_), "keys/1");
  Pass(seconds(5));
  EXPECT_EQ(Ask(key_), "UNAUTHENTICATED");
  membership_.broken = errors::DependencyUnavailable("membership", "down");
  Pass(seconds(20));
  EXPECT_NE(Ask(key_), "keys/1");
}

TEST_F(KeyCacheTest, MembershipCannotHandAKeyToAnotherTenant) {
  membership_.keys[key_].set_tenant("tenants/" + Id::New().ToString());
  EXPECT_EQ(Ask(key_), "UNAUTHENTICATED");
  membership_.keys[key_].set_tenant("");
  Pass(seconds(2));
  EXPECT_EQ(Ask(key_), "UNAUTHENTICATED");
}

TEST_F(KeyCacheTest, GarbageIsNoAnswer) {
  KeyCache cache([](const std::string&, const auto& done) { done(std::string("\xff\xff\xff")); },
                 [](const std::function<void()>& f) { f(); });
  std::string said;
  cache.Lookup(*auth::ParseKey(key_), [&](KeyCache::Answer answer) { said = answer.error().reason; });
  EXPECT_EQ(said, "DEPENDENCY_UNAVAILABLE");
}

TEST_F(KeyCacheTest, WhatIsCountedOutlivesAnAnswer) {
  const auto other_key = auth::GenerateKey(tenant_);
  Know(other_key, "keys/2");
  auto first = Get(key_), second = Get(other_key);
  EXPECT_EQ(first->tenant_state, second->tenant_state) << "the tenant's, of all its keys";
  EXPECT_NE(first->key_state, second->key_state);
  Pass(seconds(10));
  auto again = Get(key_);
  EXPECT_NE(again, first);
  EXPECT_EQ(again->key_state, first->key_state);
  EXPECT_EQ(again->tenant_state, first->tenant_state);
}

TEST_F(KeyCacheTest, StrangersDoNotPushOutTheKnown) {
  Make({.max_keys = 16});
  EXPECT_EQ(Ask(key_), "keys/1");
  for (int i = 0; i < 500; ++i) EXPECT_EQ(Ask(auth::GenerateKey(tenant_)), "UNAUTHENTICATED");
  const int asked = membership_.asked;
  EXPECT_EQ(Ask(key_), "keys/1");
  EXPECT_EQ(membership_.asked, asked);
}

TEST_F(KeyCacheTest, AnAnswerThatComesTooLateFindsNobody) {
  membership_.hold = true;
  EXPECT_EQ(Ask(key_), "waiting");
  cache_.reset();
  membership_.Release();
  EXPECT_EQ(*answers_.back(), "waiting");
}

TEST_F(KeyCacheTest, ManyThreads) {
  std::vector<std::string> keys;
  for (int i = 0; i < 50; ++i) {
    keys.push_back(auth::GenerateKey(i % 2 == 0 ? tenant_ : Id::New()));
    Know(keys.back(), "keys/" + std::to_string(i));
  }
  // Answers on a thread of the caller each; smaller than what is asked for, so that entries come and go.
  KeyCache cache(
      [&](const std::string& request, const auto& done) {
        pb::IntrospectKeyRequest parsed;
        parsed.ParseFromString(request);
        done(membership_.keys.at(parsed.secret()).SerializeAsString());
      },
      [](const std::function<void()>& f) { f(); }, {.max_keys = 32});
  std::atomic<int> wrong{0}, answered{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const int k = (i * 7 + t) % 50;
        cache.Lookup(*auth::ParseKey(keys[k]), [&, k](const KeyCache::Answer& answer) {
          if (!answer.ok() || (*answer)->principal.subject != "keys/" + std::to_string(k)) ++wrong;
          ++answered;
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(answered, 2000);
}

}  // namespace
}  // namespace lanting::gateway
