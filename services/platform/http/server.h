// An asynchronous server of HTTP/1.1 and HTTP/2 (RFC 9110, 9112, 9113), plain or under TLS: the gateway's front and
// every process's /healthz /readyz /metrics. Everything has a limit.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/result.h"

namespace lanting::http {

class Io;

struct Limits {
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_target_bytes = 8 * 1024;
  std::size_t max_body_bytes = 4 * 1024 * 1024;
  std::size_t max_connections = 12'000;  // beyond: accept and close with 503
  // Of the bodies of all connections together, from their first byte until the exchange is gone; beyond: 503. It may be
  // exceeded by what one read brings to each I/O thread.
  std::size_t max_buffered_bytes = 256 * 1024 * 1024;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds write_timeout{30'000};

  bool operator==(const Limits&) const = default;
};

// A body with Content-Encoding gzip (or x-gzip, and no other) arrives unpacked and without that header; its limits
// count what it unpacks to. Other codings arrive as they are.
struct Request {
  std::string method;  // "GET"
  std::string target;  // raw path and query, as sent; of an absolute-form target the part after the authority
  std::vector<std::pair<std::string, std::string>> headers;  // as sent, in order
  std::string body;
  std::string peer;  // "127.0.0.1:41234"

  // First header of that name (ASCII case-insensitive), or empty.
  std::string_view Header(std::string_view name) const;
  // How many headers have that name.
  std::size_t Count(std::string_view name) const;
};

// Content-Length, Connection, Date and Transfer-Encoding are the server's: given by a handler they are ignored, and so
// is a header that would break the message (CR, LF, NUL). A body of 204 or 304, or to HEAD, is not sent. Text of 1 KiB
// or more is packed with gzip for clients that accept it, unless the handler gave Content-Encoding or no-transform.
struct Response {
  int status = 200;
  std::string content_type = "application/json";  // empty: no such header
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Called at most once, from any thread; after the connection has gone it does nothing.
using Respond = std::function<void(Response)>;

// The body of a response that is sent piece by piece. Any thread; one producer. Dropping it before End() cuts the
// connection, so that the client sees that the body is not complete. Callbacks must not throw.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // Sends `piece` at once. `done(true)` when the socket has taken it: the producer makes the next one only then.
  // `done(false)` when nobody wants the rest: the client has gone or took longer than write_timeout for the piece, the
  // server was cut, or the body is not sent at all (HEAD). `done` is called exactly once, on an I/O thread, or on the
  // caller's if the client has gone already; never before the server gave it up: it holds at most one piece that is
  // being sent and one that waits. A producer that hands over a third loses its client.
  virtual void Write(std::string piece, std::function<void(bool ok)> done) = 0;
  // The body is complete; after it nothing may be written. Need not wait for the last piece's `done`.
  virtual void End() = 0;
  // Registers a function to call once, on an I/O thread, when the server begins to drain (at once, on the caller's
  // thread, if it does already): the stream should end within the grace, after which it is cut.
  virtual void OnDrain(std::function<void()> f) = 0;
  virtual bool draining() const = 0;
};

// A request that is being served. If it is dropped without an answer, the client gets 500.
struct Exchange {
  Request request;
  Respond respond;
  // Instead of `respond`: sends the head now (its body is ignored) and the body as it is made, in chunks; to HTTP/1.0
  // until the connection closes. There is no bound in time while the producer is silent. Any thread; at most one of
  // both, once: later calls give a stream of which every piece is lost.
  std::function<std::shared_ptr<BodyStream>(Response head)> stream;
  // Registers a function to call once, on an I/O thread, if the client goes before the response was given or the stream
  // was ended (at once, on the caller's thread, if it has gone already). A client that closes its sending side counts
  // as gone, and so does one that asked for a stream's head only.
  std::function<void(std::function<void()>)> on_cancel;
  std::shared_ptr<void> buffered;  // the server's: the body's part of max_buffered_bytes
};

// May answer at once or later; bounding that time is its own duty. Runs on an I/O thread: never block in it.
using Handler = std::function<void(std::shared_ptr<Exchange>)>;
// Makes the body for errors that the server itself answers (400 MALFORMED_REQUEST, 408 DEADLINE_EXCEEDED,
// 413 BODY_TOO_LARGE, 414 and 431 HEADER_TOO_LARGE, 417 MALFORMED_REQUEST, 500 INTERNAL, 501 and 505 UNIMPLEMENTED,
// 503 OVERLOADED), so that the gateway's have the AIP-193 form. `reason` is an ErrorReason name.
using ErrorBody = std::function<Response(int status, std::string_view reason, std::string_view message)>;
// Looks at a request whose header is complete and whose body is still to come: a response refuses it, so that the body
// costs nothing, and ends the connection. Not asked for requests without a body, or whose body came with the header.
// Runs on an I/O thread: never block.
using Admit = std::function<std::optional<Response>(const Request&)>;

// Files in PEM. TLS 1.2 and 1.3; HTTP/2 or HTTP/1.1 by ALPN.
struct TlsOptions {
  std::string certificate_file;  // the server's own first, then the chain up to the root
  std::string key_file;
  std::string client_ca_file;  // when set, a client must have a certificate by one of these

  bool operator==(const TlsOptions&) const = default;
};

struct ServerOptions {
  std::string address = "127.0.0.1:0";  // host:port; port 0 takes a free one
  int threads = 1;                      // of its own Io
  std::shared_ptr<Io> io;  // runs on this one, which must be kept running until the server is drained; null: its own
  Limits limits;
  bool http2 = true;     // over TLS by ALPN, in the clear by prior knowledge
  int gzip_level = 1;    // of responses: 1 fastest to 9 smallest; 0: never
  ErrorBody error_body;  // default: text/plain
  Admit admit;           // default: admits everything
  std::optional<TlsOptions> tls;
  // Told what a handler threw; the client gets 500.
  std::function<void(std::string_view what)> on_exception;
};

class Server {
 public:
  // Throws std::runtime_error if it cannot listen: "cannot listen on 127.0.0.1:8080: address already in use", or cannot
  // use the TLS files: "the key /etc/lanting/key.pem: ... no such file".
  Server(ServerOptions options, Handler handler);
  ~Server();

  // Reads the TLS files again, for new connections; on a fault the old ones stay in use. Does nothing without TLS.
  Result<void> ReloadTls();
  int port() const;
  std::size_t connections() const;
  // Stops accepting, answers what is in flight with `Connection: close`, tells the streams, closes idle connections,
  // and returns when all are gone or after `grace`; what is left then is cut. After it no handler of this server runs.
  // Not from a thread of its Io. Again: does nothing.
  void Drain(std::chrono::milliseconds grace);

 private:
  struct Impl;
  bool own_io_ = false;
  std::shared_ptr<Io> io_;  // outlives what follows
  std::shared_ptr<Impl> impl_;
};

}  // namespace lanting::http
