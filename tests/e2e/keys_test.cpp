// Keys as tenants' systems live with them: revoked in the middle of their requests, rotated under load, and known to
// the other processes while membership is down.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "lanting/membership/v1/community_service.pb.h"
#include "lanting/webhooks/v1/webhook_service.pb.h"
#include "platform/auth/key.h"
#include "tests/support/suite.h"

namespace lanting {
namespace {

namespace pb = membership::v1;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::Answer;
using testing::Eventually;
using testing::Suite;

// What a revocation may take to be effective everywhere.
constexpr auto kEffective = seconds(10);

struct Key {
  std::string name, secret;
};

class KeysTest : public ::testing::Test {
 protected:
  Key Make(const std::string& body = R"({"displayName": "商城后台", "scopes": ["*"]})") {
    const auto made = suite_.Call("POST", "/v1/keys", body);
    EXPECT_EQ(made.status, 200) << boost::json::serialize(made.body);
    return {made.text("name"), made.text("secret")};
  }
  std::string Open() {
    auto community =
        suite_.Call("POST", "/v1/communities?gateKind=GATE_KIND_QUESTIONS",
                    R"({"displayName": "同城跑团", "template": "TEMPLATE_SOCIAL_RING", "purpose": "周末一起跑步"})");
    EXPECT_EQ(community.status, 200);
    EXPECT_EQ(suite_
                  .Call("POST", "/v1/" + community.text("name") + "/groups",
                        R"({"displayName": "一群", "channel": "CHANNEL_WECOM", "capacity": 100000})")
                  .status,
              200);
    return community.text("name");
  }
  // Straight to a process, past the gateway: "OK" or the reason.
  std::string DirectToMembership(const std::string& key) {
    const auto reply = rpc::CallUnary<pb::ListCommunitiesResponse>(
        suite_.channel(), "/lanting.membership.v1.CommunityService/ListCommunities", pb::ListCommunitiesRequest(),
        {.authorization = "Bearer " + key});
    return reply.ok() ? "OK" : reply.error().reason;
  }
  std::string DirectToWebhooks(const std::string& key) {
    const auto reply = rpc::CallUnary<webhooks::v1::ListWebhooksResponse>(
        suite_.webhooks_channel(), "/lanting.webhooks.v1.WebhookService/ListWebhooks",
        webhooks::v1::ListWebhooksRequest(), {.authorization = "Bearer " + key});
    return reply.ok() ? "OK" : reply.error().reason;
  }
  int Count(const std::string& sql) { return std::stoi(suite_.db().Query(sql)); }

  Suite suite_{{.webhooks = true}};
};

TEST_F(KeysTest, RevokedInTheMiddleOfItsRequests) {
  const auto community = Open();
  const auto key = Make();
  std::atomic<bool> over{false};
  std::atomic<int> written{0}, wrong{0};
  std::atomic<steady_clock::rep> last_success{0};  // when it was sent
  std::mutex mutex;
  std::set<std::string> others;
  const auto note = [&](steady_clock::time_point sent, bool ok, bool refused, const std::string& what) {
    if (ok) {
      auto last = last_success.load();
      while (last < sent.time_since_epoch().count() &&
             !last_success.compare_exchange_weak(last, sent.time_since_epoch().count())) {
      }
    } else if (!refused) {
      ++wrong;
      std::lock_guard lock(mutex);
      others.insert(what);
    } else {
      ::poll(nullptr, 0, 50);
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {  // writes through the gateway
    threads.emplace_back([&, t] {
      for (int i = 0; !over; ++i) {
        const auto sent = steady_clock::now();
        const auto answer =
            suite_.CallAs(key.secret, "POST", "/v1/" + community + "/members",
                          R"({"displayName": "跑者", "externalId": "r-)" + std::to_string(t * 1'000'000 + i) + "\"}");
        written += answer.status == 200;
        note(sent, answer.status == 200, answer.status == 401, answer.reason());
      }
    });
  }
  for (int t = 0; t < 3; ++t) {  // reads past it, at each of the processes
    threads.emplace_back([&, t] {
      while (!over) {
        const auto sent = steady_clock::now();
        const auto reason = t == 0 ? DirectToWebhooks(key.secret) : DirectToMembership(key.secret);
        note(sent, reason == "OK", reason == "UNAUTHENTICATED", reason);
      }
    });
  }
  EXPECT_TRUE(Eventually([&] { return written > 30; }));
  const auto revoked = suite_.Call("POST", "/v1/" + key.name + ":revoke", "{}");
  const auto at = steady_clock::now();
  EXPECT_EQ(revoked.status, 200);
  EXPECT_EQ(revoked.text("state"), "KEY_STATE_REVOKED");
  // On and on for longer than it may take.
  EXPECT_TRUE(Eventually([&] { return steady_clock::now() > at + kEffective + seconds(3); }, 60));
  over = true;
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(wrong, 0) << "each succeeds or is unauthenticated, and nothing else: " << *others.begin();
  EXPECT_LT(last_success.load(), (at + kEffective).time_since_epoch().count()) << "it worked for longer than 10 s";
  EXPECT_EQ(Count("SELECT count(*) FROM membership.member"), written) << "who was refused wrote nothing";
  EXPECT_EQ(suite_.CallAs(key.secret, "GET", "/v1/communities").status, 401);
  EXPECT_EQ(suite_.Call("GET", "/v1/communities").status, 200) << "other keys of the tenant are not concerned";
}

TEST_F(KeysTest, RotatedUnderLoadWithoutOneRefusal) {
  const auto old = Make();
  std::atomic<bool> over{false};
  std::mutex mutex;
  std::string secret = old.secret;
  std::atomic<int> calls{0}, refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!over) {
        std::string mine;
        {
          std::lock_guard lock(mutex);
          mine = secret;
        }
        if (suite_.CallAs(mine, "GET", "/v1/webhooks").status != 200) ++refused;
        ++calls;
      }
    });
  }
  EXPECT_TRUE(Eventually([&] { return calls > 30; }));
  const auto fresh = suite_.Call("POST", "/v1/" + old.name + ":rotate", R"({"overlap": "3600s"})");
  ASSERT_EQ(fresh.status, 200) << boost::json::serialize(fresh.body);
  EXPECT_EQ(fresh.text("rotatedFrom"), old.name);
  const int before = calls;
  EXPECT_TRUE(Eventually([&] { return calls > before + 30; })) << "the old one works on";
  {
    std::lock_guard lock(mutex);
    secret = fresh.text("secret");
  }
  const int then = calls;
  EXPECT_TRUE(Eventually([&] { return calls > then + 30; }));
  over = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(suite_.Call("POST", "/v1/" + old.name + ":rotate", "{}").reason(), "KEY_ALREADY_ROTATED");

  // Without an overlap, and known to every cache: over within ten seconds everywhere.
  ASSERT_EQ(suite_.Call("POST", "/v1/" + old.name + ":revoke", "{}").status, 200);
  EXPECT_EQ(DirectToWebhooks(fresh.text("secret")), "OK");
  EXPECT_EQ(DirectToMembership(fresh.text("secret")), "OK");
  const auto next = suite_.Call("POST", "/v1/" + fresh.text("name") + ":rotate", R"({"overlap": "0s"})");
  ASSERT_EQ(next.status, 200) << boost::json::serialize(next.body);
  const auto at = steady_clock::now();
  for (const auto& works : std::vector<std::function<bool()>>{
           [&] { return suite_.CallAs(fresh.text("secret"), "GET", "/v1/webhooks").status == 200; },
           [&] { return DirectToWebhooks(fresh.text("secret")) == "OK"; },
           [&] { return DirectToMembership(fresh.text("secret")) == "OK"; }}) {
    EXPECT_TRUE(Eventually([&] { return !works() || steady_clock::now() > at + kEffective + seconds(2); }, 30));
    EXPECT_FALSE(works()) << "longer than 10 s";
  }
  EXPECT_EQ(suite_.CallAs(next.text("secret"), "GET", "/v1/webhooks").status, 200);

  // When it was used, through the gateway's memory.
  EXPECT_TRUE(Eventually([&] { return !suite_.Call("GET", "/v1/" + next.text("name")).text("lastUsedTime").empty(); }));
}

TEST_F(KeysTest, MembershipDownWhileOthersAuthenticateKnownKeys) {
  const auto known = Make(), fresh = Make(), doomed = Make();
  for (const auto* key : {&known, &doomed}) {  // to every cache
    EXPECT_EQ(suite_.CallAs(key->secret, "GET", "/v1/webhooks").status, 200);
    EXPECT_EQ(DirectToWebhooks(key->secret), "OK");
  }
  // Revoked, and nobody has heard of it yet.
  ASSERT_EQ(suite_.Call("POST", "/v1/" + doomed.name + ":revoke", "{}").status, 200);
  suite_.membership().End(SIGKILL);
  const auto down = steady_clock::now();
  // For longer than an answer is remembered: the known go on without one refusal.
  int served = 0;
  while (steady_clock::now() < down + kEffective + seconds(3)) {
    const auto answer = suite_.CallAs(known.secret, "GET", "/v1/webhooks");
    ASSERT_EQ(answer.status, 200) << boost::json::serialize(answer.body);
    ASSERT_EQ(DirectToWebhooks(known.secret), "OK");
    ++served;
    ::poll(nullptr, 0, 50);
  }
  EXPECT_GT(served, 20);
  // Who is not known is told that nobody can be asked, not that the key is wrong.
  const auto unknown = suite_.CallAs(fresh.secret, "GET", "/v1/webhooks");
  EXPECT_EQ(unknown.status, 503) << boost::json::serialize(unknown.body);
  EXPECT_EQ(unknown.reason(), "DEPENDENCY_UNAVAILABLE");
  EXPECT_NE(unknown.header("retry-after"), "");
  EXPECT_EQ(DirectToWebhooks(fresh.secret), "DEPENDENCY_UNAVAILABLE");
  const auto stranger = auth::GenerateKey(Id::New());
  EXPECT_EQ(suite_.CallAs(stranger, "GET", "/v1/webhooks").status, 503);
  EXPECT_EQ(suite_.CallAs("nonsense", "GET", "/v1/webhooks").status, 401) << "what is no key needs nobody";

  // It comes back: everybody is told the truth again, in a few seconds.
  suite_.StartMembership(0);
  EXPECT_TRUE(Eventually([&] { return suite_.CallAs(fresh.secret, "GET", "/v1/webhooks").status == 200; }));
  EXPECT_TRUE(Eventually([&] { return DirectToWebhooks(fresh.secret) == "OK"; }));
  EXPECT_TRUE(Eventually([&] { return suite_.CallAs(doomed.secret, "GET", "/v1/webhooks").status == 401; }));
  EXPECT_TRUE(Eventually([&] { return DirectToWebhooks(doomed.secret) == "UNAUTHENTICATED"; }));
  EXPECT_TRUE(Eventually([&] { return suite_.CallAs(stranger, "GET", "/v1/webhooks").status == 401; }));
  EXPECT_EQ(suite_.CallAs(known.secret, "GET", "/v1/webhooks").status, 200);
}

}  // namespace
}  // namespace lanting
