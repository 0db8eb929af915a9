// One server-streaming call as an HTTP response: newline-delimited JSON or server-sent events
// (transcode/stream_format), or for a stream of RawBody the bytes themselves.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "gateway/transcode/route_table.h"
#include "gateway/upstream/caller.h"
#include "platform/http/io.h"
#include "platform/http/server.h"

namespace lanting::gateway {

struct StreamJob {
  std::shared_ptr<http::Exchange> exchange;
  const Route* route;
  std::unique_ptr<UpstreamStream> messages;
  // A stream that says nothing for so long says that it lives.
  std::chrono::milliseconds heartbeat;
  // Adds what every response carries.
  std::function<http::Response(http::Response)> decorate;
  // The fault as a response; before the first message it is given as it is, after that its body is the last line.
  std::function<http::Response(const Error&)> refusal;
  // Called once, when all is over: the status that was sent, and what ended it (nullptr: it ended well).
  std::function<void(int status, const Error* fault)> ended;
};

// Runs until the stream has ended: by the service, by its deadline, by the client's going, or by the draining of the
// server (the last line is then UNAVAILABLE, so that clients come again elsewhere). The head is sent with the first
// message, or after a second. The next message is asked for when the socket took the last: a slow client slows the
// service down, and nothing piles up here.
//
// Bytes have no place for a heartbeat or a fault: their head is sent with the first message, a fault after it breaks
// the connection, so that nobody takes the half for the whole, and draining waits for their end as for any reply's.
void RunStream(http::Io& io, StreamJob job);

}  // namespace lanting::gateway
