// One HTTP/2 connection's session (RFC 9113) over nghttp2: frames to requests, answers to frames. Internal to the
// server; all of it runs on the connection's strand.
//
// Each stream is an exchange of its own under the same limits as a request of HTTP/1.1. What the flow control of the
// client does not let through waits in the stream; what has become frames waits in the connection, one buffer at a
// time.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/core.h"
#include "platform/http/gzip.h"
#include "platform/http/reply.h"

struct nghttp2_session;

namespace lanting::http {

class Connection;

// What a client of prior knowledge sends first (RFC 9113 section 3.4).
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

class Http2 {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Http2(std::shared_ptr<Core> core, Connection& connection, std::string peer);
  ~Http2();

  // Takes what has arrived; false if the connection is beyond repair.
  bool Receive(std::string_view bytes);
  // What is to be sent now; OnSent() when the socket took it. Empty: nothing, for now.
  std::string Output();
  void OnSent();
  // Tells producers and handlers what the last Receive or Output meant for them.
  void Settle();
  // Nothing more is to be expected from either side.
  bool finished() const;
  // When Expire() has something to do, if nothing happens before.
  Time deadline() const;
  void Expire(Time now);
  // No new streams; what is in flight is answered.
  void Drain();
  // The connection has gone.
  void Close();

  // Of stream `id`; one that has gone is ignored, and its piece is lost.
  void Answer(int id, Response response);
  void BeginStream(int id, Response head);
  void Piece(int id, std::string piece, Responder::Done done);
  void EndStream(int id, bool whole);

 private:
  struct Stream;
  struct Callbacks;
  class StreamResponder;

  Stream* Find(int id);
  void Header(Stream& stream, std::string_view name, std::string_view value);
  void OnRequestHead(Stream& stream, bool end);
  bool HeadIsFine(Stream& stream);
  void OnBody(Stream& stream, std::string_view bytes);
  bool CountBody(Stream& stream);
  void OnBodyEnd(Stream& stream);
  void Refuse(Stream& stream, int status, std::string_view message);
  void SubmitHead(Stream& stream, const Response& head, std::optional<std::size_t> length);
  void Submit(Stream& stream, Response response);
  void Reset(Stream& stream, unsigned error);
  long Read(Stream& stream, char* out, std::size_t room, unsigned* flags);
  bool Refill(Stream& stream);
  void OnStreamClosed(int id);
  // On frames that make work and bring nothing; when it runs out, so does the connection.
  void Spend(int patience);

  const std::shared_ptr<Core> core_;
  Connection& connection_;
  const std::string peer_;
  nghttp2_session* session_ = nullptr;
  std::map<int, std::unique_ptr<Stream>> streams_;
  // Whom Settle() and OnSent() tell: nghttp2 must not be on the stack then.
  std::vector<Responder::Done> sent_, lost_;  // of pieces that became frames; of pieces that never will
  std::vector<std::weak_ptr<Reply>> cancelled_;
  Time since_;         // when the connection became idle, or a header began to arrive
  int header_of_ = 0;  // the stream of which the header is arriving
  double patience_;    // what Spend() takes from
  Time patience_at_;
};

}  // namespace lanting::http
