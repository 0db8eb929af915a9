// Where a message ends must be beyond doubt (RFC 9112 sections 2 to 7 and 11): what others could read in another way is
// refused, the connection is closed, and nothing that was sent after it is ever served.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/http/server_test_support.h"

namespace lanting::http {
namespace {

using std::string_literals::operator""s;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Follows every request below.
const std::string kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

// Echoes, and remembers what it was asked.
class FramingTest : public testing::Test {
 protected:
  static ServerOptions Options() {
    ServerOptions options;
    options.limits.max_header_bytes = 4096;
    options.limits.max_target_bytes = 512;
    options.limits.max_body_bytes = 100'000;
    return options;
  }
  void Serve(std::shared_ptr<Exchange> exchange) {
    const Request& request = exchange->request;
    {
      std::lock_guard lock(mutex_);
      seen_.push_back(request.method + " " + request.target + " " + request.body);
    }
    Response response{.content_type = "text/plain", .body = request.method + " " + request.target + " " + request.body};
    exchange->respond(std::move(response));
  }
  std::vector<std::string> Seen() {
    std::lock_guard lock(mutex_);
    return std::exchange(seen_, {});
  }
  // All that the server sends until it closes the connection. `piece`: how many bytes are sent at a time.
  std::string Exchanged(const std::string& request, std::size_t piece) {
    auto connection = Connect(server_);
    for (std::size_t at = 0; at < request.size(); at += piece) {
      if (!connection.Send(request.substr(at, piece), Soon()).ok()) break;  // it was refused before its end
    }
    std::string all;
    for (;;) {
      auto more = connection.ReceiveSome(Soon());
      if (!more.ok() || more->empty()) return all;
      all += *more;
    }
  }

  std::mutex mutex_;
  std::vector<std::string> seen_;
  Server server_{Options(), [this](std::shared_ptr<Exchange> exchange) { Serve(std::move(exchange)); }};
};

std::string Post(const std::string& headers, const std::string& body) {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + body;
}
std::string Chunked(const std::string& body) { return Post("Transfer-Encoding: chunked\r\n", body); }
std::string Get(const std::string& headers) { return "GET /x HTTP/1.1\r\n" + headers + "\r\n"; }
std::string Line(const std::string& request_line) { return request_line + "\r\nHost: a\r\n\r\n"; }

struct Attack {
  const char* what;
  std::string request;
  const char* status = "400 Bad Request";
};

constexpr const char* kTooLarge = "431 Request Header Fields Too Large";
constexpr const char* kVersion = "505 HTTP Version Not Supported";
constexpr const char* kNotImplemented = "501 Not Implemented";

const Attack kLengths[] = {
    {"two equal lengths", Post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc")},
    {"two lengths", Post("Content-Length: 3\r\nContent-Length: 30\r\n", "abc")},
    {"a list of equal lengths", Post("Content-Length: 3, 3\r\n", "abc")},
    {"a list of lengths", Post("Content-Length: 3,4\r\n", "abc")},
    {"plus", Post("Content-Length: +3\r\n", "abc")},
    {"minus", Post("Content-Length: -3\r\n", "abc")},
    {"hexadecimal", Post("Content-Length: 0x3\r\n", "abc")},
    {"hexadecimal digits", Post("Content-Length: a\r\n", "abc")},
    {"a fraction", Post("Content-Length: 3.0\r\n", "abc")},
    {"an exponent", Post("Content-Length: 3e0\r\n", "abc")},
    {"empty", Post("Content-Length:\r\n", "")},
    {"spaces within", Post("Content-Length: 3 3\r\n", "abc")},
    {"a vertical tab", Post("Content-Length: \v3\r\n", "abc")},
    {"quoted", Post("Content-Length: \"3\"\r\n", "abc")},
    {"other digits", Post("Content-Length: ３\r\n", "abc")},
    {"beyond 64 bits", Post("Content-Length: 18446744073709551616\r\n", "abc")},
    {"3 modulo 2^64", Post("Content-Length: 18446744073709551619\r\n", "abc")},
    {"far beyond 64 bits", Post("Content-Length: " + std::string(300, '9') + "\r\n", "abc")},
    {"all that 64 bits hold", Post("Content-Length: 18446744073709551615\r\n", "abc"), "413 Content Too Large"},
    {"too large", Post("Content-Length: 100001\r\n", "abc"), "413 Content Too Large"},
    {"100 MB", Post("Content-Length: 104857600\r\n", "abc"), "413 Content Too Large"},
};

const Attack kCodings[] = {
    {"length, then chunked", Post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    {"chunked, then length", Post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")},
    {"length and a coding that is none", Post("Content-Length: 5\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n")},
    {"identity", Post("Transfer-Encoding: identity\r\n", "0\r\n\r\n")},
    {"gzip", Post("Transfer-Encoding: gzip\r\n", "0\r\n\r\n")},
    {"gzip, chunked", Post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")},
    {"chunked, identity", Post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n")},
    {"chunked, chunked", Post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")},
    {"chunked in two lines", Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    {"chunked, then identity", Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n")},
    {"identity, then chunked", Post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    {"xchunked", Post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")},
    {"chunkedx", Post("Transfer-Encoding: chunkedx\r\n", "0\r\n\r\n")},
    {"an empty element", Post("Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n")},
    {"an empty element at the end", Post("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n")},
    {"a parameter", Post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n")},
    {"quoted", Post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n")},
    {"empty coding", Post("Transfer-Encoding:\r\n", "0\r\n\r\n")},
    {"a vertical tab", Post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n")},
    {"a form feed at the end", Post("Transfer-Encoding: chunked\f\r\n", "0\r\n\r\n")},
    {"a NUL at the end", Post("Transfer-Encoding: chunked\0\r\n"s, "0\r\n\r\n")},
    {"folded", Post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")},
    {"folded after it", Post("Transfer-Encoding: chunked\r\n , identity\r\n", "0\r\n\r\n")},
    {"hidden behind a space", Post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")},
    {"hidden behind a tab", Post("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n")},
    {"hidden behind a bare LF", Post("X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    {"hidden behind a bare CR", Post("X: y\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    {"in 1.0", "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"in 1.0 with a length", "POST /x HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
};

const Attack kChunks[] = {
    {"no number", Chunked("zz\r\n")},
    {"no size", Chunked("\r\nabc\r\n0\r\n\r\n")},
    {"minus", Chunked("-3\r\nabc\r\n0\r\n\r\n")},
    {"plus", Chunked("+3\r\nabc\r\n0\r\n\r\n")},
    {"0x", Chunked("0x3\r\nabc\r\n0\r\n\r\n")},
    {"a space before the size", Chunked(" 3\r\nabc\r\n0\r\n\r\n")},
    {"an underscore", Chunked("0_3\r\nabc\r\n0\r\n\r\n")},
    {"a NUL", Chunked("3\0\r\nabc\r\n0\r\n\r\n"s)},
    {"3 modulo 2^64", Chunked("10000000000000003\r\nabc\r\n0\r\n\r\n")},
    {"3 modulo 2^32 is not 3", Chunked("100000003\r\nabc\r\n0\r\n\r\n"), "413 Content Too Large"},
    {"nearly 2^64 after others", Chunked("3\r\nabc\r\nFFFFFFFFFFFFFFFE\r\nabc\r\n0\r\n\r\n"), "413 Content Too Large"},
    {"LF only after the size", Chunked("3\nabc\r\n0\r\n\r\n")},
    {"CR only after the size", Chunked("3\rabc\r\n0\r\n\r\n")},
    {"LF only after the data", Chunked("3\r\nabc\n0\r\n\r\n")},
    {"nothing after the data", Chunked("3\r\nabc0\r\n\r\n")},
    {"longer than its size", Chunked("3\r\nabcd\r\n0\r\n\r\n")},
    {"LF only after the last", Chunked("3\r\nabc\r\n0\n\r\n")},
    {"LF in an extension", Chunked("3;a\nb\r\nabc\r\n0\r\n\r\n")},
    {"CR in an extension", Chunked("3;a\rb\r\nabc\r\n0\r\n\r\n")},
    {"a control character in an extension", Chunked("3;a=\x01\r\nabc\r\n0\r\n\r\n")},
    {"an extension without end", Chunked("3;" + std::string(60'000, 'a'))},
    {"a quoted extension that hides its end", Chunked("3;a=\"\r\nabc\"\r\n0\r\n\r\n")},
    {"zeros without end", Chunked(std::string(60'000, '0'))},
    {"a trailer without end", Chunked("0\r\nX: " + std::string(60'000, 'a'))},
    {"many trailers", Chunked("0\r\n" +
                              [] {
                                std::string all;
                                for (int i = 0; i < 10'000; ++i) all += "X: y\r\n";
                                return all;
                              }() +
                              "\r\n")},
    {"a length in a trailer", Chunked("0\r\nContent-Length: 7\r\n\r\n")},
    {"a trailer without colon", Chunked("0\r\nGET /smuggled HTTP/1.1\r\n\r\n")},
    {"LF only in a trailer", Chunked("0\r\nX: y\nZ: z\r\n\r\n")},
    {"too large together",
     Chunked("C350\r\n" + std::string(50'000, 'a') + "\r\nC351\r\n" + std::string(50'001, 'a') + "\r\n0\r\n\r\n"),
     "413 Content Too Large"},
};

const Attack kHeaders[] = {
    {"LF only", Get("Host: a\nX: y\r\n")},
    {"LF only after the request line", "GET /x HTTP/1.1\nHost: a\r\n\r\n"},
    {"LF LF", "GET /x HTTP/1.1\nHost: a\n\n"},
    {"a bare CR", Get("Host: a\r\nX: a\rb\r\n")},
    {"CR CR LF", Get("Host: a\r\nX: a\r\r\n")},
    {"CR in the request line", "GET /x\r HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"a NUL in a value", Get("Host: a\r\nX: a\0b\r\n"s)},
    {"a NUL in a name", Get("Host: a\r\nX\0Y: a\r\n"s)},
    {"a control character in a value", Get("Host: a\r\nX: a\x1b[31mb\r\n")},
    {"a control character in a name", Get("Host: a\r\nX\x01: a\r\n")},
    {"DEL", Get("Host: a\r\nX: a\x7f\r\n")},
    {"no name", Get("Host: a\r\n: y\r\n")},
    {"no colon", Get("Host: a\r\nX\r\n")},
    {"a space in a name", Get("Host: a\r\nX Y: y\r\n")},
    {"a space before a name", Get("Host: a\r\n X: y\r\n")},
    {"a space before the first name", Get(" Host: a\r\n")},
    {"brackets in a name", Get("Host: a\r\nX(Y): y\r\n")},
    {"a quote in a name", Get("Host: a\r\nX\": y\r\n")},
    {"a name in Chinese", Get("Host: a\r\n群: y\r\n")},
    {"folded", Get("Host: a\r\nX: y\r\n z\r\n")},
    {"10,000 headers", Get([] {
       std::string all = "Host: a\r\n";
       for (int i = 0; i < 10'000; ++i) all += "X" + std::to_string(i) + ": y\r\n";
       return all;
     }()),
     kTooLarge},
    {"one of 1 MB", Get("Host: a\r\nX: " + std::string(1'000'000, 'y') + "\r\n"), kTooLarge},
    {"a name of 1 MB", Get("Host: a\r\n" + std::string(1'000'000, 'y') + ": x\r\n"), kTooLarge},
    {"no host", Get("X: y\r\n")},
    {"two hosts", Get("Host: a\r\nHost: a\r\n")},
    {"a host in two cases", Get("Host: a\r\nhOST: b\r\n")},
    {"a list of hosts", Get("Host: a, b\r\n")},
    {"a path in the host", Get("Host: a/b\r\n")},
    {"a user in the host", Get("Host: a@b\r\n")},
    {"a space in the host", Get("Host: a b\r\n")},
    {"a port that is no number", Get("Host: a:8o\r\n")},
    {"two ports", Get("Host: a:80:80\r\n")},
    {"an open bracket", Get("Host: [::1\r\n")},
    {"a quote in the host", Get("Host: \"a\"\r\n")},
    {"another expectation", Get("Host: a\r\nExpect: 200-ok\r\n"), "417 Expectation Failed"},
    {"one expectation too many", Get("Host: a\r\nExpect: 100-continue, 200-ok\r\n"), "417 Expectation Failed"},
    {"another expectation in a second line", Get("Host: a\r\nExpect: 100-continue\r\nExpect: x\r\n"),
     "417 Expectation Failed"},
};

const Attack kRequestLines[] = {
    {"HTTP/0.9", "GET /x\r\n"},
    {"HTTP/0.9 with headers", Line("GET /x")},
    {"HTTP/2.0", Line("GET /x HTTP/2.0"), kVersion},
    {"HTTP/1.2", Line("GET /x HTTP/1.2"), kVersion},
    {"HTTP/3.0", Line("GET /x HTTP/3.0"), kVersion},
    {"HTTP/0.9 named", Line("GET /x HTTP/0.9"), kVersion},
    {"HTTP/1.10", Line("GET /x HTTP/1.10")},
    {"HTTP/1", Line("GET /x HTTP/1")},
    {"HTTP/11", Line("GET /x HTTP/11")},
    {"http/1.1", Line("GET /x http/1.1")},
    {"ICY/1.1", Line("GET /x ICY/1.1")},
    {"a space after the version", Line("GET /x HTTP/1.1 ")},
    {"two spaces before the version", Line("GET /x  HTTP/1.1")},
    {"two spaces before the target", Line("GET  /x HTTP/1.1")},
    {"a tab", Line("GET\t/x\tHTTP/1.1")},
    {"a space before the method", Line(" GET /x HTTP/1.1")},
    {"no method", Line("/x HTTP/1.1")},
    {"a method that is no token", Line("G@T /x HTTP/1.1")},
    {"a method with a NUL", Line("GE\0T /x HTTP/1.1"s)},
    {"a space in the target", Line("GET /x y HTTP/1.1")},
    {"a fragment", Line("GET /x#y HTTP/1.1")},
    {"a control character in the target", Line("GET /x\x01 HTTP/1.1")},
    {"DEL in the target", Line("GET /x\x7f HTTP/1.1")},
    {"a NUL in the target", Line("GET /x\0 HTTP/1.1"s)},
    {"a relative target", Line("GET x HTTP/1.1")},
    {"a query only", Line("GET ?x HTTP/1.1")},
    {"an asterisk for GET", Line("GET * HTTP/1.1")},
    {"an authority for GET", Line("GET a:80 HTTP/1.1")},
    {"another scheme", Line("GET ftp://a/x HTTP/1.1")},
    {"a scheme without authority", Line("GET http:///x HTTP/1.1")},
    {"another host than Host", Line("GET http://b/x HTTP/1.1")},
    {"another port than Host", Line("GET http://a:81/x HTTP/1.1")},
    {"a user in the target", Line("GET http://u@a/x HTTP/1.1")},
    {"CONNECT", Line("CONNECT a:443 HTTP/1.1"), kNotImplemented},
    {"CONNECT to a path", Line("CONNECT /x HTTP/1.1"), kNotImplemented},
    {"TRACE", Line("TRACE /x HTTP/1.1"), kNotImplemented},
    {"target too long", Line("GET /" + std::string(600, 'x') + " HTTP/1.1"), "414 URI Too Long"},
    {"64,000 slashes", Line("GET " + std::string(64'000, '/') + " HTTP/1.1"), "414 URI Too Long"},
    {"a method of 100 KB", Line(std::string(100'000, 'X') + " / HTTP/1.1"), "414 URI Too Long"},
    {"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"s},
};

class AttackTest : public FramingTest, public testing::WithParamInterface<const Attack*> {};

template <std::size_t kCount>
std::vector<const Attack*> Each(const Attack (&attacks)[kCount]) {
  std::vector<const Attack*> all;
  for (const Attack& attack : attacks) all.push_back(&attack);
  return all;
}

TEST_P(AttackTest, IsRefusedOnceAndEndsTheConnection) {
  const Attack& attack = *GetParam();
  for (std::size_t piece : {std::size_t{1'000'000}, std::size_t{3}}) {
    if (piece == 3 && attack.request.size() > 3000) continue;
    const std::string all = Exchanged(attack.request + kSmuggled, piece);
    EXPECT_THAT(all, StartsWith("HTTP/1.1 " + std::string(attack.status) + "\r\n")) << attack.what;
    EXPECT_THAT(all, HasSubstr("\r\nConnection: close\r\n")) << attack.what;
    EXPECT_EQ(all.find("HTTP/1.1 ", 1), std::string::npos) << attack.what << ": more than one answer:\n" << all;
    EXPECT_THAT(Seen(), testing::IsEmpty()) << attack.what;
  }
}

std::string NameOf(const testing::TestParamInfo<const Attack*>& info) {
  std::string name = std::to_string(info.index) + "_";
  for (const char* c = info.param->what; *c != '\0'; ++c)
    name += std::isalnum(static_cast<unsigned char>(*c)) ? *c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Length, AttackTest, testing::ValuesIn(Each(kLengths)), NameOf);
INSTANTIATE_TEST_SUITE_P(Coding, AttackTest, testing::ValuesIn(Each(kCodings)), NameOf);
INSTANTIATE_TEST_SUITE_P(Chunk, AttackTest, testing::ValuesIn(Each(kChunks)), NameOf);
INSTANTIATE_TEST_SUITE_P(Header, AttackTest, testing::ValuesIn(Each(kHeaders)), NameOf);
INSTANTIATE_TEST_SUITE_P(RequestLine, AttackTest, testing::ValuesIn(Each(kRequestLines)), NameOf);

// What looks odd and is right: served, and so is what follows.
struct Fine {
  const char* what;
  std::string request;
  std::string seen;
};

const Fine kFine[] = {
    {"zeros before a length", Post("Content-Length: 0003\r\n", "abc"), "POST /x abc"},
    {"blanks around a length", Post("Content-Length: \t 3 \t\r\n", "abc"), "POST /x abc"},
    {"no blank before a length", Post("Content-Length:3\r\n", "abc"), "POST /x abc"},
    {"names in capitals", Post("CONTENT-LENGTH: 3\r\n", "abc"), "POST /x abc"},
    {"a body that looks like a request", Post("Content-Length: 23\r\n", "GET /inner HTTP/1.1\r\n\r\n"),
     "POST /x GET /inner HTTP/1.1\r\n\r\n"},
    {"a body for GET", "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "GET /x abc"},
    {"no body", Post("", ""), "POST /x "},
    {"CHUNKED", Post("Transfer-Encoding: CHUNKED\r\n", "3\r\nabc\r\n0\r\n\r\n"), "POST /x abc"},
    {"chunks", Chunked("3\r\nabc\r\n00a\r\n0123456789\r\n0\r\n\r\n"), "POST /x abc0123456789"},
    {"large hexadecimal digits", Chunked("A\r\n0123456789\r\n0\r\n\r\n"), "POST /x 0123456789"},
    {"extensions", Chunked("3;a=b;c=\"d e\"\r\nabc\r\n0;z\r\n\r\n"), "POST /x abc"},
    {"trailers", Chunked("3\r\nabc\r\n0\r\nX: y\r\nHost: b\r\n\r\n"), "POST /x abc"},
    {"no chunk but the last", Chunked("0\r\n\r\n"), "POST /x "},
    {"many zeros", Chunked("0000000\r\n\r\n"), "POST /x "},
    {"a tab in a value", Get("Host: a\r\nX: a\tb\r\n"), "GET /x "},
    {"an empty value", Get("Host: a\r\nX:\r\n"), "GET /x "},
    {"a value in Chinese", Get("Host: a\r\nX: 晨跑团\r\n"), "GET /x "},
    {"every character of a token", Get("Host: a\r\n!#$%&'*+-.^_`|~09: y\r\n"), "GET /x "},
    {"an empty host", Get("Host:\r\n"), "GET /x "},
    {"a host with a port", Get("Host: api.example.org:8080\r\n"), "GET /x "},
    {"an IPv6 host", Get("Host: [::1]:8080\r\n"), "GET /x "},
    {"a colon without port", Get("Host: a:\r\n"), "GET /x "},
    {"an underscore in the host", Get("Host: my_service\r\n"), "GET /x "},
    {"empty lines before", "\r\n\r\n" + Get("Host: a\r\n"), "GET /x "},
    {"a method in small letters is another method", Line("get /x HTTP/1.1"), "get /x "},
    {"an unknown method", Line("PURGE /x HTTP/1.1"), "PURGE /x "},
    {"absolute form", Line("GET http://a/y?z=1 HTTP/1.1"), "GET /y?z=1 "},
    {"absolute form in capitals", Line("GET HTTP://A:80/y HTTP/1.1"), "GET /y "},
    {"asterisk form", Line("OPTIONS * HTTP/1.1"), "OPTIONS * "},
    {"two slashes", Line("GET //b/x HTTP/1.1"), "GET //b/x "},
};

TEST_F(FramingTest, WhatIsRightIsServedAndSoIsWhatFollows) {
  for (const Fine& fine : kFine) {
    for (std::size_t piece : {std::size_t{1'000'000}, std::size_t{1}}) {
      const std::string all = Exchanged(fine.request + kSmuggled, piece);
      EXPECT_THAT(all, StartsWith("HTTP/1.1 200 OK\r\n")) << fine.what;
      EXPECT_THAT(Seen(), testing::ElementsAre(fine.seen, "GET /smuggled ")) << fine.what;
    }
  }
}

TEST_F(FramingTest, AHundredPipelinedRequestsInAnyPiecesAreAnsweredInOrder) {
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    const std::string head = "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n";
    const std::string body = "第" + std::to_string(i) + "号";
    char size[8];
    std::snprintf(size, sizeof size, "%zx", body.size());
    requests += i % 2 == 0 ? head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body
                           : head + "Transfer-Encoding: chunked\r\n\r\n" + size + "\r\n" + body + "\r\n0\r\n\r\n";
  }
  for (std::size_t piece : {1'000'000, 1, 7, 61, 1000}) {
    auto connection = Connect(server_);
    std::thread sender([&] {
      for (std::size_t at = 0; at < requests.size(); at += piece)
        EXPECT_TRUE(connection.Send(requests.substr(at, piece), Soon()).ok());
    });
    sender.join();
    for (int i = 0; i < 100; ++i) {
      auto response = connection.Receive("POST", Soon());
      ASSERT_TRUE(response.ok()) << response.error().internal;
      ASSERT_EQ(response->body, "POST /" + std::to_string(i) + " 第" + std::to_string(i) + "号");
    }
  }
}

TEST_F(FramingTest, WhatIsBeyondTheLimitIsNotReadToItsEnd) {
  auto connection = Connect(server_);
  ASSERT_TRUE(connection.Send(Chunked(""), Soon()).ok());
  const std::string chunk = "2710\r\n" + std::string(10'000, 'x') + "\r\n";
  std::size_t sent = 0;
  while (sent < 100'000'000 && connection.Send(chunk, Soon()).ok()) sent += chunk.size();
  EXPECT_LT(sent, 50'000'000u);  // what the buffers between both hold, and a little courtesy
}

TEST_F(FramingTest, ContinueIsForThoseWhoWaitForIt) {
  auto connection = Connect(server_);
  ASSERT_TRUE(connection.Send(Post("Content-Length: 3\r\nExpect: 100-continue\r\n", ""), Soon()).ok());
  EXPECT_EQ(connection.Receive("POST", Soon())->status, 100);
  ASSERT_TRUE(connection.Send("abc", Soon()).ok());
  EXPECT_EQ(connection.Receive("POST", Soon())->body, "POST /x abc");
  // Who has sent the body already, has none, or speaks 1.0 gets no interim answer.
  for (const std::string& request :
       {Post("Content-Length: 3\r\nExpect: 100-continue\r\n", "abc"), Post("Expect: 100-continue\r\n", ""),
        "POST /x HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"s}) {
    auto another = Connect(server_);
    ASSERT_TRUE(another.Send(request, Soon()).ok());
    EXPECT_EQ(another.Receive("POST", Soon())->status, 200);
  }
}

TEST_F(FramingTest, Http10EndsWithItsAnswer) {
  for (const char* connection : {"", "Connection: keep-alive\r\n", "Connection: close\r\n"}) {
    const std::string request = "GET /x HTTP/1.0\r\n"s + connection + "\r\n";
    const std::string all = Exchanged(request + kSmuggled, 1'000'000);
    EXPECT_THAT(all, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(Seen(), testing::ElementsAre("GET /x ")) << connection;
  }
}

TEST_F(FramingTest, ConnectionOptionsAreAList) {
  for (const char* value : {"close", "Close", "x, close", "keep-alive, CLOSE", "close,x"}) {
    const std::string all = Exchanged(Get("Host: a\r\nConnection: "s + value + "\r\n") + kSmuggled, 1'000'000);
    EXPECT_THAT(all, HasSubstr("\r\nConnection: close\r\n")) << value;
    EXPECT_THAT(Seen(), testing::ElementsAre("GET /x ")) << value;
  }
}

}  // namespace
}  // namespace lanting::http
