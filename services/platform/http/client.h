// A small blocking HTTP/1.1 client for tests, the demo and health checks. Not for hot paths.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/result.h"

namespace lanting::http {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct ClientResponse {
  int status = 0;
  HeaderList headers;
  std::string body;

  // First header of that name (ASCII case-insensitive), or empty.
  std::string_view Header(std::string_view name) const;
};

// One keep-alive connection. A failed call leaves it closed. Failures are DependencyUnavailable with the host and port
// (cannot connect, connection lost, malformed or larger than 64 MiB) or DeadlineExceeded. Not thread safe.
class ClientConnection {
 public:
  static Result<ClientConnection> Connect(const std::string& host, int port, Deadline deadline);
  ClientConnection(ClientConnection&& other) noexcept;
  ClientConnection& operator=(ClientConnection&& other) noexcept;
  ~ClientConnection();

  // Host and Content-Length are added. After a response with `Connection: close`, open() is false.
  Result<ClientResponse> Call(std::string_view method, std::string_view target, const HeaderList& headers,
                              std::string_view body, Deadline deadline);
  // Raw bytes, for tests of a server; and the next response (to `method`, since HEAD has no body).
  Result<void> Send(std::string_view bytes, Deadline deadline);
  Result<ClientResponse> Receive(std::string_view method, Deadline deadline);
  // What has arrived and was not yet received, or else the next bytes; empty at the end of the stream.
  Result<std::string> ReceiveSome(Deadline deadline);
  bool open() const { return fd_ >= 0; }

 private:
  ClientConnection(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {}
  void Close();
  Error Lost(std::string what);
  Result<void> Wait(short events, Deadline deadline);
  Result<bool> Fill(Deadline deadline);  // false at the end of the stream
  Result<std::string> Line(Deadline deadline);
  Result<std::string> Exactly(std::size_t n, Deadline deadline);
  Result<HeaderList> Headers(Deadline deadline);
  Result<std::string> Chunked(Deadline deadline);
  Result<std::string> Body(std::string_view method, const ClientResponse& response, Deadline deadline);

  int fd_ = -1;
  std::string peer_;  // host:port
  std::string in_;    // received, not yet consumed
};

// One request on a connection of its own.
Result<ClientResponse> Fetch(const std::string& host, int port, std::string_view method, std::string_view target,
                             const HeaderList& headers, std::string_view body, Deadline deadline);

}  // namespace lanting::http
