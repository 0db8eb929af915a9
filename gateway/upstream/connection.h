// One HTTP/2 connection to one address of a service. Internal; every method wants Hub::mutex held.
//
//   kConnecting -> kReady (the service's SETTINGS have come) -> kDraining (GOAWAY, or too old: no new calls) -> kClosed
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "gateway/upstream/call.h"

namespace lanting::gateway::detail {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum class State { kConnecting, kReady, kDraining, kClosed };

  // `max_age` from now on. `authority` is what the target calls the address.
  Connection(std::shared_ptr<Hub> hub, unsigned address, std::string authority, std::chrono::milliseconds max_age);
  ~Connection();

  void Start(const boost::asio::ip::tcp::endpoint& endpoint);
  State state() const { return state_; }
  unsigned address() const { return address_; }
  bool old() const { return std::chrono::steady_clock::now() >= retire_at_; }
  bool was_ready() const { return ready_at_ != Deadline(); }
  Deadline ready_at() const { return ready_at_; }
  bool drained() const { return drained_; }
  // Takes one more call.
  bool HasRoom() const;
  void Submit(const std::shared_ptr<Call>& call);
  // Ends the attempt and resets its stream.
  void Abandon(const std::shared_ptr<Call>& call, Outcome outcome);
  // The consumer of a stream wants a message: gives one that has come, or acknowledges what comes until there is one.
  void Pump(const std::shared_ptr<Call>& call);
  // No new calls; closes when those at hand have ended.
  void Drain();
  // Its calls end with UNAVAILABLE.
  void Close(const std::string& why);
  void Tick(Deadline now);

 private:
  struct Callbacks;  // what nghttp2 calls

  void OpenSession();
  void OnConnected(const boost::system::error_code& error);
  void Read();
  void OnRead(std::size_t bytes);
  void ScheduleFlush();
  void Flush();
  bool FillOutput();
  void OnData(Call& call, std::string_view bytes);
  void OnStreamData(const std::shared_ptr<Call>& call, std::string_view bytes);
  void OnStreamClose(Call& call, std::uint32_t http2_error);
  void OnRemoteEnd(Call& call);
  void Forget(Call& call);
  void Reset(Call& call);
  void EndEarly(Call& call, Outcome outcome);
  void Expire(Deadline now);

  const std::shared_ptr<Hub> hub_;
  const unsigned address_;
  const std::string authority_;
  const Deadline started_, retire_at_;
  State state_ = State::kConnecting;
  boost::asio::ip::tcp::socket socket_;
  nghttp2_session* session_ = nullptr;
  // Those whose streams are not closed yet, also if the attempt was abandoned.
  std::vector<std::shared_ptr<Call>> calls_;
  Deadline ready_at_, heard_at_, pinged_at_;
  bool drained_ = false;  // its successor was seen to
  bool pinging_ = false, flush_scheduled_ = false, writing_ = false;
  std::string out_;
  std::array<char, 32 * 1024> in_;
};

}  // namespace lanting::gateway::detail
