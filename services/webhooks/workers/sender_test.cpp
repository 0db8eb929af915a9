// The sender against real receivers on this machine.
#include "webhooks/workers/sender.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "platform/http/server.h"
#include "platform/net/net_test_support.h"
#include "platform/obs/metrics.h"
#include "webhooks/api/api_test_world.h"

namespace lanting::webhooks {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Takes requests and answers as it is told; remembers all of them.
class Receiver {
 public:
  using Answer = std::function<http::Response(int n)>;  // to the n-th request, from 1
  explicit Receiver(Answer answer = [](int) { return http::Response{.status = 204}; })
      : answer_(std::move(answer)), server_({}, [this](std::shared_ptr<http::Exchange> exchange) {
          int n = 0;
          {
            std::lock_guard lock(mutex_);
            requests_.push_back(exchange->request);
            n = static_cast<int>(requests_.size());
          }
          exchange->respond(answer_(n));
        }) {}

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/in"; }
  std::vector<http::Request> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  int count() const { return static_cast<int>(requests().size()); }

 private:
  Answer answer_;
  mutable std::mutex mutex_;
  std::vector<http::Request> requests_;
  http::Server server_;  // the last: its threads end before what they use
};

bool Eventually(const std::function<bool()>& done) {
  for (const auto end = DeadlineIn(std::chrono::minutes(1)); Remaining(end).count() > 0;) {
    if (done()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return done();
}

// As a receiver would, without our code: base64 and HMAC of OpenSSL.
std::string Sign(const std::string& secret, const http::Request& r) {
  std::string key(secret.size(), '\0');
  const auto text = secret.substr(6);
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  key.resize(static_cast<std::size_t>(size) - static_cast<std::size_t>(std::count(text.begin(), text.end(), '=')));
  const auto signed_text =
      std::string(r.Header("webhook-id")) + "." + std::string(r.Header("webhook-timestamp")) + "." + r.body;
  unsigned char mac[32], base64[64];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), mac, &length);
  EVP_EncodeBlock(base64, mac, static_cast<int>(length));
  return "v1," + std::string(reinterpret_cast<char*>(base64));
}

class SenderTest : public ApiTest {
 protected:
  SenderOptions Options() {
    SenderOptions options;
    options.http.allow_private = true;
    options.poll = milliseconds(50);
    return options;
  }
  std::unique_ptr<Sender> Start(SenderOptions options) {
    auto sender = std::make_unique<Sender>(pool_, clock_, box_, std::move(options));
    sender->Start();
    return sender;
  }
  std::unique_ptr<Sender> Start() { return Start(Options()); }

  // The one delivery of the one webhook, when it has had so many attempts.
  pb::Delivery After(int attempts, const pb::Webhook& webhook) {
    std::vector<pb::Delivery> all;
    EXPECT_TRUE(Eventually([&] {
      all = Deliveries(webhook.name());
      return !all.empty() && all[0].attempt_count() >= attempts;
    }));
    return all.empty() ? pb::Delivery() : GetDelivery(all[0].name());
  }
  // One event to a receiver that answers so; the delivery after its first attempt.
  pb::Delivery First(http::Response response) {
    Receiver receiver([&](int) { return response; });
    const auto webhook = Create(receiver.url());
    TakeJoined();
    auto sender = Start();
    return After(1, webhook);
  }
};

TEST_F(SenderTest, SendsSignedAndWritesDown) {
  Receiver receiver([](int) { return http::Response{.status = 200, .body = "收到\xff"}; });
  const auto webhook = Create(receiver.url());
  auto sender = Start();
  TakeJoined();
  sender->Wake();
  const auto delivery = After(1, webhook);
  EXPECT_EQ(delivery.state(), pb::DELIVERY_STATE_DELIVERED);
  ASSERT_EQ(delivery.attempts_size(), 1);
  EXPECT_EQ(delivery.attempts(0).status_code(), 200);
  EXPECT_EQ(delivery.attempts(0).result(), pb::ATTEMPT_RESULT_DELIVERED);
  EXPECT_EQ(delivery.attempts(0).response_body(), "收到\xef\xbf\xbd");
  const auto request = receiver.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/in");
  EXPECT_EQ(request.body, delivery.payload());
  EXPECT_EQ(request.Header("content-type"), "application/json");
  EXPECT_EQ(request.Header("webhook-id"), delivery.message_id());
  EXPECT_EQ(request.Header("webhook-signature"), Sign(webhook.secret(), request));
  EXPECT_TRUE(Get(webhook.name())->has_last_success_time());
  EXPECT_THAT(obs::MetricsText(), HasSubstr("lanting_webhook_deliveries_total{outcome=\"delivered\"}"));
}

TEST_F(SenderTest, WhatFailsIsSentAgainWithTheSameId) {
  Receiver receiver([](int n) { return http::Response{.status = n < 3 ? 500 : 200, .body = "n"}; });
  const auto webhook = Create(receiver.url());
  TakeJoined();
  auto sender = Start();
  EXPECT_EQ(After(1, webhook).state(), pb::DELIVERY_STATE_PENDING);
  EXPECT_TRUE(Get(webhook.name())->has_failing_since_time());
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_EQ(receiver.count(), 1) << "not before its time";
  clock_.Advance(seconds(6));
  EXPECT_EQ(After(2, webhook).state(), pb::DELIVERY_STATE_PENDING);
  clock_.Advance(seconds(40));
  const auto delivery = After(3, webhook);
  EXPECT_EQ(delivery.state(), pb::DELIVERY_STATE_DELIVERED);
  ASSERT_EQ(delivery.attempts_size(), 3);
  EXPECT_EQ(delivery.attempts(0).status_code(), 500);
  EXPECT_FALSE(Get(webhook.name())->has_failing_since_time());
  std::set<std::string> ids, times;
  for (const auto& r : receiver.requests()) {
    ids.insert(std::string(r.Header("webhook-id")));
    times.insert(std::string(r.Header("webhook-timestamp")));
    EXPECT_EQ(r.Header("webhook-signature"), Sign(webhook.secret(), r));
  }
  EXPECT_THAT(ids, SizeIs(1));
  EXPECT_THAT(times, SizeIs(3)) << "each attempt is signed at its own time";
}

TEST_F(SenderTest, RedirectsAreNotFollowed) {
  const auto delivery = First({.status = 302, .headers = {{"Location", "/elsewhere"}}});
  EXPECT_EQ(delivery.state(), pb::DELIVERY_STATE_PENDING);
  EXPECT_EQ(delivery.attempts(0).status_code(), 302);
  EXPECT_EQ(delivery.attempts(0).result(), pb::ATTEMPT_RESULT_STATUS);
}

TEST_F(SenderTest, AHugeAnswerIsCutAndABusyReceiverGetsItsTime) {
  const auto huge = First({.status = 200, .body = std::string(4 << 20, 'x')});
  EXPECT_EQ(huge.state(), pb::DELIVERY_STATE_DELIVERED);
  EXPECT_THAT(huge.attempts(0).response_body(), SizeIs(1024));
}

TEST_F(SenderTest, ABusyReceiverGetsTheTimeItAsksFor) {
  const auto busy = First({.status = 429, .headers = {{"Retry-After", "7200"}}});
  EXPECT_EQ(busy.state(), pb::DELIVERY_STATE_PENDING);
  EXPECT_GE(resource::FromTimestamp(busy.next_attempt_time()), clock_.Now() + hours(2));
}

TEST_F(SenderTest, GoneDisablesAtOnceWithAFact) {
  Receiver receiver([](int) { return http::Response{.status = 410}; });
  const auto webhook = Create(receiver.url());
  TakeJoined(5);
  auto sender = Start();
  ASSERT_TRUE(Eventually([&] { return Get(webhook.name())->state() == pb::WEBHOOK_STATE_DISABLED; }));
  EXPECT_EQ(Get(webhook.name())->disable_reason(), pb::DISABLE_REASON_GONE);
  EXPECT_EQ(db_.Query("SELECT string_agg(type, ' ') FROM webhooks.outbox"), "lanting.webhooks.v1.WebhookDisabled");
  ASSERT_TRUE(Eventually([&] { return Deliveries(webhook.name(), "state = DELIVERY_STATE_FAILED").size() == 5; }));
  EXPECT_LE(receiver.count(), 5);
}

TEST_F(SenderTest, WhatFallsDueWhileDisabledFailsUnsent) {
  Receiver receiver;
  const auto webhook = Create(receiver.url());
  TakeJoined(20);
  ASSERT_TRUE(ByName(&WebhookService::DisableWebhook, webhook.name()).ok());
  auto sender = Start();
  ASSERT_TRUE(Eventually([&] { return Deliveries(webhook.name(), "state = DELIVERY_STATE_FAILED").size() == 20; }));
  EXPECT_EQ(GetDelivery(Deliveries(webhook.name())[0].name()).attempts(0).result(), pb::ATTEMPT_RESULT_DISABLED);
  EXPECT_EQ(receiver.count(), 0);
}

TEST_F(SenderTest, AFailureIsNamed) {
  net::testing::Certificate certificate;
  net::testing::TlsServer tls(certificate);
  net::testing::RawServer slow([](int fd, const std::atomic<bool>& stopping) {
    net::testing::ReadHead(fd);
    net::testing::SendAll(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    net::testing::Linger(fd, stopping);
  });
  int closed = 0;
  {
    closed = net::testing::RawServer([](int, const std::atomic<bool>&) {}).port();
  }
  const std::map<std::string, pb::AttemptResult> expected = {
      {"https://localhost:" + std::to_string(tls.port()) + "/", pb::ATTEMPT_RESULT_TLS},
      {"http://127.0.0.1:" + std::to_string(slow.port()) + "/", pb::ATTEMPT_RESULT_TIMEOUT},
      {"http://127.0.0.1:" + std::to_string(closed) + "/", pb::ATTEMPT_RESULT_NOT_CONNECTED},
      {"http://no-such-host.invalid:8080/", pb::ATTEMPT_RESULT_NOT_RESOLVED}};
  std::map<std::string, pb::Webhook> made;
  for (const auto& [url, result] : expected) made[url] = Create(url);
  TakeJoined();
  auto options = Options();
  options.http.total_timeout = milliseconds(700);
  auto sender = Start(options);
  for (const auto& [url, result] : expected) {
    const auto delivery = After(1, made[url]);
    ASSERT_EQ(delivery.attempts_size(), 1) << url;
    EXPECT_EQ(delivery.attempts(0).result(), result) << url << ": " << delivery.attempts(0).error();
    EXPECT_NE(delivery.attempts(0).error(), "") << url;
    EXPECT_EQ(delivery.state(), pb::DELIVERY_STATE_PENDING) << url;
  }
}

TEST_F(SenderTest, PrivateAddressesAreNotReached) {
  Receiver receiver;
  const auto webhook = Create(receiver.url());
  TakeJoined();
  auto options = Options();
  options.http.allow_private = false;
  auto sender = Start(options);
  EXPECT_EQ(After(1, webhook).attempts(0).result(), pb::ATTEMPT_RESULT_ADDRESS_REFUSED);
  EXPECT_EQ(receiver.count(), 0);
}

TEST_F(SenderTest, DuringARotationBothSecretsSign) {
  Receiver receiver;
  const auto webhook = Create(receiver.url());
  clock_.Advance(seconds(1));
  pb::RotateWebhookSecretRequest request;
  request.set_name(webhook.name());
  const auto rotated =
      webhooks_.RotateWebhookSecret(CallOf(tenant_, "RotateWebhookSecret", request), request)->secret();
  TakeJoined();
  auto sender = Start();
  After(1, webhook);
  const auto first = receiver.requests().at(0);
  EXPECT_EQ(first.Header("webhook-signature"), Sign(rotated, first) + " " + Sign(webhook.secret(), first));
  clock_.Advance(hours(25));
  ASSERT_TRUE(Take(Joined("支遁")).ok());
  sender->Wake();
  ASSERT_TRUE(Eventually([&] { return receiver.count() == 2; }));
  const auto second = receiver.requests().at(1);
  EXPECT_EQ(second.Header("webhook-signature"), Sign(rotated, second));
}

TEST_F(SenderTest, APingIsSentAtOnceAlsoToADisabledWebhookAndNotAgain) {
  Receiver receiver([](int) { return http::Response{.status = 500, .body = "not yet"}; });
  const auto webhook = Create(receiver.url());
  ASSERT_TRUE(ByName(&WebhookService::DisableWebhook, webhook.name()).ok());
  auto options = Options();
  options.recorded = [&] { pings_.Wake(); };
  pings_.Start();
  auto sender = Start(options);
  pb::PingWebhookRequest request;
  request.set_name(webhook.name());
  std::promise<Result<pb::Delivery>> outcome;
  deliveries_.PingWebhook(CallOf(tenant_, "PingWebhook", request), request,
                          [&](Result<pb::Delivery> d) { outcome.set_value(std::move(d)); });
  const auto ping = outcome.get_future().get();
  ASSERT_EQ(Reason(ping), "OK");
  EXPECT_EQ(ping->state(), pb::DELIVERY_STATE_FAILED);
  ASSERT_EQ(ping->attempts_size(), 1);
  EXPECT_EQ(ping->attempts(0).status_code(), 500);
  EXPECT_EQ(ping->attempts(0).response_body(), "not yet");
  const auto sent = receiver.requests().at(0);
  EXPECT_THAT(sent.body, HasSubstr("\"type\":\"webhooks.webhook_pinged\""));
  EXPECT_EQ(sent.Header("webhook-signature"), Sign(webhook.secret(), sent));
}

TEST_F(SenderTest, APingOvertakesTheBacklogOfAWebhookThatFails) {
  std::promise<void> asked, go;
  auto wait = go.get_future().share();
  Receiver receiver([&](int n) {
    if (n == 2) asked.set_value();
    if (n == 2) wait.wait();
    return http::Response{.status = n < 4 ? 500 : 204};
  });
  const auto webhook = Create(receiver.url());
  auto sender = Start();
  TakeJoined();
  After(1, webhook);
  clock_.Advance(seconds(1));
  TakeJoined(10);
  sender->Wake();
  asked.get_future().wait();  // one at a time now: nine wait, and a ping
  pb::PingWebhookRequest request;
  request.set_name(webhook.name());
  deliveries_.PingWebhook(CallOf(tenant_, "PingWebhook", request), request, [](Result<pb::Delivery>) {});
  go.set_value();
  ASSERT_TRUE(Eventually([&] { return receiver.count() >= 3; }));
  EXPECT_THAT(receiver.requests().at(2).body, HasSubstr("webhook_pinged"));
}

TEST_F(SenderTest, AReplayIsSentAgainWithItsOldId) {
  Receiver receiver;
  const auto webhook = Create(receiver.url());
  TakeJoined();
  auto sender = Start();
  const auto delivered = After(1, webhook);
  pb::ReplayDeliveryRequest request;
  request.set_name(delivered.name());
  ASSERT_TRUE(deliveries_.ReplayDelivery(CallOf(tenant_, "ReplayDelivery", request), request).ok());
  const auto again = After(2, webhook);
  EXPECT_EQ(again.state(), pb::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(receiver.requests().at(1).Header("webhook-id"), delivered.message_id());
}

TEST_F(SenderTest, IsGivenUpAfterThreeDaysAndTheWebhookDisabled) {
  Receiver receiver([](int) { return http::Response{.status = 503}; });
  const auto webhook = Create(receiver.url());
  TakeJoined();
  auto sender = Start();
  for (int n = 1; n <= 12; ++n) {
    After(n, webhook);
    clock_.Advance(hours(27));
  }
  ASSERT_TRUE(Eventually([&] { return Get(webhook.name())->state() == pb::WEBHOOK_STATE_DISABLED; }));
  EXPECT_EQ(Get(webhook.name())->disable_reason(), pb::DISABLE_REASON_FAILING);
  const auto delivery = After(12, webhook);
  EXPECT_EQ(delivery.state(), pb::DELIVERY_STATE_FAILED);
  EXPECT_EQ(delivery.attempts_size(), 12);
  EXPECT_EQ(receiver.count(), 12);
}

TEST_F(SenderTest, TwoSendersNeverSendOneAttemptTwiceAndKeepTheBound) {
  std::atomic<int> now = 0, most = 0;
  Receiver receiver([&](int) {
    const int running = ++now;
    for (int seen = most; running > seen && !most.compare_exchange_weak(seen, running);) {
    }
    std::this_thread::sleep_for(milliseconds(2));
    --now;
    return http::Response{.status = 204};
  });
  const auto webhook = Create(receiver.url());
  constexpr int kEvents = 200;
  TakeJoined(kEvents);
  pg::Pool other_pool{{.url = db_.Url("webhooks", testing::PgRole::kApp)}};
  auto options = Options();
  options.per_webhook = 4;
  Sender other(other_pool, clock_, box_, options);
  auto sender = Start(options);
  other.Start();
  ASSERT_TRUE(
      Eventually([&] { return Deliveries(webhook.name(), "state = DELIVERY_STATE_DELIVERED").size() == kEvents; }));
  EXPECT_EQ(receiver.count(), kEvents);
  std::set<std::string> ids;
  for (const auto& r : receiver.requests()) ids.insert(std::string(r.Header("webhook-id")));
  EXPECT_THAT(ids, SizeIs(kEvents));
  EXPECT_LE(most, 4);
  EXPECT_EQ(Count("delivery_attempt"), kEvents);
}

TEST_F(SenderTest, AHangingReceiverHoldsUpNobodyElse) {
  net::testing::RawServer hanging(
      [](int fd, const std::atomic<bool>& stopping) { net::testing::Linger(fd, stopping); });
  Receiver receiver;
  Create("http://127.0.0.1:" + std::to_string(hanging.port()) + "/");
  TakeJoined(50);
  const auto healthy = Create(receiver.url());
  TakeJoined(20);
  auto options = Options();
  options.drain = milliseconds(0);
  auto sender = Start(options);
  EXPECT_TRUE(Eventually([&] { return Deliveries(healthy.name(), "state = DELIVERY_STATE_DELIVERED").size() == 20; }));
}

TEST_F(SenderTest, OutcomesAreKeptWhileTheDatabaseIsAway) {
  std::promise<void> asked, go;
  auto wait = go.get_future().share();
  Receiver receiver([&](int n) {
    if (n == 1) asked.set_value();
    wait.wait();
    return http::Response{.status = 204};
  });
  const auto webhook = Create(receiver.url());
  TakeJoined();
  auto options = Options();
  options.transaction = milliseconds(500);
  auto sender = Start(options);
  asked.get_future().wait();
  testing::PgServer::Get().Stop();
  go.set_value();
  std::this_thread::sleep_for(milliseconds(300));
  testing::PgServer::Get().Start();
  ASSERT_TRUE(Eventually([&] {
    pb::ListDeliveriesRequest request;
    request.set_parent(webhook.name());
    return deliveries_.ListDeliveries(CallOf(tenant_, "ListDeliveries", request), request).ok();
  }));
  EXPECT_EQ(After(1, webhook).state(), pb::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(receiver.count(), 1);
}

TEST_F(SenderTest, StopWritesDownWhatIsUnderWay) {
  std::promise<void> asked;
  Receiver receiver([&](int n) {
    if (n == 1) asked.set_value();
    std::this_thread::sleep_for(milliseconds(200));
    return http::Response{.status = 204};
  });
  const auto webhook = Create(receiver.url());
  TakeJoined();
  auto sender = Start();
  asked.get_future().wait();
  sender->Stop();
  EXPECT_EQ(Deliveries(webhook.name()).at(0).state(), pb::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(Query("SELECT count(*) FROM delivery_queue WHERE lease_until > '-infinity'"), "0");
}

}  // namespace
}  // namespace lanting::webhooks
