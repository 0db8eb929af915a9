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
#include "gateway/transcode/route_table.h"
#include "gateway/upstream/caller.h"
#include "platform/http/server.h"

namespace lanting::gateway {

// What is wrong with the configured services and their http rules, all of it.
struct BadSettings : std::runtime_error {
  explicit BadSettings(std::vector<std::string> all) : std::runtime_error(all.front()), faults(std::move(all)) {}
  const std::vector<std::string> faults;
};

class Gateway {
 public:
  // Throws BadSettings.
  explicit Gateway(const Config& config);
  ~Gateway();

  // For http::Server. Never blocks; answers from a thread of gRPC. The gateway must outlive every exchange: drain the
  // server first.
  void Serve(std::shared_ptr<http::Exchange> exchange);
  // For http::ServerOptions::admit: answers what Serve would answer from the header alone (no such path or method, no
  // credential), so that nobody without a well-formed key can make us hold a body.
  std::optional<http::Response> Admit(const http::Request& request);
  // What keeps it from serving, for /readyz: upstreams that do not serve, "draining".
  std::vector<std::string> NotReady() const;
  void StartDraining() { draining_ = true; }

  const RouteTable& routes() const { return *table_; }

 private:
  struct Job;
  static Job Begin(const http::Request& request);
  // What needs no body: the route, and the early refusals.
  Result<RouteTable::Match> Enter(const http::Request& request, Job* job) const;
  // Either an error to answer at once, or the call is on its way.
  Result<void> Start(const std::shared_ptr<Job>& job);
  Result<UpstreamCall> Prepare(const Job& job, const RouteTable::Match& match) const;
  // The response to give, with what every response carries; recorded in log and metrics.
  http::Response Answered(const Job& job, http::Response response, const std::string& cause);
  http::Response Failed(const Job& job, Error error);

  const std::chrono::milliseconds max_timeout_;
  std::vector<std::unique_ptr<Upstream>> upstreams_;
  std::map<const google::protobuf::ServiceDescriptor*, Upstream*> by_service_;
  std::unique_ptr<RouteTable> table_;
  std::unique_ptr<Access> access_;
  std::atomic<bool> draining_{false};
};

}  // namespace lanting::gateway
