#include "platform/net/http_client.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>

#include "platform/base/clock.h"
#include "platform/http/server.h"
#include "platform/net/net_test_support.h"

namespace lanting::net {
namespace {

using std::chrono::milliseconds;
using testing::RawServer;

std::string Local(int port, const std::string& rest = "/in") {
  return "http://127.0.0.1:" + std::to_string(port) + rest;
}

class HttpClientTest : public ::testing::Test {
 protected:
  static HttpClientOptions Allowing() { return {.allow_private = true}; }

  // Waits up to a minute for the outcome.
  static HttpResult Post(HttpClientOptions options, HttpRequest request) {
    HttpClient client(std::move(options));
    return PostBy(client, std::move(request));
  }
  static HttpResult PostBy(HttpClient& client, HttpRequest request) {
    struct Slot {
      std::mutex mutex;
      std::condition_variable done;
      std::optional<HttpResult> result;
    };
    auto slot = std::make_shared<Slot>();
    client.Post(std::move(request), [slot](HttpResult result) {
      std::lock_guard lock(slot->mutex);
      slot->result = std::move(result);
      slot->done.notify_all();
    });
    std::unique_lock lock(slot->mutex);
    if (!slot->done.wait_for(lock, std::chrono::minutes(1), [&] { return slot->result.has_value(); })) {
      ADD_FAILURE() << "no outcome";
      return {};
    }
    return *slot->result;
  }

  // Answers as `answer` says and remembers the last request.
  std::unique_ptr<http::Server> Receiver(http::Response answer) {
    return std::make_unique<http::Server>(http::ServerOptions{}, [this, answer](std::shared_ptr<http::Exchange> e) {
      {
        std::lock_guard lock(mutex_);
        last_ = e->request;
        ++requests_;
      }
      e->respond(answer);
    });
  }
  http::Request last() {
    std::lock_guard lock(mutex_);
    return last_;
  }
  int requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  http::Request last_;
  int requests_ = 0;
};

TEST_F(HttpClientTest, PostsBodyAndHeadersAndKeepsTheStartOfTheAnswer) {
  auto receiver = Receiver({.status = 202, .content_type = "text/plain", .body = std::string(3000, 'x')});
  const auto result = Post(Allowing(), {.url = Local(receiver->port(), "/钩子?a=1"),
                                        .headers = {{"webhook-id", "msg_1"}, {"content-type", "application/json"}},
                                        .body = R"({"名":"兰亭"})"});
  EXPECT_EQ(result.failure, HttpFailure::kNone) << result.error;
  EXPECT_EQ(result.status, 202);
  EXPECT_EQ(result.body, std::string(1024, 'x'));
  EXPECT_GE(result.duration.count(), 0);
  const auto request = last();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.body, R"({"名":"兰亭"})");
  EXPECT_EQ(request.Header("webhook-id"), "msg_1");
  EXPECT_EQ(request.Header("content-type"), "application/json");
  EXPECT_EQ(request.Header("user-agent"), "Lanting");
  EXPECT_EQ(request.Count("expect"), 0u);
}

TEST_F(HttpClientTest, ReadsABoundedPartOfAHugeAnswerAndCountsItsStatus) {
  auto receiver = Receiver({.status = 200, .body = std::string(8 * 1024 * 1024, 'y')});
  const auto result = Post(Allowing(), {.url = Local(receiver->port())});
  EXPECT_EQ(result.failure, HttpFailure::kNone) << result.error;
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.body.size(), 1024u);
}

TEST_F(HttpClientTest, DoesNotFollowRedirects) {
  auto receiver = Receiver({.status = 302, .headers = {{"Location", "/elsewhere"}}});
  const auto result = Post(Allowing(), {.url = Local(receiver->port())});
  EXPECT_EQ(result.status, 302);
  EXPECT_EQ(requests(), 1);
}

TEST_F(HttpClientTest, TellsRetryAfter) {
  auto receiver = Receiver({.status = 429, .headers = {{"Retry-After", " 120 "}}});
  EXPECT_EQ(Post(Allowing(), {.url = Local(receiver->port())}).retry_after, "120");
}

TEST_F(HttpClientTest, ASlowAnswerIsATimeoutWhateverItsStatus) {
  RawServer slow([](int fd, const std::atomic<bool>& stopping) {
    testing::ReadHead(fd);
    testing::SendAll(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    testing::Linger(fd, stopping);
  });
  auto options = Allowing();
  options.total_timeout = milliseconds(300);
  const auto result = Post(options, {.url = Local(slow.port())});
  EXPECT_EQ(result.failure, HttpFailure::kTimeout);
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.body, "ab");
  RawServer silent([](int fd, const std::atomic<bool>& stopping) { testing::Linger(fd, stopping); });
  const auto nothing = Post(options, {.url = Local(silent.port())});
  EXPECT_EQ(nothing.failure, HttpFailure::kTimeout);
  EXPECT_EQ(nothing.status, 0);
}

TEST_F(HttpClientTest, TellsWhatWentWrong) {
  int closed = 0;
  {
    closed = RawServer([](int, const std::atomic<bool>&) {}).port();
  }
  EXPECT_EQ(Post(Allowing(), {.url = Local(closed)}).failure, HttpFailure::kNotConnected);
  EXPECT_EQ(Post(Allowing(), {.url = "http://no-such-host.invalid/"}).failure, HttpFailure::kNotResolved);
  RawServer hangs_up([](int fd, const std::atomic<bool>&) { testing::ReadHead(fd); });
  EXPECT_EQ(Post(Allowing(), {.url = Local(hangs_up.port())}).failure, HttpFailure::kBroken);
  RawServer garbage([](int fd, const std::atomic<bool>& stopping) {
    testing::ReadHead(fd);
    testing::SendAll(fd, "220 smtp.example.com ESMTP\r\n\r\n");
    testing::Linger(fd, stopping);
  });
  EXPECT_EQ(Post(Allowing(), {.url = Local(garbage.port())}).failure, HttpFailure::kBroken);
  RawServer headers([](int fd, const std::atomic<bool>& stopping) {
    testing::ReadHead(fd);
    testing::SendAll(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 200; ++i)
      testing::SendAll(fd, "X-" + std::to_string(i) + ": " + std::string(1000, 'h') + "\r\n");
    testing::Linger(fd, stopping);
  });
  EXPECT_EQ(Post(Allowing(), {.url = Local(headers.port())}).failure, HttpFailure::kBroken);
  EXPECT_EQ(Post(Allowing(), {.url = "ftp://127.0.0.1/"}).failure, HttpFailure::kBroken);
}

TEST_F(HttpClientTest, NeverConnectsToAddressesThatAreNotPublic) {
  RawServer inside([](int, const std::atomic<bool>&) {});
  const auto port = std::to_string(inside.port());
  for (const auto& host : {"127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"}) {
    const auto result = Post({}, {.url = "http://" + std::string(host) + ":" + port + "/"});
    EXPECT_EQ(result.failure, HttpFailure::kAddressRefused) << host << ": " << result.error;
    EXPECT_NE(result.error, "");
  }
  EXPECT_EQ(inside.connections(), 0);
}

TEST_F(HttpClientTest, TakesNoProxyFromTheEnvironment) {
  RawServer proxy([](int, const std::atomic<bool>&) {});
  ::setenv("http_proxy", Local(proxy.port(), "").c_str(), 1);
  ::setenv("ALL_PROXY", Local(proxy.port(), "").c_str(), 1);
  auto receiver = Receiver({.status = 204});
  const auto result = Post(Allowing(), {.url = Local(receiver->port())});
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
  EXPECT_EQ(result.status, 204);
  EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(HttpClientTest, ACertificateMustBeTrustedAndOfTheHost) {
  testing::Certificate certificate;
  testing::TlsServer server(certificate);
  const auto url = "https://localhost:" + std::to_string(server.port()) + "/";
  EXPECT_EQ(Post(Allowing(), {.url = url}).failure, HttpFailure::kTls);
  EXPECT_EQ(server.answered(), 0);
  auto trusting = Allowing();
  trusting.ca_file = certificate.file();
  const auto other = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  EXPECT_EQ(Post(trusting, {.url = other}).failure, HttpFailure::kTls) << "not the host of the certificate";
  EXPECT_EQ(server.answered(), 0);
  const auto result = Post(trusting, {.url = url});
  EXPECT_EQ(result.status, 204) << result.error;
  RawServer plain([](int fd, const std::atomic<bool>&) { testing::SendAll(fd, "HTTP/1.1 200 OK\r\n\r\n"); });
  EXPECT_EQ(Post(Allowing(), {.url = "https://localhost:" + std::to_string(plain.port()) + "/"}).failure,
            HttpFailure::kTls);
}

TEST_F(HttpClientTest, SendsManyAtOnceAndStopsWithSomeUnderWay) {
  auto receiver = Receiver({.status = 204});
  RawServer silent([](int fd, const std::atomic<bool>& stopping) { testing::Linger(fd, stopping); });
  HttpClient client(Allowing());
  std::atomic<int> delivered = 0, hung = 0;
  client.Post({.url = Local(silent.port())}, [&](HttpResult) { ++hung; });
  for (int i = 0; i < 100; ++i) {
    client.Post({.url = Local(receiver->port()), .body = std::string(static_cast<std::size_t>(i), 'b')},
                [&](HttpResult r) { delivered += r.status == 204; });
  }
  EXPECT_EQ(PostBy(client, {.url = Local(receiver->port())}).status, 204);
  for (auto end = DeadlineIn(std::chrono::minutes(1)); delivered < 100 && Remaining(end).count() > 0;)
    std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(delivered, 100);
  client.Stop();
  client.Post({.url = Local(receiver->port())}, [&](HttpResult) { ++hung; });
  EXPECT_EQ(hung, 0);
}

}  // namespace
}  // namespace lanting::net
