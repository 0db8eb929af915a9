#include "platform/http/client.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "platform/base/strings.h"
#include "platform/http/wire.h"

namespace lanting::http {
namespace {

constexpr std::size_t kMaxBody = 64 * 1024 * 1024;
constexpr std::size_t kMaxLine = 64 * 1024;
constexpr std::size_t kMaxHeaders = 1000;

std::string_view Find(const HeaderList& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

std::optional<std::size_t> ParseSize(std::string_view text, int base) {
  std::size_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || value > kMaxBody) return std::nullopt;
  return value;
}

}  // namespace

std::string_view ClientResponse::Header(std::string_view name) const { return Find(headers, name); }

ClientConnection::ClientConnection(ClientConnection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), peer_(std::move(other.peer_)), in_(std::move(other.in_)) {}

ClientConnection& ClientConnection::operator=(ClientConnection&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(peer_, other.peer_);
  std::swap(in_, other.in_);
  return *this;
}

ClientConnection::~ClientConnection() { Close(); }

void ClientConnection::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Error ClientConnection::Lost(std::string what) {
  Close();
  return errors::DependencyUnavailable(peer_, std::move(what));
}

Result<void> ClientConnection::Wait(short events, Deadline deadline) {
  if (fd_ < 0) return Lost("the connection is closed");
  for (;;) {
    auto left = Remaining(deadline).count();
    pollfd poller{fd_, events, 0};
    int ready = left <= 0 ? 0 : poll(&poller, 1, static_cast<int>(std::min<long>(left, 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return Lost(std::strerror(errno));
    if (Remaining(deadline).count() <= 0) {
      Close();
      return errors::DeadlineExceeded();
    }
  }
}

Result<ClientConnection> ClientConnection::Connect(const std::string& host, int port, Deadline deadline) {
  std::string peer = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found)) {
    return errors::DependencyUnavailable(peer, gai_strerror(failed));
  }
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  Error last = errors::DependencyUnavailable(peer, "no address");
  for (auto* a = found; a; a = a->ai_next) {
    ClientConnection connection(socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), peer);
    int failed = connection.fd_ < 0 || connect(connection.fd_, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
    if (failed == EINPROGRESS) {
      if (auto writable = connection.Wait(POLLOUT, deadline); !writable) return std::move(writable).error();
      socklen_t size = sizeof failed;
      getsockopt(connection.fd_, SOL_SOCKET, SO_ERROR, &failed, &size);
    }
    if (connection.fd_ >= 0 && failed == 0) {
      int on = 1;
      setsockopt(connection.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return connection;
    }
    last = connection.Lost(std::strerror(failed ? failed : errno));
  }
  return last;
}

Result<void> ClientConnection::Send(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    RETURN_IF_ERROR(Wait(POLLOUT, deadline));
    ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    if (n < 0 && errno != EAGAIN && errno != EINTR) return Lost(std::strerror(errno));
  }
  return {};
}

Result<bool> ClientConnection::Fill(Deadline deadline) {
  char buffer[16 * 1024];
  for (;;) {
    RETURN_IF_ERROR(Wait(POLLIN, deadline));
    ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n == 0) return false;
    if (n > 0) {
      in_.append(buffer, static_cast<std::size_t>(n));
      return true;
    }
    if (errno != EAGAIN && errno != EINTR) return Lost(std::strerror(errno));
  }
}

Result<std::string> ClientConnection::Line(Deadline deadline) {
  for (;;) {
    if (auto end = in_.find("\r\n"); end != std::string::npos) {
      std::string line = in_.substr(0, end);
      in_.erase(0, end + 2);
      return line;
    }
    if (in_.size() > kMaxLine) return Lost("a header line is too long");
    ASSIGN_OR_RETURN(bool more, Fill(deadline));
    if (!more) return Lost("the connection was closed");
  }
}

Result<std::string> ClientConnection::Exactly(std::size_t n, Deadline deadline) {
  while (in_.size() < n) {
    ASSIGN_OR_RETURN(bool more, Fill(deadline));
    if (!more) return Lost("the connection was closed within a body");
  }
  std::string bytes = in_.substr(0, n);
  in_.erase(0, n);
  return bytes;
}

Result<HeaderList> ClientConnection::Headers(Deadline deadline) {
  HeaderList headers;
  for (;;) {
    ASSIGN_OR_RETURN(auto line, Line(deadline));
    if (line.empty()) return headers;
    auto colon = line.find(':');
    if (colon == std::string::npos || headers.size() == kMaxHeaders) return Lost("malformed header");
    headers.emplace_back(line.substr(0, colon), Trim(std::string_view(line).substr(colon + 1)));
  }
}

Result<std::string> ClientConnection::Chunked(Deadline deadline) {
  std::string body;
  for (;;) {
    ASSIGN_OR_RETURN(auto line, Line(deadline));
    auto size = ParseSize(Trim(std::string_view(line).substr(0, line.find(';'))), 16);
    if (!size || body.size() + *size > kMaxBody) return Lost("malformed chunk");
    if (*size == 0) break;
    ASSIGN_OR_RETURN(auto chunk, Exactly(*size, deadline));
    body += chunk;
    ASSIGN_OR_RETURN(auto end, Line(deadline));
    if (!end.empty()) return Lost("malformed chunk");
  }
  ASSIGN_OR_RETURN(auto trailers, Headers(deadline));
  return body;
}

Result<std::string> ClientConnection::Body(std::string_view method, const ClientResponse& response, Deadline deadline) {
  if (method == "HEAD" || !HasBody(response.status)) return std::string();
  if (EqualsIgnoreCase(response.Header("Transfer-Encoding"), "chunked")) return Chunked(deadline);
  if (auto length = response.Header("Content-Length"); !length.empty()) {
    auto size = ParseSize(length, 10);
    if (!size) return Lost("malformed Content-Length");
    return Exactly(*size, deadline);
  }
  for (;;) {  // until the end of the stream
    ASSIGN_OR_RETURN(bool more, Fill(deadline));
    if (in_.size() > kMaxBody) return Lost("the body is too large");
    if (!more) break;
  }
  Close();
  return std::exchange(in_, {});
}

Result<std::string> ClientConnection::ReceiveSome(Deadline deadline) {
  if (in_.empty()) RETURN_IF_ERROR(Fill(deadline));
  return std::exchange(in_, {});
}

Result<ClientResponse> ClientConnection::Receive(std::string_view method, Deadline deadline) {
  ClientResponse response;
  ASSIGN_OR_RETURN(auto line, Line(deadline));
  auto status =
      line.size() >= 12 && line.compare(0, 7, "HTTP/1.") == 0 ? ParseSize(line.substr(9, 3), 10) : std::nullopt;
  if (!status) return Lost("malformed status line");
  response.status = static_cast<int>(*status);
  ASSIGN_OR_RETURN(response.headers, Headers(deadline));
  ASSIGN_OR_RETURN(response.body, Body(method, response, deadline));
  if (EqualsIgnoreCase(response.Header("Connection"), "close") || line[7] == '0') Close();
  return response;
}

Result<ClientResponse> ClientConnection::Call(std::string_view method, std::string_view target,
                                              const HeaderList& headers, std::string_view body, Deadline deadline) {
  std::string request;
  request.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(peer_).append("\r\n");
  for (const auto& [name, value] : headers) request.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
    request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  request.append("\r\n").append(body);
  RETURN_IF_ERROR(Send(request, deadline));
  for (;;) {
    ASSIGN_OR_RETURN(auto response, Receive(method, deadline));
    if (response.status >= 200) return response;
  }
}

Result<ClientResponse> Fetch(const std::string& host, int port, std::string_view method, std::string_view target,
                             const HeaderList& headers, std::string_view body, Deadline deadline) {
  ASSIGN_OR_RETURN(auto connection, ClientConnection::Connect(host, port, deadline));
  HeaderList with_close = headers;
  with_close.emplace_back("Connection", "close");
  return connection.Call(method, target, with_close, body, deadline);
}

}  // namespace lanting::http
