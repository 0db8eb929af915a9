// Whether the services behind the gateway say they serve (grpc.health.v1), asked every half second.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "gateway/upstream/caller.h"
#include "platform/base/worker_thread.h"

namespace lanting::gateway {

class HealthWatch {
 public:
  // The upstreams must outlive it.
  explicit HealthWatch(std::vector<Upstream*> upstreams);

  // Names of the upstreams that do not serve, or did not answer yet.
  std::vector<std::string> NotServing() const;

 private:
  struct Probe {
    Upstream* upstream;
    std::shared_ptr<std::atomic<bool>> serving;
  };
  void Run();

  std::vector<Probe> probes_;
  WorkerThread thread_;
};

}  // namespace lanting::gateway
