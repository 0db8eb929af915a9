// The two forms of a server-streaming call's reply.
//
//   application/x-ndjson (default)                text/event-stream (asked for by Accept)
//     {"result":{..}}\n      one a message          data: {..}\n\n
//     {"error":{..}}\n       the end by a fault     event: error\ndata: {"error":{..}}\n\n
//     \n                     heartbeat              : heartbeat\n\n
//
// A stream that ends without an error line ended well. (WHATWG HTML section 9.2 for event streams; empty lines between
// JSON texts are allowed by the usual readers of newline-delimited JSON.)
#pragma once

#include <string>
#include <string_view>

namespace lanting::gateway {

class StreamFormat {
 public:
  // `accept`: the header's value, all of its fields joined by commas. Event streams if it names text/event-stream with
  // a weight above that of application/x-ndjson.
  explicit StreamFormat(std::string_view accept);

  const char* content_type() const { return events_ ? "text/event-stream" : "application/x-ndjson"; }
  // `json` is one line.
  std::string Message(std::string_view json) const;
  // `body` is what the error would be as a response: {"error":{..}}.
  std::string Fault(std::string_view body) const;
  std::string Heartbeat() const { return events_ ? ": heartbeat\n\n" : "\n"; }

 private:
  bool events_;
};

}  // namespace lanting::gateway
