#include "platform/http/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <future>

#include "platform/http/server_test_support.h"
#include "platform/http/tls_test_support.h"

namespace lanting::http {
namespace {

using std::chrono::milliseconds;
using std::string_literals::operator""s;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kGet = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kLastGet = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    std::signal(SIGPIPE, SIG_IGN);  // for the client; the server raises none
    MakeCertificate("first", dir_ / "cert.pem", dir_ / "key.pem");
    options_.tls = TlsOptions{.certificate_file = dir_ / "cert.pem", .key_file = dir_ / "key.pem"};
    options_.limits.header_timeout = milliseconds(20'000);
    Restart();
  }
  void Restart() { server_ = std::make_unique<Server>(options_, held_.handler()); }

  TempDir dir_;
  ServerOptions options_;
  Held held_;
  std::unique_ptr<Server> server_;
};

TEST_F(TlsTest, ServesRequestsOfAllSizes) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server_->port(), {.min_version = version, .max_version = version});
    ASSERT_TRUE(client.ok());
    for (std::size_t size : {0, 1, 1000, 16'000, 17'000, 70'000, 3'000'000}) {
      std::string body(size, 'x');
      for (std::size_t i = 0; i < size; i += 97) body[i] = static_cast<char>('a' + i % 26);
      std::thread sender([&] {
        EXPECT_TRUE(client.Send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n"));
        EXPECT_TRUE(client.Send(body));
      });
      sender.join();
      std::string all;
      while (all.find("\r\n\r\n") == std::string::npos || all.size() < all.find("\r\n\r\n") + 4 + 5 + size) {
        const std::string more = client.Some();
        ASSERT_FALSE(more.empty()) << size;
        all += more;
      }
      EXPECT_THAT(all.substr(0, 20), StartsWith("HTTP/1.1 200 OK"));
      EXPECT_TRUE(all.substr(all.find("\r\n\r\n") + 4) == "POST " + body) << size;
    }
    ASSERT_TRUE(client.Send(kLastGet));
    EXPECT_THAT(client.UntilTheEnd(), HasSubstr("Connection: close"));
    EXPECT_TRUE(client.clean_end());
  }
}

TEST_F(TlsTest, PipelinedRequestsInOneRecordAreAllAnswered) {
  TlsClient client(server_->port());
  std::string requests = "GET /held HTTP/1.1\r\nHost: a\r\n\r\n";
  // More than is read ahead while the first is held, so that some of it waits inside of OpenSSL.
  for (int i = 0; i < 1000; ++i) requests += kGet;
  ASSERT_TRUE(client.Send(requests + kLastGet));
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  exchange->respond({.body = "one"});
  const std::string all = client.UntilTheEnd();
  int answers = 0;
  for (auto at = all.find("HTTP/1.1 200"); at != std::string::npos; at = all.find("HTTP/1.1 200", at + 1)) ++answers;
  EXPECT_EQ(answers, 1002);
}

TEST_F(TlsTest, AlpnChoosesOursOrRefuses) {
  for (const auto& [offered, chosen] : std::vector<std::pair<std::string, std::string>>{
           {"", ""}, {"\x08http/1.1", "http/1.1"}, {"\x08http/1.0\x08http/1.1", "http/1.1"}}) {
    TlsClient client(server_->port(), {.alpn = offered});
    EXPECT_TRUE(client.ok()) << offered;
    EXPECT_EQ(client.alpn(), chosen);
  }
  EXPECT_FALSE(TlsClient(server_->port(), {.alpn = "\x08spdy/3.1"}).ok());
  options_.http2 = false;
  Restart();
  EXPECT_EQ(TlsClient(server_->port(), {.alpn = "\x02h2\x08http/1.1"}).alpn(), "http/1.1");
  EXPECT_FALSE(TlsClient(server_->port(), {.alpn = "\x02h2"}).ok());
}

TEST_F(TlsTest, ServesWithAndWithoutServerName) {
  for (const char* name : {"", "api.example.org"}) {
    TlsClient client(server_->port(), {.server_name = name});
    ASSERT_TRUE(client.ok());
    EXPECT_EQ(client.PeerName(), "first");
  }
}

TEST_F(TlsTest, OldVersionsAndWeakCiphersAreRefused) {
  EXPECT_FALSE(TlsClient(server_->port(), {.min_version = TLS1_VERSION, .max_version = TLS1_1_VERSION}).ok());
  for (const char* weak : {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "eNULL", "aNULL"}) {
    EXPECT_FALSE(TlsClient(server_->port(), {.max_version = TLS1_2_VERSION, .ciphers = weak}).ok()) << weak;
  }
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(TlsTest, RenegotiationIsRefused) {
  TlsClient client(server_->port(), {.max_version = TLS1_2_VERSION});
  ASSERT_TRUE(client.ok());
  SSL_renegotiate(client.ssl());
  EXPECT_NE(SSL_do_handshake(client.ssl()), 1);
}

TEST_F(TlsTest, SessionsAreResumedByTicket) {
  TlsClient first(server_->port(), {.max_version = TLS1_2_VERSION});
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(SSL_session_reused(first.ssl()));
  TlsClient second(server_->port(), {.max_version = TLS1_2_VERSION, .session = SSL_get0_session(first.ssl())});
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(SSL_session_reused(second.ssl()));
}

TEST_F(TlsTest, APlainRequestIsCutAndOthersAreServedOn) {
  auto plain = Connect(*server_);
  ASSERT_TRUE(plain.Send(kGet + kGet, Soon()).ok());
  for (;;) {  // an alert may come, but no answer
    auto more = plain.ReceiveSome(Soon());
    if (!more.ok() || more->empty()) break;
    EXPECT_THAT(*more, Not(HasSubstr("HTTP/")));
  }
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
  TlsClient client(server_->port());
  ASSERT_TRUE(client.Send(kLastGet));
  EXPECT_THAT(client.UntilTheEnd(), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(TlsTest, ASlowHandshakeIsCut) {
  options_.limits.header_timeout = milliseconds(100);
  Restart();
  auto silent = Connect(*server_);
  auto begun = Connect(*server_);
  ASSERT_TRUE(begun.Send("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, Soon()).ok());
  EXPECT_TRUE(ClosedByServer(silent));
  EXPECT_TRUE(ClosedByServer(begun));
}

TEST_F(TlsTest, AClientThatDoesNotReadIsCut) {
  options_.limits.write_timeout = milliseconds(150);
  Restart();
  TlsClient client(server_->port());
  ASSERT_TRUE(client.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n"));
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  exchange->respond({.body = std::string(32 * 1024 * 1024, 'x')});
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(TlsTest, AClientThatGoesCancelsItsRequest) {
  std::promise<void> cancelled;
  std::shared_ptr<Exchange> exchange;
  {
    TlsClient client(server_->port());
    ASSERT_TRUE(client.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n"));
    exchange = held_.Take(0);
    ASSERT_TRUE(exchange);
    exchange->on_cancel([&] { cancelled.set_value(); });
  }
  EXPECT_EQ(cancelled.get_future().wait_until(Soon()), std::future_status::ready);
}

TEST_F(TlsTest, AStreamIsSentPieceByPieceAndABrokenOneIsSeen) {
  TlsClient client(server_->port());
  ASSERT_TRUE(client.Send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n"));
  auto exchange = held_.Take(0);
  ASSERT_TRUE(exchange);
  auto stream = exchange->stream({});
  std::string all;
  for (const char* piece : {"one", "two"}) {
    stream->Write(piece, [](bool) {});
    while (all.find(piece) == std::string::npos) {
      const std::string more = client.Some();
      ASSERT_FALSE(more.empty());
      all += more;
    }
  }
  stream.reset();
  EXPECT_EQ(client.UntilTheEnd(), "");
  EXPECT_FALSE(client.clean_end());
}

TEST_F(TlsTest, ReloadGivesNewConnectionsTheNewCertificateAndAFaultChangesNothing) {
  TlsClient before(server_->port());
  EXPECT_EQ(before.PeerName(), "first");
  MakeCertificate("second", dir_ / "cert.pem", dir_ / "key.pem");
  ASSERT_TRUE(server_->ReloadTls().ok());
  EXPECT_EQ(TlsClient(server_->port()).PeerName(), "second");
  ASSERT_TRUE(before.Send(kLastGet));
  EXPECT_THAT(before.UntilTheEnd(), StartsWith("HTTP/1.1 200 OK"));

  MakeCertificate("third", dir_ / "cert.pem", dir_ / "other.pem");  // with the key of the second
  auto mismatch = server_->ReloadTls();
  ASSERT_FALSE(mismatch.ok());
  EXPECT_THAT(mismatch.error().message, StartsWith("the key " + (dir_ / "key.pem") + ": "));
  std::ofstream(dir_ / "cert.pem") << "no certificate";
  auto garbage = server_->ReloadTls();
  ASSERT_FALSE(garbage.ok());
  EXPECT_THAT(garbage.error().message, StartsWith("the certificate " + (dir_ / "cert.pem") + ": "));
  EXPECT_EQ(TlsClient(server_->port()).PeerName(), "second");
}

TEST_F(TlsTest, AServerWithoutUsableFilesDoesNotStart) {
  options_.tls->key_file = dir_ / "missing.pem";
  try {
    Restart();
    FAIL() << "started";
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), StartsWith("the key " + (dir_ / "missing.pem") + ": "));
  }
  Server plain({}, held_.handler());
  EXPECT_TRUE(plain.ReloadTls().ok());
}

TEST_F(TlsTest, ClientsMustShowACertificateWhereOneIsAsked) {
  MakeCertificate("partner", dir_ / "partner.pem", dir_ / "partner-key.pem");
  MakeCertificate("stranger", dir_ / "stranger.pem", dir_ / "stranger-key.pem");
  options_.tls->client_ca_file = dir_ / "partner.pem";
  Restart();
  auto answer = [&](const TlsClientOptions& options) {
    TlsClient client(server_->port(), options);
    client.Send(kLastGet);
    return client.UntilTheEnd();
  };
  EXPECT_THAT(answer({.certificate_file = dir_ / "partner.pem", .key_file = dir_ / "partner-key.pem"}),
              StartsWith("HTTP/1.1 200 OK"));
  EXPECT_EQ(answer({.certificate_file = dir_ / "stranger.pem", .key_file = dir_ / "stranger-key.pem"}), "");
  EXPECT_EQ(answer({}), "");
}

}  // namespace
}  // namespace lanting::http
