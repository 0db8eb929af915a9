// The inside of an Upstream: where calls wait, when they are tried again, and the clock of it all. Internal.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "gateway/upstream/addresses.h"
#include "gateway/upstream/metrics.h"

namespace lanting::gateway::detail {

class Pool : public Hub {
 public:
  Pool(boost::asio::io_context& io, UpstreamOptions options);  // throws std::invalid_argument

  // --- any thread, without the mutex ---
  void Begin();
  void Start(const std::shared_ptr<Call>& call);
  void Cancel(const std::shared_ptr<Call>& call);
  void Next(const std::shared_ptr<Call>& call, UpstreamStream::OnMessage on_message);
  bool Serving() const;
  // Waits for the calls in flight, and closes everything.
  void End();

  // --- of Hub ---
  void OnReady(Connection& connection) override;
  void OnDraining(Connection& connection) override;
  void OnClosed(Connection& connection, const std::string& why) override;
  void OnRoom() override;
  void OnEnded(const std::shared_ptr<Call>& call, Connection& connection, Outcome outcome) override;

 private:
  struct Later {
    Deadline at;
    std::shared_ptr<Call> call;
  };
  void Place(const std::shared_ptr<Call>& call);
  // False: there was no room.
  bool Submit(const std::shared_ptr<Call>& call);
  void ServeWaiting();
  void Refuse(const std::shared_ptr<Call>& call);
  void NextOfFinished(const std::shared_ptr<Call>& call);
  void Account(const Call& call, const Connection& connection, const Outcome& outcome);
  bool MayRetry(const Call& call, const Outcome& outcome) const;
  void Retry(const std::shared_ptr<Call>& call, bool reached);
  void Arm(std::chrono::milliseconds in);
  void Tick();
  void ExpireWaiting(Deadline now);
  void ShowMetrics(Deadline now);
  void AskWhere(Deadline now);

  const std::vector<HostPort> target_;
  Addresses addresses_;
  RetryBudget budget_;
  Metrics metrics_;
  std::deque<std::shared_ptr<Call>> waiting_;  // for a connection, or for a free stream
  std::vector<Later> retrying_;
  std::minstd_rand random_{std::random_device()()};
  boost::asio::steady_timer timer_;
  unsigned armed_ = 0;  // counts; an older timer's end is ignored
  bool busy_ = false, ended_ = false;
  bool resolving_ = false, resolved_ = false, loss_charged_ = false;
  Deadline resolve_at_, resolved_at_;
  std::string resolve_error_;
};

}  // namespace lanting::gateway::detail
