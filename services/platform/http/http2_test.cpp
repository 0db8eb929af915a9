#include "platform/http/http2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "platform/http/http2_test_support.h"
#include "platform/http/tls_test_support.h"

namespace lanting::http {
namespace {

using std::chrono::milliseconds;
using std::string_literals::operator""s;
using ::testing::HasSubstr;

class Http2Test : public testing::Test {
 protected:
  Http2Test() {
    options_.limits.max_header_bytes = 8192;
    options_.limits.max_target_bytes = 1000;
    options_.limits.max_body_bytes = 2'000'000;
    options_.limits.max_buffered_bytes = 10'000'000;
    Restart();
  }
  void Restart() { server_ = std::make_unique<Server>(options_, held_.handler()); }

  ServerOptions options_;
  Held held_;
  std::unique_ptr<Server> server_;
};

TEST_F(Http2Test, ServesRequestsOfAllSizesOnOneConnection) {
  Http2Client client(*server_);
  auto get = client.Call("GET", "/v1/communities?filter=a%20b");
  EXPECT_EQ(get.status, 200);
  EXPECT_EQ(get.body, "GET ");
  EXPECT_EQ(get.Header("x-target"), "/v1/communities?filter=a%20b");
  EXPECT_EQ(get.Header("content-length"), "4");
  EXPECT_EQ(get.Header("content-type"), "text/plain");
  EXPECT_EQ(get.Header("date").size(), 29u);
  for (std::size_t size : {0, 1, 1000, 16'384, 100'000, 1'500'000}) {
    std::string body(size, 'x');
    for (std::size_t i = 0; i < size; i += 97) body[i] = static_cast<char>('a' + i % 26);
    auto post = client.Call("POST", "/x", {}, body);
    EXPECT_EQ(post.status, 200);
    EXPECT_TRUE(post.body == "POST " + body) << size;
    EXPECT_EQ(post.closed, NGHTTP2_NO_ERROR);
  }
  EXPECT_EQ(server_->connections(), 1u);
}

TEST_F(Http2Test, AHundredStreamsAreServedAtOnceInAnyOrder) {
  Http2Client client(*server_);
  std::vector<int> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(client.Begin("GET", "/held/" + std::to_string(i)));
  ASSERT_TRUE(held_.Take(99));
  for (std::size_t i = 100; i-- > 0;) {
    auto exchange = held_.Take(i);
    exchange->respond({.body = exchange->request.target});
  }
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(client.Finish(ids[static_cast<std::size_t>(i)]).body, "/held/" + std::to_string(i));
}

TEST_F(Http2Test, TheHandlerSeesWhatItWouldSeeOfHttp1) {
  Http2Client client(*server_);
  client.Begin("GET", "/held", {{"cookie", "a=1"}, {"x-name", "晨跑团"}, {"cookie", "b=2"}, {"te", "trailers"}});
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  const Request& request = exchange->request;
  EXPECT_EQ(request.Header("Host"), "a");
  EXPECT_EQ(request.Header("X-Name"), "晨跑团");
  EXPECT_EQ(request.Header("Cookie"), "a=1; b=2");
  EXPECT_EQ(request.Count("cookie"), 1u);
  EXPECT_THAT(request.peer, testing::StartsWith("127.0.0.1:"));
  client.BeginRaw({{":method", "GET"}, {":scheme", "http"}, {":path", "/held"}, {"host", "b"}});
  ASSERT_TRUE(held_.Take(1));
  EXPECT_EQ(held_.Take(1)->request.Header("host"), "b");
}

TEST_F(Http2Test, HeadHasTheHeadersOfGet) {
  Http2Client client(*server_);
  auto head = client.Call("HEAD", "/x");
  EXPECT_EQ(head.Header("content-length"), "5");
  EXPECT_EQ(head.body, "");
}

TEST_F(Http2Test, AHandlersHeadersAreMadeFit) {
  Http2Client client(*server_);
  const int id = client.Begin("GET", "/held");
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  exchange->respond({.headers = {{"X-Good", "群"},
                                 {"Connection", "close"},
                                 {"Keep-Alive", "5"},
                                 {"X-Evil", "a\r\nb: c"},
                                 {"Transfer-Encoding", "chunked"},
                                 {"Content-Length", "99"}},
                     .body = "ok"});
  auto response = client.Finish(id);
  EXPECT_EQ(response.Header("x-good"), "群");
  EXPECT_EQ(response.Header("content-length"), "2");
  for (const char* name : {"connection", "keep-alive", "x-evil", "transfer-encoding", "b"})
    EXPECT_EQ(response.Header(name), "") << name;
}

TEST_F(Http2Test, WhatHttp1RefusesIsRefused) {
  options_.limits.body_timeout = milliseconds(200);
  Restart();
  Http2Client client(*server_);
  struct Case {
    const char* what;
    int id;
    int status;
  };
  const std::string large(2'000'001, 'x');
  HeaderList many;
  for (int i = 0; i < 101; ++i) many.emplace_back("x" + std::to_string(i), "y");
  const Case cases[] = {
      {"target too long", client.Begin("GET", "/" + std::string(1001, 'x')), 414},
      {"header too large", client.Begin("GET", "/", {{"x", std::string(8000, 'y')}, {"z", std::string(500, 'y')}}),
       431},
      {"too many headers", client.Begin("GET", "/", many), 431},
      {"announced too large", client.Begin("POST", "/", {{"content-length", "2000001"}}, "", true), 413},
      {"too large", client.Begin("POST", "/", {}, large), 413},
      {"not gzip", client.Begin("POST", "/", {{"content-encoding", "gzip"}}, "plain"), 400},
      {"another expectation", client.Begin("POST", "/", {{"expect", "200-ok"}}, "x"), 417},
      {"another host", client.Begin("GET", "/", {{"host", "b"}}), 400},
      {"a fragment", client.Begin("GET", "/x#y"), 400},
      {"TRACE", client.Begin("TRACE", "/"), 501},
      {"CONNECT", client.BeginRaw({{":method", "CONNECT"}, {":authority", "a:443"}}), 501},
      {"a slow body", client.Begin("POST", "/", {}, "half", true), 408},
  };
  for (const Case& c : cases) {
    auto response = client.Finish(c.id);
    EXPECT_EQ(response.status, c.status) << c.what;
    EXPECT_EQ(response.closed, NGHTTP2_NO_ERROR) << c.what;
    EXPECT_NE(response.body, "") << c.what;
  }
  EXPECT_EQ(held_.size(), 0u);
  EXPECT_EQ(client.Call("GET", "/").status, 200) << "the connection goes on";
}

TEST_F(Http2Test, MalformedRequestsAreResetAndNeverServed) {
  const HeaderList good = {{":method", "GET"}, {":scheme", "http"}, {":path", "/held"}, {":authority", "a"}};
  auto with = [&](HeaderList more, std::size_t without = 99) {
    HeaderList fields = good;
    if (without < fields.size()) fields.erase(fields.begin() + static_cast<long>(without));
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  };
  const std::pair<const char*, HeaderList> cases[] = {
      {"connection", with({{"connection", "close"}})},
      {"keep-alive", with({{"keep-alive", "5"}})},
      {"transfer-encoding", with({{"transfer-encoding", "chunked"}})},
      {"upgrade", with({{"upgrade", "h2c"}})},
      {"proxy-connection", with({{"proxy-connection", "x"}})},
      {"te", with({{"te", "gzip"}})},
      {"capitals", with({{"X-Name", "y"}})},
      {"an empty name", with({{"", "y"}})},
      {"a space in a name", with({{"x y", "z"}})},
      {"CR LF in a value", with({{"x", "a\r\nb: c"}})},
      {"a NUL in a value", with({{"x", "a\0b"s}})},
      {"no method", with({}, 0)},
      {"no scheme", with({}, 1)},
      {"no path", with({}, 2)},
      {"no authority", with({}, 3)},
      {"two hosts", with({{"host", "a"}, {"host", "a"}})},
      {"two paths", with({{":path", "/y"}})},
      {"an empty path", with({{":path", ""}}, 2)},
      {"a pseudo header after others", with({{"x", "y"}, {":path", "/held"}}, 2)},
      {"an unknown pseudo header", with({{":protocol", "websocket"}})},
      {"a response's pseudo header", with({{":status", "200"}})},
      {"two lengths", with({{"content-length", "0"}, {"content-length", "0"}})},
      {"a length that is none", with({{"content-length", "-1"}})},
      {"a length without a body", with({{"content-length", "5"}})},
  };
  for (const auto& [what, fields] : cases) {
    auto connection = Connect(*server_);
    const std::string request = Http2Client::Frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM,
                                                   1, Http2Client::Block(fields));
    ASSERT_TRUE(connection
                    .Send(std::string(kHttp2Preface) + Http2Client::Frame(NGHTTP2_SETTINGS, 0, 0, "") + request +
                              Http2Client::Frame(NGHTTP2_PING, 0, 0, "12345678"),
                          Soon())
                    .ok());
    const std::string reset = Http2Client::Frame(NGHTTP2_RST_STREAM, 0, 1, "\0\0\0\x01"s);
    const std::string pong = Http2Client::Frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "12345678");
    std::string all;
    while (all.find(pong) == std::string::npos || all.find(reset) == std::string::npos) {
      auto more = connection.ReceiveSome(Soon());
      ASSERT_TRUE(more.ok() && !more->empty()) << what;
      all += *more;
    }
    EXPECT_EQ(held_.size(), 0u) << what;
  }
}

TEST_F(Http2Test, ContinueAndAdmissionComeBeforeTheBody) {
  options_.admit = [](const Request& request) -> std::optional<Response> {
    if (request.Header("authorization") == "Bearer good") return std::nullopt;
    return Response{.status = 401, .body = "who are you"};
  };
  Restart();
  Http2Client client(*server_);
  auto refused = client.Finish(client.Begin("POST", "/", {{"expect", "100-continue"}}, "", true));
  EXPECT_EQ(refused.status, 401);
  EXPECT_THAT(refused.interim, testing::IsEmpty());
  EXPECT_EQ(refused.body, "who are you");
  const int id = client.Begin("POST", "/", {{"expect", "100-continue"}, {"authorization", "Bearer good"}}, "", true);
  EXPECT_TRUE(client.Until([&] { return !client.response(id).interim.empty(); }));
  EXPECT_THAT(client.response(id).interim, testing::ElementsAre(100));
}

TEST_F(Http2Test, TrailersAreNotHeaders) {
  Http2Client client(*server_);
  const int id = client.Begin("POST", "/held", {}, "body", true);
  const std::string name = "x-late", value = "1";
  nghttp2_nv nv{reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
                NGHTTP2_NV_FLAG_NONE};
  nghttp2_submit_trailer(client.session(), id, &nv, 1);
  client.Flush();
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  EXPECT_EQ(exchange->request.body, "body");
  EXPECT_EQ(exchange->request.Header("x-late"), "");
}

TEST_F(Http2Test, AResetStreamAndAClientThatGoesCancel) {
  std::promise<void> reset, gone;
  auto client = std::make_unique<Http2Client>(*server_);
  const int first = client->Begin("GET", "/held/1");
  client->Begin("GET", "/held/2");
  ASSERT_TRUE(held_.Take(1));
  held_.Take(0)->on_cancel([&] { reset.set_value(); });
  held_.Take(1)->on_cancel([&] { gone.set_value(); });
  nghttp2_submit_rst_stream(client->session(), NGHTTP2_FLAG_NONE, first, NGHTTP2_CANCEL);
  client->Flush();
  EXPECT_EQ(reset.get_future().wait_until(Soon()), std::future_status::ready);
  EXPECT_EQ(client->Call("GET", "/").status, 200);
  client.reset();
  EXPECT_EQ(gone.get_future().wait_until(Soon()), std::future_status::ready);
  held_.Take(0)->respond({});  // too late, and harmless
}

TEST_F(Http2Test, DroppedAndThrowingHandlersAre500) {
  Http2Client client(*server_);
  const int id = client.Begin("GET", "/held");
  ASSERT_TRUE(held_.Take(0));
  held_.Clear();
  EXPECT_EQ(client.Finish(id).status, 500);
  Server throwing({}, [](std::shared_ptr<Exchange>) { throw std::runtime_error("secret"); });
  EXPECT_EQ(Http2Client(throwing).Call("GET", "/").status, 500);
}

TEST_F(Http2Test, StreamsAreSentPieceByPiece) {
  Http2Client client(*server_);
  const int id = client.Begin("GET", "/held");
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({.content_type = "application/x-ndjson"});
  EXPECT_TRUE(client.Until([&] { return client.response(id).status == 200; }));
  std::string sent;
  for (const std::string& piece : {"{\"群\":1}\n"s, ""s, std::string(50'000, 'x'), "end\n"s}) {
    stream->Write(piece, [](bool) {});
    sent += piece;
    EXPECT_TRUE(client.Until([&] { return client.response(id).body == sent; }));
  }
  stream->End();
  auto response = client.Finish(id);
  EXPECT_EQ(response.closed, NGHTTP2_NO_ERROR);
  EXPECT_EQ(response.Header("content-length"), "");
  EXPECT_FALSE(Wrote(*stream, "after"));

  const int broken = client.Begin("GET", "/held");
  exchange = held_.Take(1);
  ASSERT_TRUE(exchange);
  stream = exchange->stream({});
  EXPECT_TRUE(Wrote(*stream, "half"));
  stream.reset();
  EXPECT_EQ(client.Finish(broken).closed, NGHTTP2_INTERNAL_ERROR);

  std::atomic<bool> cancelled{false};
  const int head = client.Begin("HEAD", "/held");
  exchange = held_.Take(2);
  ASSERT_TRUE(exchange);
  exchange->on_cancel([&] { cancelled = true; });
  stream = exchange->stream({});
  EXPECT_EQ(client.Finish(head).status, 200);
  EXPECT_TRUE(Eventually([&] { return cancelled.load(); }));
  EXPECT_FALSE(Wrote(*stream, "lost"));
}

TEST_F(Http2Test, TheProducerWaitsForTheClientsWindowAndIsToldWhenItGivesUp) {
  options_.limits.write_timeout = milliseconds(200);
  Restart();
  Http2Client client(*server_, false);  // its window of 65,535 bytes never grows
  const int id = client.Begin("GET", "/held");
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  std::promise<void> cancelled;
  exchange->on_cancel([&] { cancelled.set_value(); });
  auto stream = exchange->stream({});
  int taken = 0;
  while (taken < 100 && Wrote(*stream, std::string(10'000, 'x'))) ++taken;
  EXPECT_LE(taken, 7);
  EXPECT_EQ(cancelled.get_future().wait_until(Soon()), std::future_status::ready);
  EXPECT_EQ(client.Finish(id).closed, NGHTTP2_CANCEL);
  EXPECT_EQ(client.response(id).body.size(), 65'535u);
}

TEST_F(Http2Test, BodiesAndAnswersMayBePacked) {
  Http2Client client(*server_);
  auto response = client.Call("POST", "/x", {{"accept-encoding", "br, gzip"}}, std::string(5000, 'x'));
  EXPECT_EQ(response.Header("content-encoding"), "gzip");
  EXPECT_EQ(response.Header("vary"), "Accept-Encoding");
  EXPECT_LT(response.body.size(), 200u);
  auto back = client.Call("POST", "/x", {{"content-encoding", "gzip"}}, response.body);
  EXPECT_EQ(back.status, 200);
  EXPECT_EQ(back.body, "POST POST " + std::string(5000, 'x'));
}

TEST_F(Http2Test, AllBodiesTogetherAreBounded) {
  options_.limits.max_buffered_bytes = 100'000;
  Restart();
  Http2Client client(*server_);
  const int waits = client.Begin("POST", "/held", {}, std::string(40'000, 'x'));
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  EXPECT_EQ(client.Call("POST", "/", {}, std::string(40'000, 'x')).status, 503);
  EXPECT_EQ(client.Call("GET", "/").status, 200);
  exchange->respond({});
  exchange.reset();
  held_.Clear();
  EXPECT_EQ(client.Finish(waits).status, 200);
  EXPECT_EQ(client.Call("POST", "/", {}, std::string(40'000, 'x')).status, 200);
}

TEST_F(Http2Test, DrainAnswersWhatIsInFlightAndTellsStreams) {
  Http2Client client(*server_), idle(*server_);
  const int held = client.Begin("GET", "/held");
  const int streamed = client.Begin("GET", "/held");
  ASSERT_TRUE(held_.Take(1));
  auto stream = held_.Take(1)->stream({});
  stream->OnDrain([&] {
    stream->Write("bye", [](bool) {});
    stream->End();
  });
  std::thread draining([&] { server_->Drain(milliseconds(20'000)); });
  EXPECT_EQ(client.Finish(streamed).body, "bye");
  EXPECT_TRUE(idle.Ended());
  EXPECT_EQ(idle.goaway(), NGHTTP2_NO_ERROR);
  held_.Take(0)->respond({.body = "done"});
  EXPECT_EQ(client.Finish(held).body, "done");
  EXPECT_TRUE(client.Ended());
  EXPECT_EQ(client.goaway(), NGHTTP2_NO_ERROR);
  draining.join();
}

TEST_F(Http2Test, DrainCutsWhatIsLeftAfterItsGrace) {
  Http2Client client(*server_);
  client.Begin("GET", "/held");
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  std::atomic<bool> cancelled{false};
  exchange->on_cancel([&] { cancelled = true; });
  server_->Drain(milliseconds(50));
  EXPECT_TRUE(cancelled);
  exchange->respond({});
}

TEST_F(Http2Test, FloodsAreEnded) {
  const std::string ping = Http2Client::Frame(NGHTTP2_PING, 0, 0, "12345678");
  const std::string settings = Http2Client::Frame(NGHTTP2_SETTINGS, 0, 0, "");
  const std::string priority = Http2Client::Frame(NGHTTP2_PRIORITY, 0, 1, "\0\0\0\0\x10"s);
  const std::string open =
      Http2Client::Block({{":method", "GET"}, {":scheme", "http"}, {":path", "/held"}, {":authority", "a"}});
  for (const char* what : {"ping", "settings", "priority", "empty data", "rapid reset"}) {
    auto owned = std::make_unique<Http2Client>(*server_);
    Http2Client& client = *owned;
    if (what == "empty data"s) client.Begin("POST", "/", {}, "", true);
    int id = 1;
    for (int i = 0; i < 3000; ++i) {
      std::string frame = what == "ping"s ? ping : what == "settings"s ? settings : priority;
      if (what == "empty data"s) frame = Http2Client::Frame(NGHTTP2_DATA, 0, 1, "");
      if (what == "rapid reset"s) {
        frame = Http2Client::Frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, id, open) +
                Http2Client::Frame(NGHTTP2_RST_STREAM, 0, id, "\0\0\0\x08"s);
        id += 2;
      }
      if (!client.SendRaw(frame)) break;
    }
    EXPECT_TRUE(client.Ended()) << what;
    EXPECT_EQ(client.goaway().value_or(NGHTTP2_ENHANCE_YOUR_CALM), NGHTTP2_ENHANCE_YOUR_CALM) << what;
    EXPECT_LT(held_.size(), 400u) << what;
    held_.Clear();
    owned.reset();
    EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; })) << what;
  }
}

TEST_F(Http2Test, TooManyStreamsAreRefusedAndTheOthersServed) {
  Http2Client client(*server_);
  const std::string open =
      Http2Client::Block({{":method", "GET"}, {":scheme", "http"}, {":path", "/held"}, {":authority", "a"}});
  for (int i = 0; i < 150; ++i) {
    ASSERT_TRUE(client.SendRaw(
        Http2Client::Frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1 + 2 * i, open)));
  }
  EXPECT_TRUE(held_.Take(99));
  ASSERT_TRUE(client.SendRaw(Http2Client::Frame(NGHTTP2_PING, 0, 0, "12345678")));
  EXPECT_EQ(Http2Client(*server_).Call("GET", "/").status, 200);
  EXPECT_LE(held_.size(), 100u);
}

TEST_F(Http2Test, AnEndlessHeaderEndsTheConnection) {
  Http2Client client(*server_);
  std::string block =
      Http2Client::Block({{":method", "GET"}, {":scheme", "http"}, {":path", "/held"}, {":authority", "a"}});
  client.SendRaw(Http2Client::Frame(NGHTTP2_HEADERS, 0, 1, block));
  std::string more;
  for (int i = 0; i < 100; ++i) more += Http2Client::Block({{"x", std::string(100, 'y')}});
  for (int i = 0; i < 1000 && client.SendRaw(Http2Client::Frame(NGHTTP2_CONTINUATION, 0, 1, more)); ++i) {
  }
  EXPECT_TRUE(client.Ended());
  EXPECT_EQ(held_.size(), 0u);
}

TEST_F(Http2Test, SlowHeadersAndIdleConnectionsAreEnded) {
  options_.limits.header_timeout = milliseconds(100);
  options_.limits.idle_timeout = milliseconds(300);
  Restart();
  Http2Client slow(*server_), idle(*server_);
  slow.SendRaw(Http2Client::Frame(NGHTTP2_HEADERS, 0, 1, Http2Client::Block({{":method", "GET"}})));
  EXPECT_TRUE(slow.Ended());
  EXPECT_EQ(slow.goaway(), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_TRUE(idle.Ended());
  EXPECT_EQ(idle.goaway(), NGHTTP2_NO_ERROR);
  auto silent = Connect(*server_);
  ASSERT_TRUE(silent.Send("PRI * HTT", Soon()).ok());
  EXPECT_EQ(silent.Receive("GET", Soon())->status, 408);
}

TEST_F(Http2Test, GarbageEndsTheConnection) {
  for (const std::string& garbage :
       {std::string(100, '\xff'), Http2Client::Frame(NGHTTP2_SETTINGS, 0, 0, "123"),
        Http2Client::Frame(NGHTTP2_DATA, 0, 0, "x"), Http2Client::Frame(NGHTTP2_CONTINUATION, 4, 1, "x"),
        Http2Client::Frame(NGHTTP2_HEADERS, 5, 1, "\xff\xff\xff\xff\xff\xff"),
        Http2Client::Frame(NGHTTP2_HEADERS, 5, 2, "\x82"), "GET / HTTP/1.1\r\nHost: a\r\n\r\n"s}) {
    Http2Client client(*server_);
    client.SendRaw(garbage);
    EXPECT_TRUE(client.Ended());
  }
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(Http2Test, ItCanBeTurnedOff) {
  options_.http2 = false;
  Restart();
  auto connection = Connect(*server_);
  ASSERT_TRUE(connection.Send(kHttp2Preface, Soon()).ok());
  EXPECT_EQ(connection.Receive("GET", Soon())->status, 505);
}

TEST_F(Http2Test, APrefaceInPiecesIsOne) {
  auto connection = Connect(*server_);
  for (const char c : kHttp2Preface) ASSERT_TRUE(connection.Send({&c, 1}, Soon()).ok());
  auto settings = connection.ReceiveSome(Soon());
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ((*settings)[3], NGHTTP2_SETTINGS);
  // A method that begins alike.
  EXPECT_EQ(Raw(*server_, "PRINT / HTTP/1.1\r\nHost: a\r\n\r\n").body, "PRINT ");
}

TEST_F(Http2Test, IsChosenByAlpn) {
  TempDir dir;
  MakeCertificate("a", dir / "cert.pem", dir / "key.pem");
  options_.tls = TlsOptions{.certificate_file = dir / "cert.pem", .key_file = dir / "key.pem"};
  Restart();
  TlsClient client(server_->port(), {.alpn = "\x08http/1.1\x02h2"});
  ASSERT_TRUE(client.ok());
  EXPECT_EQ(client.alpn(), "h2");
  const std::string get =
      Http2Client::Block({{":method", "GET"}, {":scheme", "https"}, {":path", "/x"}, {":authority", "a"}});
  ASSERT_TRUE(client.Send(std::string(kHttp2Preface) + Http2Client::Frame(NGHTTP2_SETTINGS, 0, 0, "") +
                          Http2Client::Frame(NGHTTP2_HEADERS, 5, 1, get)));
  std::string all;
  while (all.find("GET ") == std::string::npos) {
    const std::string more = client.Some();
    ASSERT_FALSE(more.empty());
    all += more;
  }
  server_->Drain(milliseconds(5000));
  client.UntilTheEnd();
  EXPECT_TRUE(client.clean_end());
}

}  // namespace
}  // namespace lanting::http
