// One call on its way, and what the parts of an upstream share. Internal.
//
// Everything of an upstream is guarded by one mutex, Hub::mutex: its addresses, connections (sockets and HTTP/2
// sessions) and calls. It is held for microseconds and never while a caller's function runs: those that are due are
// collected in Hub::due and run by Locked when it has let go of the mutex.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/upstream/caller.h"
#include "gateway/upstream/response.h"
#include "platform/base/clock.h"

namespace lanting::gateway::detail {

class Connection;
class Hub;

struct Call {
  Call(UpstreamCall params, bool is_stream)
      : request(std::move(params)), deadline(DeadlineIn(request.timeout)), streaming(is_stream) {}

  UpstreamCall request;
  const Deadline deadline;
  const bool streaming;
  bool probe = false;  // our own question for health: not counted, not repeated
  bool finished = false;
  Outcome outcome;                       // once finished
  Upstream::Done done;                   // of a unary call
  UpstreamStream::OnMessage on_message;  // of a stream: the consumer waits

  // The attempt at hand. Its bytes come through `response`.
  Connection* connection = nullptr;
  int stream_id = 0;
  std::size_t index = 0;      // among the connection's calls
  std::size_t body_sent = 0;  // prefix and request
  bool sent = false;          // its headers may have left
  std::uint8_t prefix[kPrefixBytes] = {};
  std::optional<Response> response;
  int tries_left = 2;  // after this one
  unsigned tried = 0;  // id of the address of the last attempt

  // Of a stream: bytes that the consumer has not asked for, which are at most a window, as they are not acknowledged.
  std::string held;
  // What is on its way to the consumer, and only that thread's: on_message of then, and its message, if not the end.
  UpstreamStream::OnMessage deliver;
  std::optional<std::string> message;
};

class Hub : public std::enable_shared_from_this<Hub> {
 public:
  Hub(boost::asio::io_context& context, UpstreamOptions upstream_options)
      : io(context), options(std::move(upstream_options)) {}
  virtual ~Hub() = default;

  // --- told by connections; the mutex is held ---
  virtual void OnReady(Connection& connection) = 0;     // it takes calls now
  virtual void OnDraining(Connection& connection) = 0;  // it takes no more calls
  virtual void OnClosed(Connection& connection, const std::string& why) = 0;
  virtual void OnRoom() = 0;  // a stream has ended
  // The attempt is over; the call is the hub's again.
  virtual void OnEnded(const std::shared_ptr<Call>& call, Connection& connection, Outcome outcome) = 0;

  // The call has ended; whoever waits is told.
  void Finish(const std::shared_ptr<Call>& call, Outcome outcome);
  // The consumer of a stream, who waits, gets the message; or the outcome.
  void Deliver(const std::shared_ptr<Call>& call, std::optional<std::string> message);
  void Uncount();

  boost::asio::io_context& io;
  const UpstreamOptions options;
  mutable std::mutex mutex;
  std::vector<std::shared_ptr<Call>> due;  // functions of callers to run
  std::atomic<int> in_flight{0};           // calls that have not ended, and functions of callers that run

 private:
  friend class Locked;
  void Run(Call& call);
};

// Holds the mutex; when it lets go, what is due is run: here on I/O threads, elsewhere (kPost) by one of them.
class Locked {
 public:
  enum class Where { kHere, kPost };
  explicit Locked(Hub& hub, Where where = Where::kHere) : hub_(hub), where_(where), lock_(hub.mutex) {}
  ~Locked();
  Locked(const Locked&) = delete;

 private:
  Hub& hub_;
  const Where where_;
  std::unique_lock<std::mutex> lock_;
};

}  // namespace lanting::gateway::detail
