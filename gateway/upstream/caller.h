// Calls to one service behind the gateway, as bytes: gRPC over HTTP/2 on the I/O threads that serve the clients.
// Messages are known from descriptors only, so nothing here knows them. Why it is ours: docs/adr/0012.
//
// An upstream is all addresses that its target resolves to. Each has its own connections and is asked for its health
// (grpc.health.v1) every half second; calls go round robin to those that say SERVING. If none does, they go to any that
// is connected (what is wrong with it, it says better itself); if none is connected they fail at once, unless a first
// attempt to connect is under way. TLS to a service is not spoken.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "platform/base/result.h"

namespace lanting::http {
class Io;
}

namespace lanting::gateway {

namespace detail {
class Pool;
}

// Names are lower case. Values are ASCII, but for names that end in "-bin", whose values are any bytes.
using Metadata = std::vector<std::pair<std::string, std::string>>;

// The defaults are for operation; tests shorten them. Times are kept to about 10 ms.
struct UpstreamTiming {
  using Ms = std::chrono::milliseconds;
  Ms connect_timeout{1000};               // until the service has sent its HTTP/2 SETTINGS
  Ms backoff_min{50}, backoff_max{2000};  // between attempts to connect to one address: doubled, a fifth of jitter
  Ms resolve_every{30'000};               // and when a connection is lost, at most once a second
  Ms probe_every{500}, probe_timeout{1000};
  Ms keepalive_every{20'000}, keepalive_timeout{5000};  // a ping when calls are open and nothing comes
  Ms max_age{300'000};  // of a connection, a tenth of jitter: then calls go to a fresh one
  Ms retry_min{10}, retry_max{50};
  Ms eject_for{5000}, eject_most{60'000};  // times the ejections so far
};

struct UpstreamOptions {
  std::string name;              // in errors and metrics: "membership"
  std::string target;            // host:port, or several with commas; "dns:///" may stand before. [::1]:port for IPv6
  int channels = 1;              // HTTP/2 connections to each address
  std::shared_ptr<http::Io> io;  // kept running until the upstream is gone; null: a thread of its own
  std::size_t max_reply_bytes = 20 * 1024 * 1024;  // of one message; a longer one is INTERNAL
  std::size_t max_waiting = 1000;  // calls that wait for a connection or for a free stream; beyond: OVERLOADED
  UpstreamTiming timing;
};

struct UpstreamCall {
  std::string method;                         // "/lanting.membership.v1.MemberService/GetMember"
  std::string request;                        // serialised
  std::chrono::milliseconds timeout{10'000};  // of everything: waiting, retries, and a whole stream
  // Empty: not sent.
  std::string authorization, traceparent;
  // Further metadata. What HTTP/2 cannot carry, and names of the transport (":x", "grpc-x", "te", ...), is left out.
  Metadata metadata;
  // The service may be asked again though it may have done it already: reads, and writes with a request id.
  bool retry_safe = false;
  std::vector<std::string> want_metadata;  // names of the reply's metadata that the caller wants to see
};

struct UpstreamReply {
  std::string message;  // serialised
  Metadata metadata;    // of want_metadata, what came: headers, then trailers
};

// The messages of a server-streaming call, one at a time: what the consumer has not asked for stays with the service
// (at most a flow-control window, 256 KiB, is held here). Dropping it cancels the call.
class UpstreamStream {
 public:
  // A message; nothing: the service has ended the stream well; an error: the last word.
  using OnMessage = std::function<void(Result<std::optional<std::string>>)>;
  virtual ~UpstreamStream() = default;
  // Any thread; one at a time. `on_message` is called once, on an I/O thread, never within Next.
  virtual void Next(OnMessage on_message) = 0;
  virtual void Cancel() = 0;  // any thread, any number of times
};

// All methods may be called from any thread.
//
// Retries: a call that never reached the service (no connection, REFUSED_STREAM, above a GOAWAY's last stream) is tried
// on another address, at most twice. One that may have reached it is tried again, within the same two, only if it is
// retry_safe, the answer is UNAVAILABLE and the budget of gRFC A6 allows (10 tokens, above 5; a success gives 0.1, a
// failure costs 1; all calls of a lost connection count as one, since it can be lost once only). Never after the
// deadline.
//
// Outliers: an address whose calls fail five times in a row by UNAVAILABLE or by a deadline of a second and more is
// ejected for a while, never more than half of the addresses at a time.
class Upstream {
 public:
  explicit Upstream(UpstreamOptions options);  // throws std::invalid_argument: a target of another form
  // Waits for the calls in flight, at most for their deadlines. Not on a thread of its Io.
  ~Upstream();

  using Done = std::function<void(Result<UpstreamReply>)>;
  using Cancel = std::function<void()>;
  // `done` is called once, on an I/O thread, never within Call. `Cancel` may be called at any time, also after the end.
  Cancel Call(UpstreamCall call, Done done);
  std::unique_ptr<UpstreamStream> Stream(UpstreamCall call);

  const std::string& name() const { return name_; }
  // Whether an address is connected and says that it serves, or has no health service.
  bool Serving() const;

 private:
  const std::string name_;
  std::shared_ptr<http::Io> io_;
  std::shared_ptr<detail::Pool> pool_;
};

}  // namespace lanting::gateway
