// One attempt at a call, from the service's side: what came back so far, and what it means. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/upstream/caller.h"
#include "gateway/upstream/grpc_wire.h"

namespace lanting::gateway {

// How an attempt ended.
struct Outcome {
  int code = 0;                  // of gRPC; 0 is OK
  std::string message, details;  // grpc-message; the bytes of google.rpc.Status
  bool reached = true;           // the service may have seen the call
  bool lost = false;             // ended with its connection
};

class Response {
 public:
  // `want` must outlive it.
  Response(std::size_t max_message_bytes, const std::vector<std::string>* want)
      : reader(max_message_bytes), want_(want) {}

  // A header or trailer. False: there are too many of them, reset the stream.
  bool OnHeader(std::string_view name, std::string_view value);
  // The end of a block of headers that does not end the stream. False: what follows is not gRPC and need not be read.
  bool OnHeadersEnd();
  // What the end of the stream means: `unary` wants exactly one message.
  Outcome AtEnd(bool unary, std::uint32_t http2_error);
  // The service has begun to answer with more than a status: of a stream, the consumer may have seen something.
  bool committed() const { return committed_; }

  MessageReader reader;
  Metadata metadata;

 private:
  Outcome OfStatus(bool unary);

  const std::vector<std::string>* want_;
  int http_status_ = 0;
  bool grpc_content_ = false, committed_ = false;
  std::size_t header_bytes_ = 0;
  std::optional<int> grpc_status_;
  std::string message_, details_;
};

}  // namespace lanting::gateway
