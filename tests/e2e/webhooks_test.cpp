// Webhooks over REST: what happens in membership arrives at a receiver, signed, and is not lost when Redis is, or when
// the process that sends is killed.
#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>

#include "platform/http/server.h"
#include "tests/support/suite.h"

namespace lanting {
namespace {

using testing::Answer;
using testing::Eventually;
using ::testing::HasSubstr;
using testing::Suite;

class Receiver {
 public:
  Receiver()
      : server_({}, [this](std::shared_ptr<http::Exchange> exchange) {
          std::lock_guard lock(mutex_);
          requests_.push_back(exchange->request);
          exchange->respond({.status = status_});
        }) {}

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/lanting"; }
  std::vector<http::Request> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  void AnswerWith(int status) {
    std::lock_guard lock(mutex_);
    status_ = status;
  }
  // How often each webhook-id came, of requests about this type.
  std::map<std::string, int> Ids(const std::string& type) const {
    std::map<std::string, int> ids;
    for (const auto& r : requests())
      if (r.body.find("\"type\":\"" + type + "\"") != std::string::npos) ++ids[std::string(r.Header("webhook-id"))];
    return ids;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<http::Request> requests_;
  int status_ = 204;
  http::Server server_;
};

// What a receiver does, without our code.
bool Verify(const std::string& secret, const http::Request& r) {
  std::string text = secret.substr(6), key(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  key.resize(static_cast<std::size_t>(size - std::count(text.begin(), text.end(), '=')));
  const auto content =
      std::string(r.Header("webhook-id")) + "." + std::string(r.Header("webhook-timestamp")) + "." + r.body;
  unsigned char mac[32], base64[64];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(content.data()),
       content.size(), mac, &length);
  EVP_EncodeBlock(base64, mac, static_cast<int>(length));
  return (" " + std::string(r.Header("webhook-signature")) + " ")
             .find(" v1," + std::string(reinterpret_cast<char*>(base64)) + " ") != std::string::npos;
}

class WebhooksTest : public ::testing::Test {
 protected:
  Answer Ok(const std::string& method, const std::string& path, const std::string& body = "",
            const http::HeaderList& headers = {}) {
    auto answer = suite_.Call(method, path, body, headers);
    EXPECT_EQ(answer.status, 200) << method << " " << path << ": " << boost::json::serialize(answer.body);
    return answer;
  }
  Answer CreateWebhook(const std::string& types, const std::string& url) {
    return Ok("POST", "/v1/webhooks", R"({"url": ")" + url + R"(", "eventTypes": [)" + types + "]}");
  }
  std::string OpenCommunity() {
    return Ok("POST", "/v1/communities?gateKind=GATE_KIND_QUESTIONS",
              R"({"displayName": "曲水流觞", "template": "TEMPLATE_SOCIAL_RING", "purpose": "以诗会友"})")
        .text("name");
  }
  void AddGroup(const std::string& community) {
    Ok("POST", "/v1/" + community + "/groups", R"({"displayName": "一群", "channel": "CHANNEL_WECOM"})");
  }
  std::string Join(const std::string& community, const std::string& name) {
    return Ok("POST", "/v1/" + community + "/members", R"({"displayName": ")" + name + "\"}").text("name");
  }

  Receiver receiver_;
  Suite suite_{{.webhooks = true}};
};

TEST_F(WebhooksTest, WhatHappensArrivesSignedAndOnceAlsoWhenRedisIsWiped) {
  const auto webhook = CreateWebhook(R"("membership.member_joined", "membership.community_opened")", receiver_.url());
  const auto secret = webhook.text("secret");
  ASSERT_TRUE(secret.starts_with("whsec_"));
  const auto community = OpenCommunity();
  AddGroup(community);
  std::set<std::string> members;
  for (int i = 0; i < 10; ++i) members.insert(Join(community, "诗友" + std::to_string(i)));
  ASSERT_TRUE(Eventually([&] { return receiver_.Ids("membership.member_joined").size() == 10; }, 60));
  suite_.redis().FlushAll();
  for (int i = 10; i < 20; ++i) members.insert(Join(community, "诗友" + std::to_string(i)));
  ASSERT_TRUE(Eventually([&] { return receiver_.Ids("membership.member_joined").size() == 20; }, 90));
  ASSERT_TRUE(Eventually([&] { return receiver_.Ids("membership.community_opened").size() == 1; }, 90));

  std::set<std::string> told;
  for (const auto& r : receiver_.requests()) {
    EXPECT_TRUE(Verify(secret, r)) << r.body;
    EXPECT_EQ(r.Header("content-type"), "application/json");
    const auto body = boost::json::parse(r.body);
    if (body.at("type") == "membership.member_joined")
      told.insert(std::string(body.at("data").at("member").as_string()));
    else
      EXPECT_EQ(body.at("data").at("community").as_string(), community);
  }
  EXPECT_EQ(told, members);
  EXPECT_EQ(receiver_.requests().size(), 21u) << "each once; no other type";
  // What has arrived is written down a moment later.
  const auto path =
      "/v1/" + webhook.text("name") + "/deliveries?pageSize=1000&filter=state%20%3D%20DELIVERY_STATE_DELIVERED";
  EXPECT_TRUE(Eventually([&] { return Ok("GET", path).body.at("deliveries").as_array().size() == 21; }, 60));
}

TEST_F(WebhooksTest, IsManagedOverRest) {
  const http::HeaderList once{{"Idempotency-Key", "webhook-of-the-crm"}};
  const auto body = R"({"url": ")" + receiver_.url() + R"(", "eventTypes": ["membership.*"]})";
  const auto made = Ok("POST", "/v1/webhooks", body, once);
  const auto again = Ok("POST", "/v1/webhooks", body, once);
  EXPECT_EQ(again.text("name"), made.text("name"));
  EXPECT_EQ(again.text("secret"), "");
  const auto path = "/v1/" + made.text("name");
  EXPECT_EQ(Ok("GET", path).header("ETag"), made.text("etag"));

  const auto patched = suite_.Call("PATCH", path, R"({"description": "客户系统"})", {{"If-Match", made.text("etag")}});
  EXPECT_EQ(patched.status, 200);
  EXPECT_EQ(patched.text("url"), receiver_.url());
  EXPECT_EQ(suite_.Call("PATCH", path, R"({"description": "别的"})", {{"If-Match", made.text("etag")}}).reason(),
            "ETAG_MISMATCH");
  const auto refused = suite_.Call("POST", "/v1/webhooks", R"({"url": "ftp://x/", "eventTypes": ["pigeons.*"]})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.reason(), "INVALID_FIELDS");

  const auto ping = Ok("POST", path + ":ping", "{}");
  EXPECT_EQ(ping.text("state"), "DELIVERY_STATE_DELIVERED") << boost::json::serialize(ping.body);
  const auto rotated = Ok("POST", path + ":rotateSecret", R"({"gracePeriod": "3600s"})");
  receiver_.AnswerWith(500);
  const auto failed = Ok("POST", path + ":ping", "{}");
  EXPECT_EQ(failed.text("state"), "DELIVERY_STATE_FAILED");
  EXPECT_EQ(failed.body.at("attempts").at(0).at("statusCode").as_int64(), 500);
  const auto last = receiver_.requests().back();
  EXPECT_TRUE(Verify(made.text("secret"), last));
  EXPECT_TRUE(Verify(rotated.text("secret"), last));
  receiver_.AnswerWith(204);
  Ok("POST", "/v1/" + failed.text("name") + ":replay", "{}");
  EXPECT_TRUE(
      Eventually([&] { return Ok("GET", "/v1/" + failed.text("name")).text("state") == "DELIVERY_STATE_DELIVERED"; }));

  Ok("POST", path + ":disable", "{}");
  EXPECT_EQ(suite_.Call("POST", path + "/deliveries:replay", "{}").reason(), "WEBHOOK_DISABLED");
  Ok("POST", path + ":enable", "{}");
  EXPECT_EQ(Ok("POST", path + "/deliveries:replay", "{}").number("replayedCount"), 0);
  EXPECT_GT(Ok("GET", "/v1/webhookEventTypes").body.at("eventTypes").as_array().size(), 10u);
  EXPECT_EQ(suite_.CallAs(suite_.NewTenant("别家"), "GET", path).reason(), "WEBHOOK_NOT_FOUND");
  EXPECT_EQ(suite_.Call("DELETE", path).status, 200);
  EXPECT_EQ(suite_.Call("GET", path).reason(), "WEBHOOK_NOT_FOUND");
}

// Exit code of the receiver that the service's README shows: 0 if it takes the request.
int ReceiverOfTheReadme(const std::string& secret, const http::Request& request, const std::string& body) {
  std::stringstream readme;
  readme << std::ifstream(LANTING_SOURCE_DIR "/services/webhooks/README.md").rdbuf();
  const auto text = readme.str();
  const std::string fence = "```python\n";
  const auto begin = text.find(fence) + fence.size(), end = text.find("```", begin);
  boost::json::object headers;
  for (const char* name : {"webhook-id", "webhook-timestamp", "webhook-signature"})
    headers[name] = std::string(request.Header(name));
  char directory[] = "/tmp/lanting-receiver-XXXXXX";
  const std::filesystem::path path = ::mkdtemp(directory);
  std::ofstream(path / "request.json") << boost::json::serialize(
      boost::json::object{{"secret", secret}, {"headers", headers}, {"body", body}});
  std::ofstream(path / "receiver.py")
      << text.substr(begin, end - begin)
      << "\nimport json, sys\nr = json.load(open(sys.argv[1], encoding='utf-8'))\n"
         "sys.exit(0 if verify(r['secret'], r['headers'], r['body'].encode()) else 1)\n";
  testing::Child python({"python3", path / "receiver.py", path / "request.json"});
  EXPECT_TRUE(Eventually([&] { return python.Ended(); }, 60));
  std::filesystem::remove_all(path);
  return python.ExitCode();
}

TEST_F(WebhooksTest, TheReceiverOfTheReadmeTakesWhatIsSentAndNothingElse) {
  const auto webhook = CreateWebhook(R"("*")", receiver_.url());
  Ok("POST", "/v1/" + webhook.text("name") + ":ping", "{}");
  ASSERT_FALSE(receiver_.requests().empty());
  const auto request = receiver_.requests().front();
  EXPECT_EQ(ReceiverOfTheReadme(webhook.text("secret"), request, request.body), 0);
  EXPECT_EQ(ReceiverOfTheReadme(webhook.text("secret"), request, request.body + " "), 1);
  EXPECT_EQ(ReceiverOfTheReadme("whsec_" + std::string(44, 'A'), request, request.body), 1);
}

TEST_F(WebhooksTest, AReceiverThatIsGoneIsDisabledAndOthersAreTold) {
  Receiver other;
  const auto gone = CreateWebhook(R"("membership.*")", receiver_.url());
  CreateWebhook(R"("webhooks.*")", other.url());
  receiver_.AnswerWith(410);
  OpenCommunity();
  ASSERT_TRUE(Eventually([&] { return other.Ids("webhooks.webhook_disabled").size() == 1; }, 60));
  EXPECT_THAT(other.requests().at(0).body, HasSubstr(R"("reason":"DISABLE_REASON_GONE")"));
  EXPECT_EQ(Ok("GET", "/v1/" + gone.text("name")).text("disableReason"), "DISABLE_REASON_GONE");
}

#ifdef LANTING_FAULTS
TEST_F(WebhooksTest, KilledBetweenSendingAndWritingDownItSendsAgainUnderTheSameId) {
  suite_.StartWebhooks({{"LANTING_FAULT", "webhooks.before_record:1"}});
  // Not awaited by readiness: the fault may come at any time.
  Answer webhook;
  ASSERT_TRUE(Eventually([&] {
    webhook = suite_.Call("POST", "/v1/webhooks",
                          R"({"url": ")" + receiver_.url() +
                              R"(", "eventTypes": ["membership.community_opened", "membership.house_rules_published",
        "membership.gate_created"]})");
    return webhook.status == 200;
  }));
  // Three events. Not of every type: that of the tenant's key may still be on its way.
  OpenCommunity();
  ASSERT_TRUE(Eventually([&] { return suite_.webhooks().Ended(); }, 60));
  EXPECT_TRUE(suite_.webhooks().Killed());
  const auto before = receiver_.requests().size();
  EXPECT_GE(before, 1u);
  // Whoever died loses its queues when its lease ends: a minute, which this test need not wait.
  suite_.db().Query("UPDATE webhooks.delivery_queue SET lease_until = '-infinity'");
  suite_.StartWebhooks();
  auto delivered = [&]() -> std::size_t {
    const auto log =
        suite_.Call("GET", "/v1/" + webhook.text("name") + "/deliveries?filter=state%20%3D%20DELIVERY_STATE_DELIVERED");
    return log.status == 200 ? log.body.at("deliveries").as_array().size() : 0;  // the gateway connects again first
  };
  ASSERT_TRUE(Eventually([&] { return delivered() == 3; }, 150));
  std::map<std::string, int> ids;
  for (const auto& r : receiver_.requests()) ++ids[std::string(r.Header("webhook-id"))];
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_GT(receiver_.requests().size(), 3u) << "at least once: what was not written down came again";
}
#endif

}  // namespace
}  // namespace lanting
