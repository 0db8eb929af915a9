// The operator's door of a process: GET and HEAD of
//   /healthz  200 while the process is alive
//   /readyz   200, or 503 with what is not ready: {"ready":false,"notReady":["postgres"]}
//   /metrics  the registry in Prometheus' text format
// Anything else is 404 (another method on these paths: 405).
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "platform/http/server.h"

namespace lanting::obs {

// Names of what is not ready yet; empty when the process may be given work. Called on the I/O thread: it reads flags,
// it does not ask dependencies.
using ReadyFn = std::function<std::vector<std::string>()>;

// The answer to one request, for processes that serve these paths on a server of their own.
http::Response AdminAnswer(const http::Request& request, const ReadyFn& ready);
// Whether `target` (raw path and query) is one of the three paths.
bool IsAdminPath(std::string_view target);

class AdminServer {
 public:
  // `address` is host:port, port 0 takes a free one. Throws std::runtime_error if it cannot listen.
  AdminServer(std::string address, ReadyFn ready);

  int port() const { return server_.port(); }
  void Drain(std::chrono::milliseconds grace) { server_.Drain(grace); }

 private:
  http::Server server_;
};

}  // namespace lanting::obs
