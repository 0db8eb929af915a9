// The service behind the gateway under test: a gRPC server without generated service code that records what reaches it
// and answers by the rules in protos/lanting/testing/v1/echo.proto.
#pragma once

#include <map>
#include <memory>
#include <string>

namespace lanting::testing {

// What came with one call.
struct Received {
  std::string method;        // "GetThing"
  std::string request_json;  // printed by protobuf's own JSON code, unset fields left out
  std::map<std::string, std::string> metadata;
  long deadline_ms = 0;
};

class EchoServer {
 public:
  EchoServer();
  ~EchoServer();

  int port() const;
  // Calls since the start, and the last of them.
  int calls() const;
  Received last() const;
  // Calls to Hang and StreamThings whose caller went.
  int cancelled() const;
  // Things that StreamThings handed to gRPC.
  int streamed() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lanting::testing
