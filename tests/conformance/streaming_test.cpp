// What of streams and of changing settings needs time: heartbeats, slow and leaving clients, draining, replacing.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "gateway/edge.h"
#include "gateway/transcode/error_writer.h"
#include "tests/conformance/live_gateway.h"

namespace lanting::testing {
namespace {

constexpr std::chrono::seconds kPatience{20};

class Stream {
 public:
  Stream(const LiveGateway::Front& front, const std::string& query, const std::string& accept = "*/*",
         const std::string& path = "/v1/stream")
      : connection_(LiveGateway::Connect(front)) {
    const std::string key = LiveGateway::Instance().key;
    EXPECT_TRUE(connection_
                    .Send("GET " + path + "?" + query + " HTTP/1.1\r\nHost: lanting.test\r\nAuthorization: Bearer " +
                              key + "\r\nAccept: " + accept + "\r\n\r\n",
                          deadline_)
                    .ok());
  }
  // Reads until `text` has come `times` times.
  bool Until(const std::string& text, int times = 1) {
    while (Count(text) < times) {
      auto more = connection_.ReceiveSome(deadline_);
      if (!more.ok() || more->empty()) return false;
      received_ += *more;
    }
    return true;
  }
  bool UntilTheEnd() {
    while (true) {
      auto more = connection_.ReceiveSome(deadline_);
      if (!more.ok()) return false;
      if (more->empty()) return true;
      received_ += *more;
    }
  }
  const std::string& received() const { return received_; }

 private:
  int Count(const std::string& text) const {
    int n = 0;
    for (auto at = received_.find(text); at != std::string::npos; at = received_.find(text, at + text.size())) ++n;
    return n;
  }

  const Deadline deadline_ = DeadlineIn(kPatience);
  http::ClientConnection connection_;
  std::string received_;
};

void AwaitReady(const gateway::Gateway& gateway) {
  const Deadline deadline = DeadlineIn(kPatience);
  while (!gateway.NotReady().empty() && Remaining(deadline).count() > 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

bool Eventually(const std::function<bool()>& holds) {
  const Deadline deadline = DeadlineIn(kPatience);
  while (!holds() && Remaining(deadline).count() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return holds();
}

gateway::Config Settings(std::chrono::milliseconds heartbeat) {
  gateway::Config config = LiveGateway::Instance().Settings();
  config.heartbeat = heartbeat;
  return config;
}

TEST(StreamingTest, AQuietStreamSaysThatItLives) {
  LiveGateway::Front front(Settings(std::chrono::milliseconds(50)));
  AwaitReady(front.gateway);
  Stream lines(front, "text=open");
  EXPECT_TRUE(lines.Until("1\r\n\n\r\n", 3)) << lines.received();
  Stream events(front, "text=open&kinds.int32Value=1", "text/event-stream");
  EXPECT_TRUE(events.Until(": heartbeat\n\n", 3)) << events.received();
  EXPECT_LT(events.received().find("data: {\"name\":\"things/0\""), events.received().find(": heartbeat"));
}

TEST(StreamingTest, AClientThatGoesEndsTheCall) {
  LiveGateway& live = LiveGateway::Instance();
  LiveGateway::Front front(Settings(std::chrono::seconds(15)));
  AwaitReady(front.gateway);
  const int cancelled = live.echo.cancelled();
  {
    Stream stream(front, "text=open&kinds.int32Value=1");
    ASSERT_TRUE(stream.Until("things/0"));
  }
  EXPECT_TRUE(Eventually([&] { return live.echo.cancelled() == cancelled + 1; }));
}

TEST(StreamingTest, ASlowClientSlowsTheServiceDown) {
  LiveGateway& live = LiveGateway::Instance();
  LiveGateway::Front front(Settings(std::chrono::seconds(15)));
  AwaitReady(front.gateway);
  const int before = live.echo.streamed();
  Stream stream(front, "kinds.int32Value=3000&path=large");  // 300 MB
  ASSERT_TRUE(stream.Until("things/0"));
  // Whoever holds 100 MB of it would have asked the service for a thousand by the time that it has stood still.
  int last = -1;
  while (live.echo.streamed() != last) {
    last = live.echo.streamed();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  EXPECT_LT(last - before, 1'000);
  ASSERT_TRUE(stream.Until("things/100"));
  EXPECT_GE(live.echo.streamed() - before, 100);
}

TEST(StreamingTest, AFileThatBreaksOffDoesNotLookComplete) {
  LiveGateway::Front front(Settings(std::chrono::milliseconds(20)));
  AwaitReady(front.gateway);
  Stream whole(front, "kinds.int32Value=2", "*/*", "/v1/streamRaw");
  EXPECT_TRUE(whole.Until("things/1\n\r\n0\r\n\r\n")) << whole.received();
  Stream broken(front, "kinds.int32Value=2&failure.code=14", "*/*", "/v1/streamRaw");
  broken.UntilTheEnd();
  EXPECT_NE(broken.received().find("things/1\n"), std::string::npos) << broken.received();
  EXPECT_EQ(broken.received().find("\r\n0\r\n"), std::string::npos) << broken.received();
  EXPECT_EQ(broken.received().find("error"), std::string::npos);
  // No heartbeat is in it, and draining lets it come to its end.
  Stream quiet(front, "text=open&kinds.int32Value=1", "*/*", "/v1/streamRaw");
  ASSERT_TRUE(quiet.Until("things/0\n"));
  front.server.Drain(std::chrono::milliseconds(200));
  quiet.UntilTheEnd();
  EXPECT_TRUE(quiet.received().ends_with("things/0\n\r\n")) << quiet.received();
}

TEST(StreamingTest, DrainingEndsAStreamWithALastLine) {
  auto front = std::make_unique<LiveGateway::Front>(Settings(std::chrono::seconds(15)));
  AwaitReady(front->gateway);
  Stream open(*front, "text=open&kinds.int32Value=1"),
      events(*front, "text=open&kinds.int32Value=1", "text/event-stream");
  ASSERT_TRUE(open.Until("things/0"));
  ASSERT_TRUE(events.Until("things/0"));
  front->server.Drain(kPatience);
  EXPECT_TRUE(open.UntilTheEnd());
  EXPECT_NE(open.received().find(R"("status":"UNAVAILABLE")"), std::string::npos) << open.received();
  EXPECT_TRUE(open.received().ends_with("\r\n0\r\n\r\n"));
  EXPECT_TRUE(events.UntilTheEnd());
  EXPECT_NE(events.received().find("event: error\ndata: {\"error\":{\"code\":503"), std::string::npos);
}

TEST(EdgeTest, SettingsChangeUnderLoadWithoutAFailedRequest) {
  LiveGateway& live = LiveGateway::Instance();
  const auto io = std::make_shared<http::Io>(2);
  const auto make = [&] { return std::make_unique<gateway::Gateway>(live.Settings(), io); };
  gateway::Edge edge(make);
  ASSERT_TRUE(Eventually([&] { return edge.NotReady().empty(); }));
  http::Server server({.io = io,
                       .error_body = gateway::ServerErrorResponse,
                       .admit = [&](const http::Request& request) { return edge.Admit(request); }},
                      [&](std::shared_ptr<http::Exchange> exchange) { edge.Serve(std::move(exchange)); });
  std::atomic<bool> stop{false};
  std::atomic<int> good{0}, bad{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 4; ++c) {
    clients.emplace_back([&] {
      auto connection = http::ClientConnection::Connect("127.0.0.1", server.port(), DeadlineIn(kPatience));
      while (!stop && connection.ok()) {
        auto reply = connection->Call("POST", "/v1/shelves/s/things",
                                      {{"authorization", "Bearer " + live.key}, {"content-type", "application/json"}},
                                      R"({"displayName":"曲水流觞"})", DeadlineIn(kPatience));
        ++(reply.ok() && reply->status == 200 ? good : bad);
      }
    });
  }
  for (int i = 0; i < 10; ++i) {
    const int done = good;
    edge.Replace(make);
    EXPECT_TRUE(Eventually([&] { return good > done + 20 || bad > 0; }));
  }
  EXPECT_THROW(edge.Replace([&] {
    gateway::Config wrong = live.Settings();
    wrong.upstreams[0].package = "lanting.nobody.v1";
    return std::make_unique<gateway::Gateway>(wrong, io);
  }),
               gateway::BadSettings);
  stop = true;
  for (auto& client : clients) client.join();
  EXPECT_EQ(bad, 0);
  EXPECT_GT(good, 200);
  server.Drain(kPatience);
}

}  // namespace
}  // namespace lanting::testing
