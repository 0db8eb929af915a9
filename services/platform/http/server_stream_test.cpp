// Answers in pieces, and servers that share their threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>

#include "platform/http/io.h"
#include "platform/http/server_test_support.h"

namespace lanting::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class StreamTest : public testing::Test {
 protected:
  StreamTest() {
    options_.limits.write_timeout = milliseconds(200);
    options_.limits.idle_timeout = options_.limits.header_timeout = milliseconds(20'000);
    server_ = std::make_unique<Server>(options_, held_.handler());
  }
  // The exchange of a GET (or so) of /held.
  std::shared_ptr<Exchange> Begin(ClientConnection& connection, std::string_view method = "GET",
                                  std::string_view version = "1.1") {
    const std::string request = std::string(method) + " /held HTTP/" + std::string(version) + "\r\nHost: a\r\n\r\n";
    EXPECT_TRUE(connection.Send(request, Soon()).ok());
    return held_.Take(taken_++);
  }

  ServerOptions options_;
  Held held_;
  std::unique_ptr<Server> server_;
  std::size_t taken_ = 0;
};

TEST_F(StreamTest, PiecesArriveAsOneChunkedBodyAndTheConnectionGoesOn) {
  auto connection = Connect(*server_);
  auto exchange = Begin(connection);
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({.content_type = "application/x-ndjson", .headers = {{"X-A", "1"}}, .body = "no"});
  EXPECT_TRUE(Wrote(*stream, "{\"群\":\"晨跑团\"}\n"));
  EXPECT_TRUE(Wrote(*stream, ""));  // not the end of the body
  EXPECT_TRUE(Wrote(*stream, std::string(40'000, 'x')));
  bool last = false;
  stream->Write("end\n", [&](bool ok) { last = ok; });
  stream->End();
  auto response = connection.Receive("GET", Soon());
  ASSERT_TRUE(response.ok()) << response.error().internal;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->Header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(response->Header("Content-Length"), "");
  EXPECT_EQ(response->Header("X-A"), "1");
  EXPECT_EQ(response->body, "{\"群\":\"晨跑团\"}\n" + std::string(40'000, 'x') + "end\n");
  EXPECT_EQ(connection.Call("GET", "/next", {}, "", Soon())->Header("X-Target"), "/next");
  EXPECT_TRUE(last);
  EXPECT_FALSE(Wrote(*stream, "after the end"));
}

TEST_F(StreamTest, TheHeadAndEachPieceAreSentAtOnce) {
  auto connection = Connect(*server_);
  auto exchange = Begin(connection);
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({});
  std::string seen;
  // Reads raw until what is there ends so.
  auto read_to = [&](std::string_view end) {
    while (seen.size() < end.size() || seen.substr(seen.size() - end.size()) != end) {
      auto more = connection.ReceiveSome(Soon());
      if (!more.ok() || more->empty()) return false;
      seen += *more;
    }
    return true;
  };
  EXPECT_TRUE(read_to("\r\n\r\n")) << seen;
  stream->Write("one", [](bool) {});
  EXPECT_TRUE(read_to("3\r\none\r\n")) << seen;
  stream->Write("0123456789abcdef", [](bool) {});
  EXPECT_TRUE(read_to("10\r\n0123456789abcdef\r\n")) << seen;
  stream->End();
  EXPECT_TRUE(read_to("0\r\n\r\n")) << seen;
}

TEST_F(StreamTest, Http10ReadsUntilTheEndAndSeesABrokenBody) {
  auto connection = Connect(*server_);
  auto exchange = Begin(connection, "GET", "1.0");
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({});
  EXPECT_TRUE(Wrote(*stream, "one "));
  EXPECT_TRUE(Wrote(*stream, ""));
  EXPECT_TRUE(Wrote(*stream, "two"));
  stream->End();
  auto response = connection.Receive("GET", Soon());
  ASSERT_TRUE(response.ok()) << response.error().internal;
  EXPECT_EQ(response->Header("Transfer-Encoding"), "");
  EXPECT_EQ(response->Header("Content-Length"), "");
  EXPECT_EQ(response->body, "one two");

  auto broken = Connect(*server_);
  exchange = Begin(broken, "GET", "1.0");
  ASSERT_TRUE(exchange);
  stream = exchange->stream({});
  EXPECT_TRUE(Wrote(*stream, "one "));
  stream.reset();
  EXPECT_FALSE(broken.Receive("GET", Soon()).ok());
}

TEST_F(StreamTest, AStreamDroppedBeforeItsEndIsCut) {
  auto connection = Connect(*server_);
  auto exchange = Begin(connection);
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({});
  exchange.reset();
  held_.Clear();
  EXPECT_TRUE(Wrote(*stream, "half"));  // the exchange may go before its stream
  stream.reset();
  auto response = connection.Receive("GET", Soon());
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.error().internal, HasSubstr("closed"));
}

TEST_F(StreamTest, ToHeadTheHeadIsAllAndTheProducerIsTold) {
  auto connection = Connect(*server_);
  auto exchange = Begin(connection, "HEAD");
  ASSERT_TRUE(exchange);
  std::promise<void> cancelled;
  exchange->on_cancel([&] { cancelled.set_value(); });
  auto stream = exchange->stream({.content_type = "text/event-stream"});
  ASSERT_EQ(cancelled.get_future().wait_until(Soon()), std::future_status::ready);
  EXPECT_FALSE(Wrote(*stream, "lost"));
  auto response = connection.Receive("HEAD", Soon());
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->Header("Content-Type"), "text/event-stream");
  EXPECT_EQ(connection.Call("GET", "/next", {}, "", Soon())->body, "GET ");
}

TEST_F(StreamTest, AClientThatGoesCancelsItsStream) {
  std::promise<void> cancelled;
  std::shared_ptr<BodyStream> stream;
  {
    auto connection = Connect(*server_);
    auto exchange = Begin(connection);
    ASSERT_TRUE(exchange);
    exchange->on_cancel([&] { cancelled.set_value(); });
    stream = exchange->stream({});
    EXPECT_TRUE(Wrote(*stream, "one"));
  }
  ASSERT_EQ(cancelled.get_future().wait_until(Soon()), std::future_status::ready);  // while the producer is silent
  EXPECT_FALSE(Wrote(*stream, "two"));
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(StreamTest, TheProducerWaitsForASlowReaderWhichIsCutInTheEnd) {
  auto connection = Connect(*server_);
  auto exchange = Begin(connection);
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({});
  int taken = 0;
  while (taken < 1000 && Wrote(*stream, std::string(1'000'000, 'x'))) ++taken;
  EXPECT_LT(taken, 100);  // what the socket's buffers hold, not more
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(StreamTest, AProducerThatDoesNotWaitLosesItsClient) {
  auto connection = Connect(*server_);
  auto exchange = Begin(connection);
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({});
  std::promise<void> lost;
  std::atomic<int> calls{0};
  std::atomic<bool> told{false};
  for (int i = 0; i < 40; ++i) {
    stream->Write(std::string(1'000'000, 'x'), [&](bool ok) {
      ++calls;
      if (!ok && !told.exchange(true)) lost.set_value();
    });
  }
  EXPECT_EQ(lost.get_future().wait_until(Soon()), std::future_status::ready);
  EXPECT_TRUE(Eventually([&] { return calls == 40 && server_->connections() == 0; }));
}

TEST_F(StreamTest, ASilentProducerIsWaitedFor) {
  options_.limits = {};
  options_.limits.idle_timeout = options_.limits.header_timeout = options_.limits.body_timeout =
      options_.limits.write_timeout = milliseconds(50);
  Server server(options_, held_.handler());
  auto connection = Connect(server);
  auto exchange = Begin(connection);
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({});
  EXPECT_TRUE(Wrote(*stream, "one "));
  auto idle = Connect(server);
  EXPECT_TRUE(ClosedByServer(idle));  // all timeouts have passed for the stream
  EXPECT_TRUE(Wrote(*stream, "two"));
  stream->End();
  EXPECT_EQ(connection.Receive("GET", Soon())->body, "one two");
}

TEST_F(StreamTest, DrainTellsStreamsAndWaitsForThem) {
  auto connection = Connect(*server_);
  auto exchange = Begin(connection);
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({});
  EXPECT_TRUE(Wrote(*stream, "one "));
  EXPECT_FALSE(stream->draining());
  stream->OnDrain([&] {
    stream->Write("bye", [](bool) {});
    stream->End();
  });
  std::thread draining([&] { server_->Drain(milliseconds(20'000)); });
  EXPECT_EQ(connection.Receive("GET", Soon())->body, "one bye");
  EXPECT_TRUE(ClosedByServer(connection));
  draining.join();
  EXPECT_TRUE(stream->draining());
  bool at_once = false;
  stream->OnDrain([&] { at_once = true; });
  EXPECT_TRUE(at_once);
}

TEST_F(StreamTest, AStreamThatDoesNotEndIsCutAfterTheGrace) {
  auto connection = Connect(*server_);
  auto exchange = Begin(connection);
  ASSERT_TRUE(exchange);
  std::atomic<bool> cancelled{false};
  exchange->on_cancel([&] { cancelled = true; });
  auto stream = exchange->stream({});
  EXPECT_TRUE(Wrote(*stream, "one"));
  server_->Drain(milliseconds(50));
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(connection.Receive("GET", Soon()).ok());
  EXPECT_FALSE(Wrote(*stream, "two"));
  server_.reset();
  stream.reset();  // and the exchange, after the server
}

TEST_F(StreamTest, OneAnswerOnly) {
  auto connection = Connect(*server_);
  auto exchange = Begin(connection);
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({});
  EXPECT_FALSE(Wrote(*exchange->stream({}), "lost"));
  exchange->respond({.status = 404});
  EXPECT_TRUE(Wrote(*stream, "one"));
  stream->End();
  EXPECT_EQ(connection.Receive("GET", Soon())->body, "one");
}

TEST(SharedIoTest, AServerDrainsWhileItsIoServesOn) {
  auto io = std::make_shared<Io>(2);
  EXPECT_EQ(io->threads(), 2);
  Held held;
  Server stays({.io = io}, held.handler());
  auto connection = Connect(stays);
  for (int i = 0; i < 5; ++i) {
    Server goes({.io = io}, held.handler());
    auto idle = Connect(goes);
    ASSERT_TRUE(idle.Call("GET", "/", {}, "", Soon()).ok());
    auto busy = Connect(goes);
    ASSERT_TRUE(busy.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n", Soon()).ok());
    ASSERT_TRUE(held.Take(static_cast<std::size_t>(i)));
    goes.Drain(milliseconds(20));
    EXPECT_TRUE(ClosedByServer(idle));
    EXPECT_EQ(goes.connections(), 0u);
    EXPECT_EQ(connection.Call("GET", "/still", {}, "", Soon())->Header("X-Target"), "/still");
  }
  std::promise<void> ran;
  boost::asio::post(io->context(), [&] { ran.set_value(); });
  EXPECT_EQ(ran.get_future().wait_until(Soon()), std::future_status::ready);
  stays.Drain(milliseconds(0));
  io->Stop();
  io->Stop();
}

TEST(SharedIoTest, AfterDrainNoHandlerRuns) {
  auto io = std::make_shared<Io>(2);
  for (int i = 0; i < 10; ++i) {
    auto inside = std::make_shared<std::atomic<int>>(0);
    std::atomic<bool> gone{false};
    {
      Server server({.io = io}, [&, inside](std::shared_ptr<Exchange> exchange) {
        ++*inside;
        exchange->respond({.body = std::string(100'000, 'x')});
        EXPECT_FALSE(gone);
        --*inside;
      });
      std::vector<ClientConnection> connections;
      for (int c = 0; c < 8; ++c) {
        connections.push_back(Connect(server));
        std::string many;
        for (int n = 0; n < 20; ++n) many += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        ASSERT_TRUE(connections.back().Send(many, Soon()).ok());
      }
    }
    gone = true;
    EXPECT_EQ(*inside, 0);
  }
}

}  // namespace
}  // namespace lanting::http
