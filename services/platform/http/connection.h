// One accepted connection and what all connections of a server share. Internal to the server: the only header that
// shows Asio, included by server.cpp and connection.cpp.
//
// A connection is a small state machine that runs on its own strand: kIdle -> kHeader -> kBody -> kInFlight ->
// kWriting -> kIdle ..., one request at a time. It holds no buffer while idle: it waits for the socket to become
// readable and reads into a buffer of the thread. It keeps waiting while a request is in flight, so that a client that
// goes is noticed; bytes that arrive meanwhile (pipelining) are kept for the next request.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "platform/http/server.h"

namespace lanting::http {

namespace net = boost::asio;
using Strand = net::strand<net::io_context::executor_type>;
using Socket = net::basic_stream_socket<net::ip::tcp, Strand>;

class Charge;
class Connection;
class Reply;
class RequestParser;

// What the connections of one server share.
struct Core {
  Core(ServerOptions server_options, Handler request_handler);

  Response ErrorResponse(int status, std::string_view reason, std::string_view message) const;
  // Runs `f` on the strand, unless the server has stopped.
  template <typename F>
  void Post(const Strand& strand, F&& f) {
    std::shared_lock lock(stop_mutex);
    if (!stopped) net::post(strand, std::forward<F>(f));
  }

  const ServerOptions options;
  const Handler handler;
  net::io_context io;
  std::atomic<bool> draining{false};
  std::atomic<std::size_t> buffered_bytes{0};  // of bodies, see Limits

  std::shared_mutex stop_mutex;
  bool stopped = false;

  std::mutex mutex;  // guards the two below
  std::list<std::shared_ptr<Connection>> connections;
  std::condition_variable gone;  // the last connection has gone
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Core> core, Socket socket);
  ~Connection();

  // Enters the connection into the core's list; with `refuse` it is answered 503 and closed.
  void Start(bool refuse);
  // Any thread: closes if past its deadline.
  void CheckDeadline(std::chrono::steady_clock::time_point now);
  // Any thread: closes now if idle, else after the response.
  void BeginDrain();
  // Any thread: closes at once.
  void Cut();
  // Any thread: hands over the response of the request in flight.
  void Answer(Response response);

 private:
  enum class State { kIdle, kHeader, kBody, kInFlight, kWriting, kLinger, kClosed };

  void Run();
  bool Step();
  bool StepIdle();
  bool StepHeader();
  bool StepBody();
  void Arm();
  void OnReadable(const boost::system::error_code& error);
  void OnEnd();
  void OnExpired();
  void CloseIfIdle();
  // Parses what has arrived; false if more is needed or the request was refused.
  bool Parse();
  bool TargetTooLong() const;
  bool Continue100();
  // Asks options.admit; false if the request was refused.
  bool Admitted();
  // Counts what the body takes by now; false if that is too much and the request was refused.
  bool CountBody();
  void Dispatch();
  void Refuse(int status, std::string_view reason, std::string_view message);
  void Send(Response response);
  void Write();
  void OnWritten();
  void Linger();
  void Close();
  void SetDeadline(std::chrono::milliseconds from_now);
  void NoDeadline() { deadline_ms_.store(0, std::memory_order_relaxed); }

  const std::shared_ptr<Core> core_;
  Socket socket_;
  const std::string peer_;
  std::list<std::shared_ptr<Connection>>::iterator place_;  // in core_->connections
  std::atomic<std::int64_t> deadline_ms_{0};                // steady clock; 0: none

  // Touched on the strand only.
  State state_ = State::kIdle;
  bool running_ = false;    // inside Run()
  bool waiting_ = false;    // a wait for readability is pending
  bool ended_ = false;      // the client has closed its sending side
  bool close_ = false;      // close after this response
  bool head_only_ = false;  // the request in flight is a HEAD
  std::size_t header_bytes_ = 0;
  std::size_t lingered_bytes_ = 0;
  std::string in_;  // arrived, not yet parsed
  std::unique_ptr<RequestParser> parser_;
  std::shared_ptr<Charge> charge_;  // null while the body takes no memory of its own
  std::weak_ptr<Reply> reply_;
  std::string head_, body_;  // being written
};

}  // namespace lanting::http
