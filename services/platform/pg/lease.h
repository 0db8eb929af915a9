// A connection lent by a Pool, and what the Pool keeps. Internal to the platform.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "platform/pg/connection.h"
#include "platform/pg/pool.h"

namespace lanting::pg {

struct Pool::State {
  explicit State(PoolOptions o) : options(std::move(o)) {}

  const PoolOptions options;
  std::mutex mutex;
  std::condition_variable freed, wake_watchdog;
  std::vector<std::unique_ptr<Connection>> idle;  // last in, first out: the warm ones stay warm
  std::map<Connection*, Deadline> leased;         // when the watchdog cuts the line
  std::size_t open = 0, waiting = 0;
  std::uint64_t round_trips = 0;
  Deadline watching_until = Deadline::max();
  bool stopping = false;
  std::thread watchdog;

  void Watch();
  void Lend(Connection* connection, Deadline deadline);  // mutex held
  void Return(std::unique_ptr<Connection> connection, std::uint64_t round_trips_before);
  void DropIdle();
};

// Gives the connection back when it goes; a broken or failed one is closed.
class Pool::Lease {
 public:
  Lease(std::shared_ptr<State> state, std::unique_ptr<Connection> connection, bool reused)
      : state_(std::move(state)),
        connection_(std::move(connection)),
        reused_(reused),
        before_(reused ? connection_->round_trips() : 0) {}
  Lease(Lease&&) = default;
  ~Lease() {
    if (connection_) state_->Return(std::move(connection_), before_);
  }

  Connection& connection() { return *connection_; }
  bool reused() const { return reused_; }
  std::chrono::milliseconds lock_timeout() const { return state_->options.lock_timeout; }
  void DropIdle() { state_->DropIdle(); }

 private:
  std::shared_ptr<State> state_;
  std::unique_ptr<Connection> connection_;
  bool reused_;
  std::uint64_t before_;
};

}  // namespace lanting::pg
