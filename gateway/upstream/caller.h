// Calls to one service, as bytes: the gateway knows its messages from descriptors only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "platform/base/result.h"

namespace lanting::gateway {

struct UpstreamCall {
  std::string method;   // "/lanting.membership.v1.MemberService/GetMember"
  std::string request;  // serialised
  std::chrono::milliseconds timeout{10'000};
  // The only metadata that is sent; empty: not at all.
  std::string authorization, traceparent;
};

class Upstream {
 public:
  // `name` names it in errors and metrics ("membership"); `target` is host:port. Connections are made when first used
  // and again when lost: an attempt takes at most 1 s, and the next follows within a second. More than one channel
  // spreads the load of one busy HTTP/2 connection.
  Upstream(std::string name, const std::string& target, int channels);
  // Waits for the calls in flight, at most for their deadlines.
  ~Upstream();

  using Done = std::function<void(Result<std::string>)>;
  using Cancel = std::function<void()>;
  // `done` is called once, on a thread of gRPC, with the serialised reply. Never retries, never waits for a connection:
  // without one the answer is DependencyUnavailable. `Cancel` may be called at any time, from any thread.
  Cancel Call(UpstreamCall call, Done done);

  const std::string& name() const { return name_; }

 private:
  struct Stubs;
  struct InFlightCount;
  const std::string name_;
  std::unique_ptr<Stubs> stubs_;
  std::shared_ptr<InFlightCount> in_flight_;
};

}  // namespace lanting::gateway
