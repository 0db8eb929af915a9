// One accepted connection. Internal to the server.
//
// A connection is a small state machine that runs on its own strand: [kHandshake ->] kIdle -> kHeader -> kBody ->
// kInFlight -> kWriting or kStreaming -> kIdle ..., one request at a time; or it hands all to an Http2 session. It
// holds no buffer while idle: it waits for the socket to become readable and reads into a buffer of the thread. It
// keeps waiting while a request is in flight, so that a client that goes is noticed; bytes that arrive meanwhile
// (pipelining) are kept for the next request.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "platform/http/core.h"
#include "platform/http/gzip.h"
#include "platform/http/reply.h"
#include "platform/http/transport.h"

namespace lanting::http {

class RequestParser;

constexpr std::size_t kReadAheadBytes = 16 * 1024;  // kept of a pipelining client while a request is in flight

class Http2;

class Connection final : public Responder, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Core> core, Socket socket, const TlsContext* tls);
  ~Connection() override;

  // Enters the connection into the core's list; with `refuse` it is answered 503 and closed.
  void Start(bool refuse);
  // Any thread: closes if past its deadline.
  void CheckDeadline(std::chrono::steady_clock::time_point now);
  // Any thread: closes now if idle, else after the response; tells a stream.
  void BeginDrain();
  // Any thread: closes at once.
  void Cut();
  void Answer(Response response) override;
  void BeginStream(Response head) override;
  void Piece(std::string piece, Done done) override;
  void EndStream(bool whole) override;

  Strand strand() { return transport_.strand(); }
  // On the strand: null until the client speaks HTTP/2, then as long as the connection.
  Http2* http2() { return http2_.get(); }
  // On the strand: sends what the HTTP/2 session has to send.
  void RunHttp2();

 private:
  enum class State { kHandshake, kIdle, kHeader, kBody, kInFlight, kStreaming, kWriting, kLinger, kHttp2, kClosed };

  void Begin(bool refuse);
  void Handshake();
  // True if the client speaks HTTP/2 without having asked, or may be about to.
  bool TryHttp2();
  void BeginHttp2();
  void Run();
  bool Step();
  bool StepIdle();
  bool StepHeader();
  bool StepBody();
  void Arm();
  void OnReadable(const boost::system::error_code& error);
  void OnEnd();
  void OnExpired();
  void Drain();
  // Parses what has arrived; false if more is needed or the request was refused.
  bool Parse();
  bool TargetTooLong() const;
  void RefuseParsed(const boost::system::error_code& error);
  bool Continue100();
  // Asks options.admit; false if the request was refused.
  bool Admitted();
  // Counts what the body takes by now; false if that is too much and the request was refused.
  bool CountBody();
  void Dispatch();
  void Refuse(int status, std::string_view reason, std::string_view message);
  void Send(Response response);
  void StartStream(Response head);
  void SendPiece();
  void FinishStream();
  void Abandon();
  void Write();
  void Flush();
  void OnWritten();
  void OnPieceWritten();
  void LosePieces();
  void TellDraining();
  // A request is being served, and the rest of the answer is the handler's.
  bool Serving() const { return state_ == State::kInFlight || state_ == State::kStreaming; }
  void Linger();
  void Close();
  void SetDeadline(std::chrono::milliseconds from_now);
  void SetDeadlineAt(std::chrono::steady_clock::time_point at);
  void NoDeadline() { deadline_ms_.store(0, std::memory_order_relaxed); }

  const Presence presence_;  // first: the last to go
  const std::shared_ptr<Core> core_;
  Transport transport_;
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
  bool http10_ = false;     // the request in flight is one of HTTP/1.0
  AcceptsGzip accepts_gzip_;
  std::size_t header_bytes_ = 0;
  std::size_t lingered_bytes_ = 0;
  std::string in_;     // arrived, not yet parsed
  bool first_ = true;  // no request has been parsed yet
  std::unique_ptr<Http2> http2_;
  std::unique_ptr<RequestParser> parser_;
  std::shared_ptr<Charge> charge_;  // null while the body takes no memory of its own
  std::weak_ptr<Reply> reply_;
  std::string head_, body_;  // being written
  std::size_t sent_ = 0;     // of both
  // Of a stream:
  std::unique_ptr<Deflater> packer_;  // null: as it is
  bool writing_ = false;              // its head or a piece is being written
  bool ending_ = false;               // it ends with what is being written and waits
  Done done_;                         // of the piece that is being written
  std::optional<std::pair<std::string, Done>> next_;
};

}  // namespace lanting::http
