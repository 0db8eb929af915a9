// One stream of an HTTP/2 session. Private to it.
#pragma once

#include "platform/http/http2.h"

namespace lanting::http {

struct Http2::Stream {
  enum class State {
    kHeader,
    kBody,
    kInFlight,   // the handler has it
    kAnswering,  // the answer is whole, and being sent
    kStreaming,  // the answer is being made
  };

  explicit Stream(int stream_id) : id(stream_id) {}

  const int id;
  State state = State::kHeader;
  std::optional<Time> deadline;

  // The request.
  Request request;
  std::string authority;
  std::size_t header_bytes = 0;
  int refused = 0;  // 414 or 431: the header is too large
  bool bad_expectation = false;
  bool expects_continue = false;
  int codings = 0;
  std::size_t length = 0;  // announced
  bool received = false;   // all of it
  AcceptsGzip accepts_gzip;
  std::unique_ptr<Inflater> inflater;
  std::shared_ptr<Charge> charge;

  // The answer.
  std::weak_ptr<Reply> reply;
  std::string out;  // of the body, from `at` on still to be sent
  std::size_t at = 0;
  bool ending = false;  // `out` is the rest
  std::unique_ptr<Deflater> packer;
  Responder::Done done;  // of the piece in `out`
  std::optional<std::pair<std::string, Responder::Done>> next;
};

}  // namespace lanting::http
