// The gateway in service, and how another takes its place: requests in hand end where they began, new ones go to the
// new one, none fails. This is what makes settings changeable under load.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "gateway/gateway.h"
#include "platform/base/result.h"
#include "platform/http/server.h"

namespace lanting::gateway {

class Edge {
 public:
  using Make = std::function<std::unique_ptr<Gateway>()>;
  // Throws what `first` throws.
  explicit Edge(const Make& first);
  // Every exchange must have ended: drain the server first.
  ~Edge();

  // For http::Server.
  void Serve(std::shared_ptr<http::Exchange> exchange) { Current()->Serve(std::move(exchange)); }
  std::optional<http::Response> Admit(const http::Request& request) { return Current()->Admit(request); }
  std::vector<std::string> NotReady() const { return Current()->NotReady(); }
  void StartDraining() { Current()->StartDraining(); }

  // Throws what `next` throws; the gateway in service then stays. Waits up to 2 s for the new one to be ready, so that
  // it knows which of its upstreams serve. Not from an I/O thread.
  void Replace(const Make& next);
  // Destroys replaced gateways whose last request has ended. Call it now and then, not from an I/O thread: a gateway
  // waits for its upstream calls, and those end on I/O threads.
  void Reap();

 private:
  // What the replaced gateways are moved to by their last user.
  struct Graveyard {
    std::mutex mutex;
    std::vector<std::unique_ptr<Gateway>> gateways;
  };
  std::shared_ptr<Gateway> Own(std::unique_ptr<Gateway> gateway) const;
  std::shared_ptr<Gateway> Current() const {
    std::lock_guard lock(mutex_);
    return current_;
  }

  const std::shared_ptr<Graveyard> graveyard_ = std::make_shared<Graveyard>();
  mutable std::mutex mutex_;
  std::shared_ptr<Gateway> current_;
};

}  // namespace lanting::gateway
