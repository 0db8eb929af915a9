// Services that answer wrongly, late, or not at all.
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>

#include <future>

#include "gateway/upstream/caller.h"
#include "gateway/upstream/test_servers.h"

namespace lanting::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

UpstreamOptions To(const std::string& target) { return {.name = "membership", .target = target, .timing = Quick()}; }
UpstreamCall Get() { return {.method = "/m/Get", .request = "兰亭", .timeout = seconds(30)}; }
UpstreamCall Read() {
  UpstreamCall call = Get();
  call.retry_safe = true;
  return call;
}

Code CodeOf(const Replied& reply) { return reply.ok() ? Code{} : reply.error().code; }

// What one answer becomes.
Replied AnswerTo(Answer answer, std::size_t max_reply = 1000) {
  H2Server server([&](const Seen&) { return answer; });
  UpstreamOptions options = To(server.target());
  options.max_reply_bytes = max_reply;
  Upstream upstream(options);
  Replied reply = Ask(upstream, Get());
  EXPECT_EQ(server.calls(), 1) << "not tried again";
  return reply;
}

TEST(UpstreamFaults, WhatIsNotAReply) {
  EXPECT_TRUE(AnswerTo(Says("好")).ok());
  const std::string half = Framed("12345678").substr(0, 9);
  struct Case {
    const char* what;
    Answer answer;
    Code code;
  };
  const Case cases[] = {
      {"half a message, then OK", {.body = half}, Code::kInternal},
      {"no message, then OK", {.body = {}}, Code::kInternal},
      {"two messages", {.body = Framed("a") + Framed("b")}, Code::kInternal},
      {"compressed", {.body = Framed("a", true)}, Code::kInternal},
      {"too long", {.body = Framed(std::string(1001, 'x'))}, Code::kInternal},
      {"says it is 4 GiB", {.body = std::string("\0\xff\xff\xff\xff", 5) + "x"}, Code::kInternal},
      {"no trailers", {.body = Framed("a"), .no_trailers = true}, Code::kInternal},
      {"a web page", {.content_type = "text/html", .body = "<html>", .no_trailers = true}, Code::kUnknown},
      {"a web page that is missing",
       {.status = 404, .content_type = "text/html", .body = "gone", .no_trailers = true},
       Code::kUnimplemented},
      {"a proxy without a service",
       {.status = 503, .content_type = "text/plain", .body = "no upstream", .no_trailers = true},
       Code::kUnavailable},
      {"a status after half a message",
       {.body = half, .trailers = {{"grpc-status", "8"}, {"grpc-message", "full"}}},
       Code::kResourceExhausted},
      {"a status of another world", {.body = {}, .trailers = {{"grpc-status", "77"}}}, Code::kUnknown},
      {"trailers only", Fails(5, "%E6%B2%A1%E6%9C%89"), Code::kNotFound},
      {"reset by the service", {.reset = NGHTTP2_INTERNAL_ERROR}, Code::kInternal},
      {"cancelled by the service", {.body = Framed("a"), .reset = NGHTTP2_CANCEL}, Code::kCancelled},
      {"headers without end",
       {.headers = Metadata(70, {"x-filler", std::string(1000, 'x')}), .body = Framed("a")},
       Code::kInternal},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    auto reply = AnswerTo(c.answer);
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().code, c.code) << reply.error().internal;
  }
}

TEST(UpstreamFaults, AnAnswerBeforeTheRequestWasReadEndsIt) {
  // The window is never opened, so most of the request stays here.
  RawServer server([](int socket) {
    char in[65536];
    if (recv(socket, in, sizeof in, 0) <= 0) return;
    const std::string settings("\0\0\0\4\0\0\0\0\0", 9);
    send(socket, settings.data(), settings.size(), MSG_NOSIGNAL);
    // HEADERS, END_STREAM|END_HEADERS, stream 3 (the first is the question for health): literals without indexing of a
    // trailers-only answer.
    auto literal = [](const std::string& name, const std::string& value) {
      return std::string(1, '\0') + static_cast<char>(name.size()) + name + static_cast<char>(value.size()) + value;
    };
    std::string block = literal(":status", "200") + literal("content-type", "application/grpc") +
                        literal("grpc-status", "8") + literal("grpc-message", "full");
    std::string frame{'\0', '\0', static_cast<char>(block.size()), '\1', '\5', '\0', '\0', '\0', '\3'};
    std::size_t received = 0;
    for (ssize_t n = 0; (n = recv(socket, in, sizeof in, 0)) > 0;) {
      const bool before = received < 60'000;
      received += static_cast<std::size_t>(n);
      if (!before || received < 60'000) continue;
      frame += block;
      send(socket, frame.data(), frame.size(), MSG_NOSIGNAL);
    }
  });
  UpstreamOptions options = To(server.target());
  options.timing.probe_every = seconds(600);
  Upstream upstream(options);
  UpstreamCall call = Get();
  call.request.assign(1024 * 1024, 'x');
  EXPECT_EQ(CodeOf(Ask(upstream, call)), Code::kResourceExhausted);
}

TEST(UpstreamFaults, GarbageInsteadOfHttp2) {
  for (const std::string& garbage :
       {std::string("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), std::string(4096, '\xff'),
        std::string("\0\0\0\4\0\0\0\0\0", 9) + std::string(500, '\x07'), std::string("-ERR unknown\r\n")}) {
    RawServer server([&](int socket) {
      char in[4096];
      if (recv(socket, in, sizeof in, 0) <= 0) return;
      send(socket, garbage.data(), garbage.size(), MSG_NOSIGNAL);
      while (recv(socket, in, sizeof in, 0) > 0) continue;
    });
    Upstream upstream(To(server.target()));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(CodeOf(Ask(upstream, Get())), Code::kUnavailable) << garbage.substr(0, 8);
    EXPECT_FALSE(upstream.Serving());
  }
}

TEST(UpstreamFaults, NobodyThereAnswersAtOnce) {
  Upstream upstream(To("127.0.0.1:1"));
  UpstreamCall call = Get();
  call.timeout = seconds(600);
  auto reply = Ask(upstream, call);
  EXPECT_EQ(CodeOf(reply), Code::kUnavailable);
  EXPECT_NE(reply.error().internal.find("refused"), std::string::npos) << reply.error().internal;
  Upstream nameless(To("no-such-host.invalid:80"));
  EXPECT_EQ(CodeOf(Ask(nameless, call)), Code::kUnavailable);
}

TEST(UpstreamFaults, AcceptsAndSaysNothing) {
  RawServer server([](int socket) {
    char in[4096];
    while (recv(socket, in, sizeof in, 0) > 0) continue;
  });
  UpstreamOptions options = To(server.target());
  options.timing.connect_timeout = milliseconds(100);
  Upstream upstream(options);
  UpstreamCall call = Get();
  call.timeout = seconds(600);
  EXPECT_EQ(CodeOf(Ask(upstream, call)), Code::kUnavailable) << "the attempt to connect has its own bound";
  EXPECT_TRUE(Eventually([&] { return server.accepted() >= 3; })) << "and is repeated";
}

TEST(UpstreamFaults, KilledDuringACallAndBackHealsByItself) {
  std::atomic<bool> hang{true};
  H2Server server([&](const Seen&) { return hang ? Answer{.hang = true} : Says("好"); });
  Upstream upstream(To(server.target()));
  std::promise<Replied> answer;
  upstream.Call(Get(), [&](Replied reply) { answer.set_value(std::move(reply)); });
  ASSERT_TRUE(Eventually([&] { return server.calls() == 1; }));
  server.raw().Stop();
  auto lost = answer.get_future().get();
  EXPECT_EQ(CodeOf(lost), Code::kUnavailable) << "it may have been done: not repeated";
  EXPECT_EQ(CodeOf(Ask(upstream, Get())), Code::kUnavailable);
  EXPECT_TRUE(Eventually([&] { return !upstream.Serving(); }));
  hang = false;
  server.raw().Start();
  EXPECT_TRUE(Eventually([&] { return Ask(upstream, Get()).ok(); }));
  EXPECT_TRUE(Eventually([&] { return upstream.Serving(); }));
}

TEST(UpstreamFaults, HungAndAwakeAgain) {
  H2Server server([](const Seen&) { return Says("好"); });
  Upstream upstream(To(server.target()));
  ASSERT_TRUE(Ask(upstream, Get()).ok());
  server.Freeze(true);
  UpstreamCall call = Get();
  call.timeout = milliseconds(100);
  EXPECT_EQ(CodeOf(Ask(upstream, call)), Code::kDeadlineExceeded);
  EXPECT_TRUE(Eventually([&] { return !upstream.Serving(); })) << "its health is not known any more";
  server.Freeze(false);
  EXPECT_TRUE(Ask(upstream, Get()).ok());
  EXPECT_TRUE(Eventually([&] { return upstream.Serving(); }));
}

TEST(UpstreamFaults, ASilentConnectionIsFoundDead) {
  H2Server server([](const Seen&) { return Says("好"); });
  UpstreamOptions options = To(server.target());
  options.timing.keepalive_every = milliseconds(100);
  options.timing.keepalive_timeout = milliseconds(100);
  Upstream upstream(options);
  ASSERT_TRUE(Ask(upstream, Get()).ok());
  server.Freeze(true);
  UpstreamCall call = Get();
  call.timeout = seconds(600);
  EXPECT_EQ(CodeOf(Ask(upstream, call)), Code::kUnavailable) << "long before its deadline";
  server.Freeze(false);
  EXPECT_TRUE(Eventually([&] { return Ask(upstream, Get()).ok(); }));
}

TEST(UpstreamFaults, RefusedStreamsAreTriedAgainWhateverTheCall) {
  std::atomic<int> refusals{1};
  H2Server server([&](const Seen&) { return refusals-- > 0 ? Answer{.reset = NGHTTP2_REFUSED_STREAM} : Says("好"); });
  Upstream upstream(To(server.target()));
  EXPECT_TRUE(Ask(upstream, Get()).ok());
  EXPECT_EQ(server.calls(), 2);
  refusals = 2;
  EXPECT_TRUE(Ask(upstream, Get()).ok());
  refusals = 3;
  EXPECT_EQ(CodeOf(Ask(upstream, Get())), Code::kUnavailable) << "at most two further tries";
  EXPECT_EQ(server.calls(), 2 + 3 + 3);
}

TEST(UpstreamFaults, UnavailableIsTriedAgainOnlyIfSafeAndWithinTheBudget) {
  std::atomic<bool> down{true};
  H2Server server([&](const Seen&) { return down ? Fails(14, "postgres") : Says("好"); });
  Upstream upstream(To(server.target()));
  EXPECT_EQ(CodeOf(Ask(upstream, Get())), Code::kUnavailable);
  EXPECT_EQ(server.calls(), 1);
  EXPECT_EQ(CodeOf(Ask(upstream, Read())), Code::kUnavailable);
  EXPECT_EQ(server.calls(), 4);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(CodeOf(Ask(upstream, Read())), Code::kUnavailable);
  EXPECT_LE(server.calls(), 4 + 50 + 4) << "an outage is not multiplied";
  down = false;
  for (int i = 0; i < 120; ++i) EXPECT_TRUE(Ask(upstream, Read()).ok());
  down = true;
  const int before = server.calls();
  EXPECT_EQ(CodeOf(Ask(upstream, Read())), Code::kUnavailable);
  EXPECT_EQ(server.calls() - before, 3) << "and the budget comes back";
}

TEST(UpstreamFaults, NeverTriedAgainAfterTheDeadline) {
  H2Server server([&](const Seen&) { return Fails(14); });
  Upstream upstream(To(server.target()));
  ASSERT_FALSE(Ask(upstream, Get()).ok());
  UpstreamCall call = Read();
  call.timeout = milliseconds(50);  // less than a pause may take
  const int before = server.calls();
  EXPECT_FALSE(Ask(upstream, call).ok());
  EXPECT_LE(server.calls() - before, 1);
}

TEST(UpstreamFaults, StreamsAreLimitedByTheServiceAndTheRestWaits) {
  H2Server server([](const Seen&) { return Says("好"); }, 4);
  Upstream upstream(To(server.target()));
  std::atomic<int> good{0};
  for (int i = 0; i < 300; ++i) upstream.Call(Get(), [&](const Replied& reply) { good += reply.ok(); });
  EXPECT_TRUE(Eventually([&] { return good == 300; }));
  EXPECT_LE(server.most_open(), 4);
}

TEST(UpstreamFaults, AServiceThatReadsThreeBytesAtATime) {
  H2Server server([](const Seen& seen) { return Says(seen.message); }, 1000, 3);
  Upstream upstream(To(server.target()));
  for (const std::string& text : {std::string(), std::string("永和九年，岁在癸丑，暮春之初")}) {
    UpstreamCall call = Get();
    call.request = text;
    auto reply = Ask(upstream, call);
    ASSERT_TRUE(reply.ok()) << reply.error().internal;
    EXPECT_EQ(reply->message, text);
  }
}

TEST(UpstreamFaults, TheQueueHasABoundAndHonoursDeadlines) {
  H2Server server([](const Seen&) { return Answer{.hang = true}; }, 2);
  UpstreamOptions options = To(server.target());
  options.max_waiting = 10;
  options.timing.probe_every = seconds(600);  // takes no stream
  Upstream upstream(options);
  ASSERT_TRUE(Eventually([&] { return upstream.Serving(); }));
  std::map<Code, int> codes;
  std::mutex mutex;
  std::atomic<int> ended{0};
  for (int i = 0; i < 20; ++i) {
    UpstreamCall call = Get();
    call.timeout = milliseconds(300);
    upstream.Call(call, [&](const Replied& reply) {
      std::lock_guard lock(mutex);
      ++codes[CodeOf(reply)];
      ++ended;
    });
  }
  EXPECT_TRUE(Eventually([&] { return ended == 20; }));
  EXPECT_EQ(codes[Code::kResourceExhausted], 8);
  EXPECT_EQ(codes[Code::kDeadlineExceeded], 12);
}

TEST(UpstreamFaults, HalfAStreamThenDeath) {
  H2Server server([](const Seen&) {
    return Answer{.body = Framed("一") + Framed("二") + "\0", .hang = false, .reset = NGHTTP2_INTERNAL_ERROR};
  });
  Upstream upstream(To(server.target()));
  auto stream = upstream.Stream(Get());
  EXPECT_EQ(NextOf(*stream).value(), "一");
  EXPECT_EQ(NextOf(*stream).value(), "二");
  EXPECT_EQ(NextOf(*stream).error().code, Code::kInternal);
}

TEST(UpstreamFaults, AStreamIsTriedAgainOnlyBeforeItsFirstWord) {
  std::atomic<int> refusals{1};
  H2Server server([&](const Seen&) {
    return refusals-- > 0 ? Answer{.reset = NGHTTP2_REFUSED_STREAM} : Answer{.body = Framed("一") + Framed("二")};
  });
  Upstream upstream(To(server.target()));
  auto stream = upstream.Stream(Get());
  EXPECT_EQ(NextOf(*stream).value(), "一");
  EXPECT_EQ(NextOf(*stream).value(), "二");
  EXPECT_FALSE(NextOf(*stream).value().has_value());
}

}  // namespace
}  // namespace lanting::gateway
