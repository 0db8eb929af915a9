// Whether the services behind the gateway say they serve (grpc.health.v1), asked every half second.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/upstream/caller.h"

namespace lanting::gateway {

class HealthWatch {
 public:
  // The upstreams must outlive it.
  explicit HealthWatch(std::vector<Upstream*> upstreams);
  ~HealthWatch();

  // Names of the upstreams that do not serve, or did not answer yet.
  std::vector<std::string> NotServing() const;

 private:
  struct Probe {
    Upstream* upstream;
    std::shared_ptr<std::atomic<bool>> serving;
  };
  void Run();

  std::vector<Probe> probes_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace lanting::gateway
