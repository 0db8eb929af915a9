#include "gateway/edge.h"

#include <chrono>
#include <thread>

namespace lanting::gateway {

Edge::Edge(const Make& first) : current_(Own(first())) {}

Edge::~Edge() {
  current_.reset();
  Reap();
}

std::shared_ptr<Gateway> Edge::Own(std::unique_ptr<Gateway> gateway) const {
  return {gateway.release(), [graveyard = graveyard_](Gateway* last) {
            std::lock_guard lock(graveyard->mutex);
            graveyard->gateways.emplace_back(last);
          }};
}

void Edge::Replace(const Make& next) {
  auto gateway = Own(next());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (!gateway->NotReady().empty() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  {
    std::lock_guard lock(mutex_);
    current_.swap(gateway);
  }
  gateway.reset();
  Reap();
}

void Edge::Reap() {
  std::vector<std::unique_ptr<Gateway>> dead;
  {
    std::lock_guard lock(graveyard_->mutex);
    dead.swap(graveyard_->gateways);
  }
  dead.clear();  // without the lock: another last user may come while these wait for their calls
}

}  // namespace lanting::gateway
