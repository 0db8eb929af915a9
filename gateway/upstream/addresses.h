// The addresses of one service: connections to each, their health and failures, and whose turn it is. Internal; every
// method wants Hub::mutex held.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gateway/upstream/connection.h"
#include "gateway/upstream/limits.h"
#include "gateway/upstream/target.h"

namespace lanting::gateway::detail {

class Addresses {
 public:
  explicit Addresses(Hub& hub);

  // What the target resolves to now: connects to those that are new, drains those that are no more.
  void Update(std::vector<Endpoint> endpoints);
  // For one more call: round robin over the addresses, one other than `avoid` (an id; 0: none) if there is one.
  Connection* Pick(unsigned avoid);
  // One may take a call soon: one is connected (and full), or is being connected to for the first time.
  bool Hope() const;
  bool Serving() const;
  const std::string& last_error() const { return last_error_; }

  void OnReady(Connection& connection);
  void OnDraining(Connection& connection);
  void OnClosed(Connection& connection, const std::string& why);
  void OnSuccess(unsigned address);
  // True if it was ejected.
  bool OnFailure(unsigned address, Deadline now);
  // Connections, probes, and what is due. True: something is being connected.
  bool Tick(Deadline now);
  void CloseAll();

  struct Counts {
    int connections = 0, serving = 0, not_serving = 0, ejected = 0, disconnected = 0;
  };
  Counts Count(Deadline now) const;

 private:
  enum class Health { kUnknown, kServing, kNotServing };
  struct Address {
    unsigned id;
    Endpoint endpoint;
    Outlier outlier;
    std::vector<std::shared_ptr<Connection>> connections;
    std::size_t next = 0;  // connection
    Health health = Health::kUnknown;
    bool gone = false;    // resolved no more
    int failures = 0;     // to connect, in a row
    int short_lives = 0;  // connections that ended soon, in a row
    Deadline connect_at;  // not before
    bool probing = false;
    Deadline probe_at;

    bool IsConnected() const;
  };

  Address* Find(unsigned id);
  bool IsPreferred(const Address& address, Deadline now) const;
  Connection* PickOf(Address& address);
  void Connect(Address& address, Deadline now);
  void Failed(Address& address, Deadline now);
  void Lived(Address& address, Deadline::duration life, Deadline now);
  void Probe(Address& address, Deadline now);
  void OnHealth(unsigned id, const Result<UpstreamReply>& reply);
  std::chrono::milliseconds Jitter(std::chrono::milliseconds around, double part);

  Hub& hub_;
  std::vector<std::unique_ptr<Address>> addresses_;
  std::size_t next_ = 0;
  unsigned last_id_ = 0;
  std::string last_error_;
  bool closed_ = false;
  std::minstd_rand random_{std::random_device()()};
};

}  // namespace lanting::gateway::detail
