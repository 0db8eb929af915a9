// Calls to a real gRPC server.
#include "gateway/upstream/caller.h"

#include <gtest/gtest.h>

#include <future>

#include "gateway/upstream/test_servers.h"
#include "platform/http/io.h"

namespace lanting::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

UpstreamOptions To(const std::string& target) { return {.name = "membership", .target = target, .timing = Quick()}; }

UpstreamCall Echo(const std::string& text) { return {.method = "/t/Echo", .request = text, .timeout = seconds(30)}; }

TEST(Upstream, MessagesOfAnySizeComeBackAsTheyWere) {
  GrpcServer server;
  Upstream upstream(To(server.target()));
  std::string large(10 * 1024 * 1024, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 >> 3);
  for (const std::string& text : {std::string(), std::string("永和九年，岁在癸丑"), std::string("\0\xff", 2), large}) {
    auto reply = Ask(upstream, Echo(text));
    ASSERT_TRUE(reply.ok()) << reply.error().internal;
    EXPECT_TRUE(reply->message == text) << text.size() << " bytes";
  }
  EXPECT_TRUE(Eventually([&] { return upstream.Serving(); }));
}

TEST(Upstream, ErrorsComeWithTheirDetails) {
  GrpcServer server;
  Upstream upstream(To(server.target()));
  auto reply = Ask(upstream, {.method = "/t/Fail", .timeout = seconds(30)});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::kNotFound);
  EXPECT_EQ(reply.error().reason, "MEMBER_NOT_FOUND");
  EXPECT_EQ(reply.error().message, "没有这个成员 (100%)");
  EXPECT_EQ(reply.error().metadata.at("member"), "王羲之");

  reply = Ask(upstream, {.method = "/t/Foreign", .timeout = seconds(30)});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::kUnavailable);
  EXPECT_EQ(reply.error().message.find("10.0.0.7"), std::string::npos) << "addresses are for the log";
  EXPECT_NE(reply.error().internal.find("数据库 10.0.0.7"), std::string::npos);
}

TEST(Upstream, MetadataGoesAndWhatIsWantedComes) {
  GrpcServer server;
  Upstream upstream(To(server.target()));
  const std::string bytes("\0\x01\xff", 3);
  auto reply = Ask(upstream, {.method = "/t/Seen",
                              .timeout = seconds(30),
                              .authorization = "Bearer lt_live_abc",
                              .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                              .metadata = {{"x-forwarded-for", "203.0.113.7"},
                                           {"x-mark-bin", bytes},
                                           {"Bad Name", "x"},
                                           {"x-broken", "a\r\nb"},
                                           {"grpc-timeout", "1n"},
                                           {":path", "/other"}},
                              .want_metadata = {"x-note", "x-raw-bin"}});
  ASSERT_TRUE(reply.ok()) << reply.error().internal;
  EXPECT_EQ(reply->metadata, (Metadata{{"x-note", "1"}, {"x-raw-bin", std::string("\0\xff\x01", 3)}}));
  const auto seen = server.last_metadata();
  auto one = [&](const std::string& name) {
    return seen.count(name) == 1 ? seen.find(name)->second : std::to_string(seen.count(name)) + " times";
  };
  EXPECT_EQ(one("authorization"), "Bearer lt_live_abc");
  EXPECT_EQ(one("traceparent"), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  EXPECT_EQ(one("x-forwarded-for"), "203.0.113.7");
  EXPECT_EQ(one("x-mark-bin"), bytes);
  EXPECT_EQ(seen.count("x-broken"), 0u);
  EXPECT_GT(server.last_deadline_ms(), 15'000);
  EXPECT_LE(server.last_deadline_ms(), 30'100);
}

TEST(Upstream, ADeadlineEndsACallThatHangs) {
  GrpcServer server;
  Upstream upstream(To(server.target()));
  auto reply = Ask(upstream, {.method = "/t/Hang", .timeout = milliseconds(50)});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, Code::kDeadlineExceeded);
  EXPECT_TRUE(Eventually([&] { return server.cancelled() == 1; }));
}

TEST(Upstream, CancelReachesTheService) {
  GrpcServer server;
  Upstream upstream(To(server.target()));
  ASSERT_TRUE(Ask(upstream, Echo("ready")).ok());
  std::promise<Replied> answer;
  auto cancel = upstream.Call({.method = "/t/Hang", .request = "hang", .timeout = seconds(300)},
                              [&](Replied reply) { answer.set_value(std::move(reply)); });
  ASSERT_TRUE(Eventually([&] { return server.last_deadline_ms() > 200'000; })) << "it has arrived";
  cancel();
  cancel();
  EXPECT_EQ(answer.get_future().get().error().code, Code::kCancelled);
  EXPECT_TRUE(Eventually([&] { return server.cancelled() == 1; }));
}

TEST(Upstream, CancelAtOnceNeverLosesTheAnswer) {
  GrpcServer server;
  Upstream upstream(To(server.target()));
  std::atomic<int> answered{0};
  constexpr int kCalls = 2000;
  for (int i = 0; i < kCalls; ++i) upstream.Call(Echo("x"), [&](const Replied&) { ++answered; })();
  EXPECT_TRUE(Eventually([&] { return answered == kCalls; }));
  EXPECT_TRUE(Ask(upstream, Echo("after")).ok());
}

TEST(Upstream, ManyThreadsAndChannels) {
  GrpcServer server;
  auto io = std::make_shared<http::Io>(3);
  UpstreamOptions options = To(server.target());
  options.channels = 3;
  options.io = io;
  options.max_waiting = 5000;
  Upstream upstream(options);
  std::atomic<int> wrong{0}, ended{0};
  constexpr int kThreads = 4, kCalls = 500;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        const std::string text = std::to_string(t) + "兰" + std::to_string(i);
        const bool cancelled = i % 50 == 49;
        auto cancel = upstream.Call(Echo(text), [&, text, cancelled](const Replied& reply) {
          if (!reply.ok() && cancelled ? reply.error().code != Code::kCancelled : !reply.ok() || reply->message != text)
            ++wrong;
          ++ended;
        });
        if (cancelled) cancel();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(Eventually([&] { return ended == kThreads * kCalls; }));
  EXPECT_EQ(wrong, 0);
}

TEST(Upstream, MayEndWhileItsLastCallIsAnswered) {
  GrpcServer server;
  auto io = std::make_shared<http::Io>(2);
  std::atomic<int> answered{0};
  constexpr int kTimes = 200;
  for (int i = 0; i < kTimes; ++i) {
    UpstreamOptions options = To(i % 2 == 0 ? server.target() : "127.0.0.1:1");
    options.io = i % 4 == 0 ? nullptr : io;
    Upstream upstream(options);
    upstream.Call({.method = "/grpc.health.v1.Health/Check", .timeout = milliseconds(2000)}, [&](const Replied& reply) {
      EXPECT_TRUE(i % 2 == 0 || !reply.ok());
      ++answered;
    });
  }
  EXPECT_EQ(answered, kTimes) << "the end waits for the answers";
}

TEST(UpstreamStream, MessagesOneByOneThenTheEnd) {
  GrpcServer server;
  Upstream upstream(To(server.target()));
  auto stream = upstream.Stream({.method = "/t/Stream", .request = "40", .timeout = seconds(60)});
  for (int left = 40; left > 0; --left) {
    auto message = NextOf(*stream);
    ASSERT_TRUE(message.ok()) << message.error().internal;
    ASSERT_TRUE(message->has_value());
    EXPECT_EQ((*message)->size(), 16u * 1024);
    EXPECT_TRUE((*message)->starts_with(std::to_string(left) + "兰"));
  }
  for (int again = 0; again < 2; ++again) {
    auto end = NextOf(*stream);
    ASSERT_TRUE(end.ok());
    EXPECT_FALSE(end->has_value());
  }
}

TEST(UpstreamStream, ErrorsAndDeadlinesEndIt) {
  GrpcServer server;
  Upstream upstream(To(server.target()));
  auto failing = upstream.Stream({.method = "/t/Fail", .timeout = seconds(60)});
  EXPECT_EQ(NextOf(*failing).error().reason, "MEMBER_NOT_FOUND");
  auto hanging = upstream.Stream({.method = "/t/Hang", .timeout = milliseconds(50)});
  EXPECT_EQ(NextOf(*hanging).error().code, Code::kDeadlineExceeded);
}

TEST(UpstreamStream, ASlowConsumerHoldsTheServiceBack) {
  GrpcServer server;
  Upstream upstream(To(server.target()));
  constexpr int kMessages = 2000;  // 32 MiB
  auto slow = upstream.Stream({.method = "/t/Stream", .request = std::to_string(kMessages), .timeout = seconds(120)});
  ASSERT_TRUE(NextOf(*slow).ok());
  // Another stream of the same connection is not held back with it.
  auto fast = upstream.Stream({.method = "/t/Stream", .request = "200", .timeout = seconds(120)});
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(NextOf(*fast).value().has_value());
  EXPECT_LT(server.written() - 200, 200) << "of " << kMessages
                                         << "; a window is 16 messages, the rest is gRPC's buffer";
  for (int i = 1; i < kMessages; ++i) ASSERT_TRUE(NextOf(*slow).value().has_value());
  EXPECT_FALSE(NextOf(*slow).value().has_value());
}

TEST(UpstreamStream, DroppingItReachesTheService) {
  GrpcServer server;
  Upstream upstream(To(server.target()));
  auto stream = upstream.Stream({.method = "/t/Stream", .request = "1000000", .timeout = seconds(300)});
  ASSERT_TRUE(NextOf(*stream).ok());
  stream.reset();
  EXPECT_TRUE(Eventually([&] { return server.cancelled() == 1; }));
}

}  // namespace
}  // namespace lanting::gateway
