#include "platform/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <future>

#include "platform/http/server_test_support.h"

namespace lanting::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class ServerTest : public testing::Test {
 protected:
  Held held_;
  Server server_{{}, held_.handler()};
};

TEST_F(ServerTest, EchoesMethodTargetHeadersAndBody) {
  auto connection = Connect(server_);
  for (const auto& [method, body] :
       std::vector<std::pair<std::string, std::string>>{{"GET", ""},
                                                        {"POST", "{\"displayName\":\"晨跑团\"}"},
                                                        {"DELETE", ""},
                                                        {"PATCH", std::string(300'000, 'x')}}) {
    auto response = connection.Call(method, "/v1/communities?filter=a%20b", {}, body, Soon());
    ASSERT_TRUE(response.ok()) << response.error().internal;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, method + " " + body);
    EXPECT_EQ(response->Header("x-target"), "/v1/communities?filter=a%20b");
  }
  EXPECT_EQ(server_.connections(), 1u);
}

TEST_F(ServerTest, EveryAnswerCarriesItsDate) {
  auto connection = Connect(server_);
  for (const char* method : {"GET", "HEAD"}) {
    const std::time_t before = std::time(nullptr);
    auto response = connection.Call(method, "/", {}, "", Soon());
    ASSERT_TRUE(response.ok());
    const std::string date(response->Header("Date"));
    std::tm t{};
    const char* end = strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &t);
    ASSERT_TRUE(end != nullptr && *end == '\0') << date;
    EXPECT_EQ(date.size(), 29u) << date;
    EXPECT_GE(timegm(&t), before);
    EXPECT_LE(timegm(&t), std::time(nullptr));
  }
  ASSERT_TRUE(connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n", Soon()).ok());
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  exchange->respond({.headers = {{"date", "yesterday"}}});
  auto response = connection.Receive("GET", Soon());
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(std::count_if(response->headers.begin(), response->headers.end(),
                          [](const auto& header) { return header.first == "Date" || header.first == "date"; }),
            1);
  EXPECT_NE(response->Header("Date"), "yesterday");
}

TEST_F(ServerTest, HeaderLooksUpWithoutCase) {
  Request request{.headers = {{"Idempotency-Key", "k1"}, {"idempotency-key", "k2"}}};
  EXPECT_EQ(request.Header("IDEMPOTENCY-KEY"), "k1");
  EXPECT_EQ(request.Header("Authorization"), "");
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  auto connection = Connect(server_);
  ASSERT_TRUE(connection
                  .Send("GET /held/1 HTTP/1.1\r\nHost: a\r\n\r\n"
                        "POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                        "\r\nGET /three HTTP/1.1\r\nHost: a\r\n\r\n",
                        Soon())
                  .ok());
  auto first = held_.Take(0);
  ASSERT_TRUE(first);
  first->respond({.body = "one"});
  EXPECT_EQ(connection.Receive("GET", Soon())->body, "one");
  EXPECT_EQ(connection.Receive("POST", Soon())->body, "POST abc");
  EXPECT_EQ(connection.Receive("GET", Soon())->Header("X-Target"), "/three");
}

TEST_F(ServerTest, ADeepPipelineIsServedWhileOneRequestWaits) {
  auto connection = Connect(server_);
  std::string many = "GET /held HTTP/1.1\r\nHost: a\r\n\r\n";
  for (int i = 0; i < 2000; ++i) many += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  std::thread sender([&] { EXPECT_TRUE(connection.Send(many, Soon()).ok()); });
  auto first = held_.Take(0);
  sender.join();
  ASSERT_TRUE(first);
  first->respond({.body = "one"});
  EXPECT_EQ(connection.Receive("GET", Soon())->body, "one");
  for (int i = 0; i < 2000; ++i) {
    auto response = connection.Receive("GET", Soon());
    ASSERT_TRUE(response.ok());
    ASSERT_EQ(response->Header("X-Target"), "/" + std::to_string(i));
  }
}

TEST_F(ServerTest, HeadHasHeadersOnly) {
  auto connection = Connect(server_);
  auto response = connection.Call("HEAD", "/x", {}, "", Soon());
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->Header("Content-Length"), "5");
  EXPECT_EQ(connection.Call("GET", "/x", {}, "", Soon())->body, "GET ");  // nothing of a body was left behind
}

TEST_F(ServerTest, Http10AndConnectionCloseEndTheConnection) {
  for (const char* request : {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                              "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"}) {
    auto response = Raw(server_, request);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.Header("Connection"), "close");
  }
  EXPECT_TRUE(Eventually([&] { return server_.connections() == 0; }));
}

TEST_F(ServerTest, ChunkedUploadIsPutTogetherAndItsTrailersAreNotHeaders) {
  auto connection = Connect(server_);
  ASSERT_TRUE(connection
                  .Send("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "5;ext=1\r\nhello\r\n",
                        Soon())
                  .ok());
  ASSERT_TRUE(connection.Send("6\r\n, 世\r\n0\r\nHost: evil\r\nX-A: b\r\n\r\n", Soon()).ok());
  auto response = connection.Receive("POST", Soon());
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 400);  // 6 bytes announced, 5 sent

  auto again = Raw(server_,
                   "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "5;ext=1\r\nhello\r\n5\r\n, 世\r\n0\r\nHost: evil\r\nX-A: b\r\n\r\n",
                   "POST");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, "POST hello, 世");
}

TEST_F(ServerTest, ContinueIsSentBeforeTheBody) {
  auto connection = Connect(server_);
  ASSERT_TRUE(
      connection.Send("POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-Continue\r\n\r\n", Soon()).ok());
  auto interim = connection.Receive("POST", Soon());
  ASSERT_TRUE(interim.ok());
  EXPECT_EQ(interim->status, 100);
  ASSERT_TRUE(connection.Send("body", Soon()).ok());
  EXPECT_EQ(connection.Receive("POST", Soon())->body, "POST body");
}

TEST_F(ServerTest, AbsoluteFormIsServedByItsPath) {
  EXPECT_EQ(Raw(server_, "GET http://example.org:80/v1/x?y=1 HTTP/1.1\r\nHost: example.org\r\n\r\n").Header("X-Target"),
            "/v1/x?y=1");
  EXPECT_EQ(Raw(server_, "GET HTTPS://example.org?y HTTP/1.1\r\nHost: example.org\r\n\r\n").Header("X-Target"), "/?y");
  EXPECT_EQ(Raw(server_, "GET http://example.org HTTP/1.1\r\nHost: example.org\r\n\r\n").Header("X-Target"), "/");
}

TEST_F(ServerTest, AnAnswerMayComeFromAnyThreadAndCountsOnce) {
  auto connection = Connect(server_);
  ASSERT_TRUE(connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n", Soon()).ok());
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { exchange->respond({.body = "once"}); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(connection.Receive("GET", Soon())->body, "once");
  EXPECT_EQ(connection.Call("GET", "/next", {}, "", Soon())->body, "GET ");
}

TEST_F(ServerTest, AHandlersHeadersCannotBreakTheMessage) {
  auto connection = Connect(server_);
  ASSERT_TRUE(connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n", Soon()).ok());
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  exchange->respond(
      {.headers = {{"X-Evil", "a\r\nX-Injected: 1"}, {"Content-Length", "99"}, {"X-Good", "群"}}, .body = "ok"});
  auto response = connection.Receive("GET", Soon());
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->Header("X-Injected"), "");
  EXPECT_EQ(response->Header("X-Evil"), "");
  EXPECT_EQ(response->Header("Content-Length"), "2");
  EXPECT_EQ(response->Header("X-Good"), "群");
}

TEST_F(ServerTest, ADroppedExchangeIs500) {
  auto connection = Connect(server_);
  ASSERT_TRUE(connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n", Soon()).ok());
  ASSERT_TRUE(held_.Take(0));
  held_.Clear();
  EXPECT_EQ(connection.Receive("GET", Soon())->status, 500);
}

TEST(ServerHandlerTest, AThrowingHandlerIs500AndTheServerLives) {
  std::promise<std::string> what;
  ServerOptions options;
  options.on_exception = [&](std::string_view text) { what.set_value(std::string(text)); };
  Server server(options, [](std::shared_ptr<Exchange> exchange) {
    if (exchange->request.target == "/throw") throw std::runtime_error("secret detail");
    exchange->respond({.body = "alive"});
  });
  auto connection = Connect(server);
  auto response = connection.Call("GET", "/throw", {}, "", Soon());
  EXPECT_EQ(response->status, 500);
  EXPECT_THAT(response->body, ::testing::Not(HasSubstr("secret")));
  EXPECT_EQ(what.get_future().get(), "secret detail");
  EXPECT_EQ(connection.Call("GET", "/", {}, "", Soon())->body, "alive");
}

TEST_F(ServerTest, AClientThatGoesCancelsItsRequest) {
  std::promise<void> cancelled;
  {
    auto connection = Connect(server_);
    // The second request was sent ahead: it must neither hide that the client goes nor be run afterwards.
    ASSERT_TRUE(
        connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\nGET /held/2 HTTP/1.1\r\nHost: a\r\n\r\n", Soon()).ok());
    auto exchange = held_.Take(0);
    ASSERT_TRUE(exchange);
    exchange->on_cancel([&] { cancelled.set_value(); });
  }
  ASSERT_EQ(cancelled.get_future().wait_until(Soon()), std::future_status::ready);
  EXPECT_TRUE(Eventually([&] { return server_.connections() == 0; }));
  auto exchange = held_.Take(0);
  exchange->respond({.body = "too late"});
  bool at_once = false;
  exchange->on_cancel([&] { at_once = true; });
  EXPECT_TRUE(at_once);
  EXPECT_EQ(held_.size(), 1u);
}

TEST_F(ServerTest, AnAnsweredRequestIsNotCancelled) {
  std::atomic<bool> cancelled{false};
  {
    auto connection = Connect(server_);
    ASSERT_TRUE(connection.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n", Soon()).ok());
    auto exchange = held_.Take(0);
    ASSERT_TRUE(exchange);
    exchange->on_cancel([&] { cancelled = true; });
    exchange->respond({});
    EXPECT_EQ(connection.Receive("GET", Soon())->status, 200);
  }
  EXPECT_TRUE(Eventually([&] { return server_.connections() == 0; }));
  EXPECT_FALSE(cancelled);
}

TEST_F(ServerTest, DrainAnswersWhatIsInFlightClosesTheIdleAndRefusesTheNew) {
  auto idle = Connect(server_);
  ASSERT_TRUE(idle.Call("GET", "/", {}, "", Soon()).ok());
  auto busy = Connect(server_);
  ASSERT_TRUE(busy.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n", Soon()).ok());
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);

  std::thread draining([&] { server_.Drain(milliseconds(20'000)); });
  EXPECT_TRUE(ClosedByServer(idle));
  EXPECT_TRUE(Eventually([&] { return !ClientConnection::Connect("127.0.0.1", server_.port(), Soon()).ok(); }));
  exchange->respond({.body = "done"});
  auto response = busy.Receive("GET", Soon());
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->body, "done");
  EXPECT_EQ(response->Header("Connection"), "close");
  draining.join();
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_F(ServerTest, DrainGivesUpAfterItsGrace) {
  auto busy = Connect(server_);
  ASSERT_TRUE(busy.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n", Soon()).ok());
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  std::atomic<bool> cancelled{false};
  exchange->on_cancel([&] { cancelled = true; });
  server_.Drain(milliseconds(50));
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(ClosedByServer(busy));
  exchange->respond({});  // the server is gone: nothing happens
}

TEST_F(ServerTest, ABusyPortIsAClearError) {
  ServerOptions options{.address = "127.0.0.1:" + std::to_string(server_.port())};
  try {
    Server second(options, held_.handler());
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& e) {
    EXPECT_EQ(std::string(e.what()), "cannot listen on " + options.address + ": address already in use");
  }
  for (const char* bad : {"nonsense", "127.0.0.1:99999", "127.0.0.1:http"}) {
    EXPECT_THROW(Server({.address = bad}, held_.handler()), std::runtime_error) << bad;
  }
}

TEST(ServerLoadTest, SixtyFourKeepAliveConnectionsAreAllAnswered) {
  // Half of the answers come from another thread, as a gateway's do.
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::shared_ptr<Exchange>> queue;
  bool stop = false;
  std::thread worker([&] {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return stop || !queue.empty(); });
      if (queue.empty()) return;
      auto batch = std::exchange(queue, {});
      lock.unlock();
      for (auto& exchange : batch) exchange->respond({.body = exchange->request.target});
      lock.lock();
    }
  });
  Server server({.threads = 2}, [&](std::shared_ptr<Exchange> exchange) {
    if (exchange->request.target.back() % 2 == 0) return exchange->respond({.body = exchange->request.target});
    std::lock_guard lock(mutex);
    queue.push_back(std::move(exchange));
    changed.notify_one();
  });
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 64; ++c) {
    clients.emplace_back([&, c] {
      auto connection = Connect(server);
      for (int i = 0; i < 200; ++i) {
        std::string target = "/" + std::to_string(c) + "/" + std::to_string(i);
        auto response = connection.Call("GET", target, {}, "", Soon());
        if (!response.ok() || response->body != target) return;
        ++answered;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(answered, 64 * 200);
  {
    std::lock_guard lock(mutex);
    stop = true;
  }
  changed.notify_one();
  worker.join();
}

}  // namespace
}  // namespace lanting::http
