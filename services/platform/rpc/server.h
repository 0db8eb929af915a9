// Server: one gRPC port with the services of a process, reflection and the standard health service.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "platform/auth/authenticator.h"
#include "platform/base/clock.h"
#include "platform/rpc/executor.h"
#include "platform/rpc/service.h"

namespace lanting::rpc {

struct ServerOptions {
  std::string address = "127.0.0.1:0";  // host:port (port 0 takes a free one) or unix:/path
  ExecutorOptions executor;
  int max_message_bytes = 20 * 1024 * 1024;
  std::chrono::milliseconds max_deadline{10'000};  // of a call, whatever the caller asks for
  // Server-streaming calls have threads of their own, each for as long as its call lasts.
  ExecutorOptions streams{.threads = 4, .queue_capacity = 16};
  std::chrono::milliseconds max_stream{600'000};
  std::shared_ptr<auth::Authenticator> authenticator;
  const Clock* clock = &Clock::System();
};

class Server {
 public:
  // Starts serving; health says NOT_SERVING until SetServing(true). The services must outlive the server and belong to
  // it alone. Throws std::logic_error for an RPC without a handler and std::runtime_error if it cannot listen
  // ("cannot listen on 127.0.0.1:9000: Address already in use").
  Server(ServerOptions options, const std::vector<Service*>& services);
  // Shutdown(0) if nobody shut it down.
  ~Server();

  int port() const;
  std::size_t queue_depth() const;
  // Of every service and of the server as a whole (the empty service name). Informs callers; calls are served anyway.
  void SetServing(bool serving);
  void SetServing(const std::string& service, bool serving);
  // NOT_SERVING; no new calls; what is in flight or queued may finish until `grace` is over, then is cancelled. Returns
  // when every call has been answered, so a handler that ignores its deadline holds it up. Idempotent.
  void Shutdown(std::chrono::milliseconds grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lanting::rpc
