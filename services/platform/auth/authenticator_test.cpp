#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <stdexcept>
#include <thread>

#include "platform/auth/key_authenticator.h"

namespace lanting::auth {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class FakeSource : public KeySource {
 public:
  std::map<std::string, KeyInfo> keys;
  std::optional<Error> broken;
  std::chrono::milliseconds takes{0};  // answers, or gives up, at once all the same
  std::atomic<int> asked{0};
  Result<std::optional<KeyInfo>> Find(const ParsedKey& key, Deadline deadline) override {
    ++asked;
    if (Remaining(deadline) < takes) return errors::DependencyUnavailable("membership", "DEADLINE_EXCEEDED");
    if (broken) return *broken;
    auto it = keys.find(key.text);
    if (it == keys.end()) return std::optional<KeyInfo>();
    return std::optional<KeyInfo>(it->second);
  }
};

class HandClock : public Clock {
 public:
  Time now = Time(seconds(1'790'000'000));
  Time Now() const override { return now; }
};

class KeyAuthenticatorTest : public ::testing::Test {
 protected:
  KeyAuthenticatorTest() {
    source_->keys[key_] = {{tenant_, "keys/1", {"members.*"}}, std::nullopt};
    Make(16'384);
  }
  void Make(std::size_t max_keys) {
    authenticator_ = std::make_unique<KeyAuthenticator>(
        source_, KeyAuthenticatorOptions{.admin_key = kAdmin, .max_keys = max_keys, .clock = &clock_, .steady = [this] {
                                           return steady_;
                                         }});
  }
  Result<Principal> Ask(const std::string& credential) {
    return authenticator_->Authenticate("Bearer " + credential, DeadlineIn(seconds(5)));
  }
  void Pass(std::chrono::seconds time) {
    steady_ += time;
    clock_.now += time;
  }
  static void ExpectUnauthenticated(const Result<Principal>& got) {
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().code, Code::kUnauthenticated);
    EXPECT_EQ(got.error().message, errors::Unauthenticated().message);
    EXPECT_TRUE(got.error().metadata.empty());
  }

  static constexpr const char* kAdmin = "operator-0123456789-0123456789-0123456789";
  Id tenant_ = Id::New();
  std::string key_ = GenerateKey(tenant_);
  HandClock clock_;
  Deadline steady_ = std::chrono::steady_clock::now();
  std::shared_ptr<FakeSource> source_ = std::make_shared<FakeSource>();
  std::unique_ptr<KeyAuthenticator> authenticator_;
};

TEST_F(KeyAuthenticatorTest, AnExpiredKeyIsRefusedAlsoWhileNobodyCanBeAsked) {
  source_->keys[key_].expire_time = clock_.now + seconds(30);
  ASSERT_TRUE(Ask(key_).ok());
  source_->broken = errors::DependencyUnavailable("membership", "down");
  Pass(seconds(29));
  EXPECT_TRUE(Ask(key_).ok());
  Pass(seconds(1));
  ExpectUnauthenticated(Ask(key_));  // and not "nobody can be asked": it is known to have ended
}

TEST_F(KeyAuthenticatorTest, ARotationShortensAKeyWithinTenSeconds) {
  ASSERT_TRUE(Ask(key_).ok());  // known without an end
  source_->keys[key_].expire_time = clock_.now;
  Pass(seconds(10));
  ExpectUnauthenticated(Ask(key_));
}

TEST_F(KeyAuthenticatorTest, ValidKeyIsRememberedForTenSeconds) {
  auto who = Ask(key_);
  ASSERT_TRUE(who.ok());
  EXPECT_EQ(who->tenant, tenant_);
  EXPECT_EQ(who->subject, "keys/1");
  EXPECT_TRUE(who->Has("members.write"));
  source_->keys.clear();  // revoked
  Pass(seconds(9));
  EXPECT_TRUE(Ask(key_).ok());
  EXPECT_EQ(source_->asked, 1);
  Pass(seconds(1));
  ExpectUnauthenticated(Ask(key_));
  EXPECT_EQ(source_->asked, 2);
}

TEST_F(KeyAuthenticatorTest, UnknownKeyIsRememberedForTwoSeconds) {
  auto unknown = GenerateKey(tenant_);
  ExpectUnauthenticated(Ask(unknown));
  ExpectUnauthenticated(Ask(unknown));
  EXPECT_EQ(source_->asked, 1);
  source_->keys[unknown] = {{tenant_, "keys/2", {}}, std::nullopt};
  Pass(seconds(2));
  EXPECT_TRUE(Ask(unknown).ok());
}

TEST_F(KeyAuthenticatorTest, MalformedCredentialsAskNobody) {
  for (const std::string& bad : std::vector<std::string>{"", "lt_", "钥匙", "operator", key_ + "0"})
    ExpectUnauthenticated(Ask(bad));
  for (const std::string& header : {std::string(), std::string("Bearer"), "Basic " + key_, key_, "Bearer" + key_}) {
    ExpectUnauthenticated(authenticator_->Authenticate(header, DeadlineIn(seconds(5))));
  }
  ExpectUnauthenticated(Ask(std::string(100'000, 'a')));
  EXPECT_EQ(source_->asked, 0);
}

TEST_F(KeyAuthenticatorTest, ExpiryIsEffectiveAtOnceAlsoFromMemory) {
  source_->keys[key_].expire_time = clock_.now + seconds(5);
  EXPECT_TRUE(Ask(key_).ok());
  Pass(seconds(5));
  ExpectUnauthenticated(Ask(key_));
  source_->broken = errors::DependencyUnavailable("postgres", "down");
  Pass(seconds(20));
  EXPECT_FALSE(Ask(key_).ok());
}

TEST_F(KeyAuthenticatorTest, KnownKeyOutlivesTheSourceForFiveMinutes) {
  ASSERT_TRUE(Ask(key_).ok());
  source_->broken = errors::DependencyUnavailable("postgres", "down");
  Pass(seconds(11));
  EXPECT_TRUE(Ask(key_).ok());
  int asked = source_->asked;
  EXPECT_TRUE(Ask(key_).ok());
  EXPECT_EQ(source_->asked, asked) << "a source that is down is asked once a second, not by every call";
  Pass(minutes(4));
  EXPECT_TRUE(Ask(key_).ok());
  Pass(minutes(1));
  auto late = Ask(key_);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, Code::kUnavailable);
  auto stranger = Ask(GenerateKey(tenant_));
  ASSERT_FALSE(stranger.ok());
  EXPECT_EQ(stranger.error().code, Code::kUnavailable) << "nobody knows";
  source_->broken.reset();
  EXPECT_TRUE(Ask(key_).ok());
}

TEST_F(KeyAuthenticatorTest, ShortDeadlinesDoNotKeepARevokedKeyAlive) {
  ASSERT_TRUE(Ask(key_).ok());
  source_->keys.clear();  // revoked
  source_->takes = std::chrono::milliseconds(500);
  Pass(seconds(10));
  for (int ms : {-1, 0, 1, 100})
    ExpectUnauthenticated(authenticator_->Authenticate("Bearer " + key_, DeadlineIn(std::chrono::milliseconds(ms))));
  source_->takes = seconds(60);  // hangs for every caller
  auto stranger = authenticator_->Authenticate("Bearer " + GenerateKey(tenant_), DeadlineIn(minutes(5)));
  ASSERT_FALSE(stranger.ok());
  EXPECT_EQ(stranger.error().code, Code::kUnavailable);
}

TEST_F(KeyAuthenticatorTest, SourceCannotHandAKeyToAnotherTenant) {
  source_->keys[key_].principal.tenant = Id::New();
  ExpectUnauthenticated(Ask(key_));
}

TEST_F(KeyAuthenticatorTest, OperatorsKey) {
  auto who = Ask(kAdmin);
  ASSERT_TRUE(who.ok());
  EXPECT_TRUE(who->tenant.IsNil());
  EXPECT_EQ(who->subject, "operator");
  EXPECT_TRUE(who->Has("platform.tenants"));
  EXPECT_FALSE(who->Has("members.read"));
  EXPECT_EQ(source_->asked, 0);
  ExpectUnauthenticated(Ask(std::string(kAdmin) + "x"));
  EXPECT_THROW(KeyAuthenticator(source_, {.admin_key = "too short"}), std::invalid_argument);
}

TEST_F(KeyAuthenticatorTest, TheKeyOfTheEdgeMayAskAndNothingElse) {
  const std::string edge = "edge-0123456789-0123456789-0123456789";
  KeyAuthenticator authenticator(source_, {.admin_key = kAdmin, .introspect_key = edge});
  auto who = authenticator.Authenticate("Bearer " + edge, DeadlineIn(seconds(5)));
  ASSERT_TRUE(who.ok());
  EXPECT_TRUE(who->tenant.IsNil());
  EXPECT_EQ(who->subject, "edge");
  EXPECT_TRUE(who->Has("platform.introspect"));
  for (const char* scope : {"platform.tenants", "platform.*", "members.read", "*"})
    EXPECT_FALSE(who->Has(scope)) << scope;
  EXPECT_EQ(authenticator.Authenticate(std::string("Bearer ") + kAdmin, DeadlineIn(seconds(5)))->subject, "operator");
  ExpectUnauthenticated(Ask(edge));  // a process that was given none
  EXPECT_EQ(source_->asked, 0);
  EXPECT_THROW(KeyAuthenticator(source_, {.introspect_key = "too short"}), std::invalid_argument);
  EXPECT_THROW(KeyAuthenticator(source_, {.admin_key = kAdmin, .introspect_key = kAdmin}), std::invalid_argument);
}

TEST_F(KeyAuthenticatorTest, StrangersDoNotPushOutTheKnown) {
  Make(16);
  ASSERT_TRUE(Ask(key_).ok());
  for (int i = 0; i < 500; ++i) ExpectUnauthenticated(Ask(GenerateKey(tenant_)));
  int asked = source_->asked;
  EXPECT_TRUE(Ask(key_).ok());
  EXPECT_EQ(source_->asked, asked);
}

TEST_F(KeyAuthenticatorTest, ManyThreads) {
  std::vector<std::string> keys;
  for (int i = 0; i < 50; ++i) {
    keys.push_back(GenerateKey(tenant_));
    source_->keys[keys.back()] = {{tenant_, "keys/" + std::to_string(i), {}}, std::nullopt};
  }
  Make(32);  // smaller than what is asked for: entries come and go
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        int k = (i * 7 + t) % 50;
        auto who = Ask(keys[k]);
        if (!who.ok() || who->subject != "keys/" + std::to_string(k)) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace lanting::auth
