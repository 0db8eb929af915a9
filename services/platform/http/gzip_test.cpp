// gzip both ways, against zlib itself.
#include "platform/http/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <future>

#include "platform/http/server_test_support.h"

namespace lanting::http {
namespace {

using ::testing::HasSubstr;

std::string Packed(std::string_view text, int level = 6) {
  z_stream z{};
  deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  packed.resize(z.total_out);
  deflateEnd(&z);
  return packed;
}

// What can be read of it; with `whole` it must be complete.
std::string Unpacked(std::string_view packed, bool whole = true) {
  z_stream z{};
  inflateInit2(&z, 15 + 16);
  std::string text(16 * 1024 * 1024, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  z.next_out = reinterpret_cast<Bytef*>(text.data());
  z.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&z, Z_SYNC_FLUSH), whole ? Z_STREAM_END : Z_OK);
  text.resize(z.total_out);
  inflateEnd(&z);
  return text;
}

std::string Members(int count) {
  std::string json = "{\"members\":[";
  for (int i = 0; i < count; ++i)
    json += "{\"name\":\"communities/c1/members/m" + std::to_string(i) + "\",\"displayName\":\"晨跑团 Anna\"},";
  json.back() = ']';
  return json + "}";
}

class GzipTest : public testing::Test {
 protected:
  GzipTest() {
    ServerOptions options;
    options.limits.max_body_bytes = 2'000'000;
    options.limits.max_buffered_bytes = 4'000'000;
    server_ = std::make_unique<Server>(options, [this](std::shared_ptr<Exchange> e) { Serve(std::move(e)); });
  }
  void Serve(std::shared_ptr<Exchange> exchange) {
    const Request& request = exchange->request;
    if (request.target == "/stream") {
      std::lock_guard lock(mutex_);
      streams_.push_back(std::move(exchange));
      changed_.notify_all();
      return;
    }
    Response response{.content_type = request.target == "/png" ? "image/png" : "application/json; charset=utf-8"};
    response.headers.emplace_back("ETag", "\"e1\"");
    response.headers.emplace_back("X-Coding", std::string(request.Header("content-encoding")));
    if (request.target == "/coded") response.headers.emplace_back("Content-Encoding", "br");
    if (request.target == "/as-is") response.headers.emplace_back("Cache-Control", "private, no-transform");
    if (request.target == "/missing") response.status = 404;
    response.body = request.method == "POST" ? request.body : Members(request.target == "/small" ? 3 : 300);
    exchange->respond(std::move(response));
  }
  ClientResponse Post(const std::string& body, const std::string& coding = "gzip", bool chunked = false) {
    std::string request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: " + coding + "\r\n";
    if (!chunked) return Raw(*server_, request + Length(body), "POST");
    request += "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < body.size(); at += 10) {
      const std::string piece = body.substr(at, 10);
      request += "0123456789a"[piece.size()] + std::string("\r\n") + piece + "\r\n";
    }
    return Raw(*server_, request + "0\r\n\r\n", "POST");
  }
  static std::string Length(const std::string& body) {
    return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  ClientResponse Get(const std::string& target, const std::string& accept, const char* method = "GET") {
    return *Connect(*server_).Call(method, target, {{"Accept-Encoding", accept}}, "", Soon());
  }
  std::shared_ptr<Exchange> TakeStream() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, Soon(), [&] { return !streams_.empty(); })) return nullptr;
    return std::exchange(streams_, {})[0];
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Exchange>> streams_;
  std::unique_ptr<Server> server_;
};

TEST_F(GzipTest, APackedRequestArrivesUnpacked) {
  const std::string body = Members(5000);
  for (const char* coding : {"gzip", "x-gzip", "GZIP"}) {
    for (bool chunked : {false, true}) {
      auto response = Post(Packed(body), coding, chunked);
      ASSERT_EQ(response.status, 200) << response.body;
      EXPECT_TRUE(response.body == body);
      EXPECT_EQ(response.Header("X-Coding"), "");
    }
  }
  EXPECT_EQ(Post(Packed("")).body, "");
  EXPECT_EQ(Post("").status, 200);  // nothing, packed or not
}

TEST_F(GzipTest, OtherCodingsAreTheHandlers) {
  for (const char* coding : {"br", "gzip, gzip", "identity", "deflate", "gzip\r\nContent-Encoding: gzip"}) {
    auto response = Post("abc", coding);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "abc");
    EXPECT_EQ(response.Header("X-Coding"), std::string(coding).substr(0, std::string(coding).find('\r')));
  }
}

TEST_F(GzipTest, WhatIsNotGzipIsRefused) {
  const std::string packed = Packed(Members(100));
  std::string flipped = packed;
  flipped[flipped.size() - 6] ^= 1;  // of the checksum
  for (const std::string& body :
       {std::string("{\"plain\":1}"), packed.substr(0, packed.size() - 1), packed.substr(0, 5), packed + "x",
        packed + packed, flipped, std::string(2000, '\0')}) {
    for (bool chunked : {false, true}) {
      auto response = Post(body, "gzip", chunked);
      EXPECT_EQ(response.status, 400) << body.size();
      EXPECT_EQ(response.Header("Connection"), "close");
    }
  }
}

TEST_F(GzipTest, ABombIsRefusedBeforeItUnpacks) {
  EXPECT_EQ(Post(Packed(std::string(1'000'000, '0'))).status, 200);  // small enough to be let through
  EXPECT_EQ(Post(Packed(std::string(1'500'000, '0'))).status, 413);  // within the limit, but nobody writes so
  EXPECT_EQ(Post(Packed(std::string(50'000'000, '0'))).status, 413);
  EXPECT_EQ(Post(Packed(std::string(50'000'000, '0')), "gzip", true).status, 413);
  std::string noise(2'000'001, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>((i * 2654435761u) >> 13);
  EXPECT_EQ(Post(Packed(noise)).status, 413);  // above the limit by one
  noise.pop_back();
  EXPECT_EQ(Post(Packed(noise)).status, 200);
}

TEST_F(GzipTest, WhatUnpacksCountsAgainstAllBodies) {
  const std::string half = Packed(Members(25'000));  // 1.8 MB
  std::vector<ClientConnection> waiting;
  // Of three that wait for their last byte at least one does not fit.
  for (int i = 0; i < 3; ++i) {
    waiting.push_back(Connect(*server_));
    const std::string request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n" + Length(half);
    ASSERT_TRUE(waiting.back().Send(std::string_view(request).substr(0, request.size() - 1), Soon()).ok());
  }
  EXPECT_TRUE(Eventually([&] { return server_->connections() < 3 || Post(half).status == 503; }));
  waiting.clear();
  EXPECT_TRUE(Eventually([&] { return Post(half).status == 200; }));
}

TEST_F(GzipTest, AnswersArePackedForThoseWhoAcceptIt) {
  const std::string plain = Members(300);
  for (const char* accept :
       {"gzip", "br, GZIP", "gzip;q=0.001", "*", "x-gzip", "deflate;q=1, *;q=0.5", "gzip; q=1, *;q=0"}) {
    auto response = Get("/", accept);
    EXPECT_EQ(response.Header("Content-Encoding"), "gzip") << accept;
    EXPECT_EQ(response.Header("Vary"), "Accept-Encoding");
    EXPECT_EQ(response.Header("ETag"), "\"e1\"");
    EXPECT_LT(response.body.size(), plain.size() / 4);
    EXPECT_EQ(Unpacked(response.body), plain);
  }
  for (const char* accept : {"", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "identity", "gzipx"}) {
    auto response = Get("/", accept);
    EXPECT_EQ(response.Header("Content-Encoding"), "") << accept;
    EXPECT_EQ(response.Header("Vary"), "Accept-Encoding");
    EXPECT_EQ(response.body, plain);
  }
}

TEST_F(GzipTest, WhatIsSmallNoTextOrCodedIsSentAsItIs) {
  for (const char* target : {"/small", "/png", "/as-is"}) {
    auto response = Get(target, "gzip");
    EXPECT_EQ(response.Header("Content-Encoding"), "") << target;
    EXPECT_EQ(response.Header("Vary"), "") << target;
  }
  EXPECT_EQ(Get("/coded", "gzip").Header("Content-Encoding"), "br");
  EXPECT_EQ(Get("/missing", "gzip").Header("Content-Encoding"), "gzip");
}

TEST_F(GzipTest, HeadSaysWhatGetSays) {
  auto get = Get("/", "gzip");
  auto head = Get("/", "gzip", "HEAD");
  EXPECT_EQ(head.Header("Content-Encoding"), "gzip");
  EXPECT_EQ(head.Header("Content-Length"), get.Header("Content-Length"));
}

TEST_F(GzipTest, EachPieceOfAStreamCanBeReadWhenItIsSent) {
  auto connection = Connect(*server_);
  ASSERT_TRUE(connection.Send("GET /stream HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n", Soon()).ok());
  auto exchange = TakeStream();
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({.content_type = "application/x-ndjson"});
  std::string sent, seen;
  for (int i = 0; i < 20; ++i) {
    const std::string piece = Members(i + 1) + "\n";
    stream->Write(piece, [](bool) {});
    sent += piece;
    for (;;) {
      auto more = connection.ReceiveSome(Soon());
      ASSERT_TRUE(more.ok() && !more->empty());
      seen += *more;
      const auto body = seen.find("\r\n\r\n");
      if (body != std::string::npos && seen.size() > body + 4 && Unpacked(seen.substr(body + 4), false) == sent) break;
    }
  }
  EXPECT_THAT(seen, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_THAT(seen, HasSubstr("Vary: Accept-Encoding\r\n"));
}

TEST_F(GzipTest, APackedStreamIsWhole) {
  auto connection = Connect(*server_);
  ASSERT_TRUE(connection.Send("GET /stream HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", Soon()).ok());
  auto exchange = TakeStream();
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({.content_type = "text/event-stream"});
  stream->Write("data: 晨跑团\n\n", [](bool) {});
  std::promise<void> taken;
  stream->Write("", [&](bool) { taken.set_value(); });
  ASSERT_EQ(taken.get_future().wait_until(Soon()), std::future_status::ready);
  stream->End();
  auto response = connection.Receive("GET", Soon());
  ASSERT_TRUE(response.ok()) << response.error().internal;
  EXPECT_EQ(Unpacked(response->body), "data: 晨跑团\n\n");
  EXPECT_EQ(connection.Call("GET", "/small", {}, "", Soon())->body, Members(3));
}

}  // namespace
}  // namespace lanting::http
