// The gateway: HTTP requests in, gRPC calls out, replies and errors back. Routes come from the descriptors of the
// packages that the configuration names, so a new RPC needs no code here.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "gateway/access.h"
#include "gateway/config.h"
#include "gateway/openapi/documentation.h"
#include "gateway/protect/gate.h"
#include "gateway/transcode/route_table.h"
#include "gateway/upstream/caller.h"
#include "platform/http/io.h"
#include "platform/http/server.h"

namespace lanting::gateway {

// What is wrong with the configured services and their http rules, all of it.
struct BadSettings : std::runtime_error {
  explicit BadSettings(std::vector<std::string> all) : std::runtime_error(all.front()), faults(std::move(all)) {}
  const std::vector<std::string> faults;
};

class Gateway : public std::enable_shared_from_this<Gateway> {
 public:
  // Throws BadSettings. Its connections run on `io`, which should be the server's.
  Gateway(const Config& config, std::shared_ptr<http::Io> io);
  // Waits for the calls in flight, at most for their deadlines. Not on a thread of `io`.
  ~Gateway();

  // For http::Server. Never blocks; answers from a thread of `io`. A gateway that a shared_ptr owns lives until its
  // last exchange is over; another must outlive the server.
  void Serve(std::shared_ptr<http::Exchange> exchange);
  // For http::ServerOptions::admit: answers what Serve would answer from the header and memory alone (no such path or
  // method, a key that is none), so that nobody without a key can make us hold a body.
  std::optional<http::Response> Admit(const http::Request& request);
  // What keeps it from serving, for /readyz: upstreams that do not serve, "draining".
  std::vector<std::string> NotReady() const;
  void StartDraining() { draining_ = true; }

  const RouteTable& routes() const { return *table_; }

 private:
  struct Job;
  // What needs neither key nor body: the route, and the headers that may stand once only.
  Result<void> Route(const http::Request& request, Job* job) const;
  // What the gate let in.
  void Enter(const std::shared_ptr<Job>& job);
  Result<void> Call(const std::shared_ptr<Job>& job);
  void Stream(const std::shared_ptr<Job>& job, UpstreamCall call);
  Result<UpstreamCall> Prepare(const Job& job) const;
  // The response to give, with what every response carries.
  http::Response Decorated(const Job& job, http::Response response) const;
  http::Response Refusal(const Job& job, Error error) const;
  // The request is over: it is recorded, and its place is free.
  void Over(Job& job, int status, const std::string& cause);
  http::Response Finished(Job& job, http::Response response, const std::string& cause);
  http::Response Failed(Job& job, Error error);

  const std::chrono::milliseconds max_timeout_, max_stream_, heartbeat_;
  const std::shared_ptr<http::Io> io_;
  std::vector<std::unique_ptr<Upstream>> upstreams_;
  std::map<const google::protobuf::ServiceDescriptor*, Upstream*> by_service_;
  std::unique_ptr<RouteTable> table_;
  std::unique_ptr<Documentation> documentation_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<Gate> gate_;
  std::atomic<bool> draining_{false};
};

}  // namespace lanting::gateway
