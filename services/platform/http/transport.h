// The bytes of a connection: a non-blocking socket, plain or under TLS. Internal to the server.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "platform/http/tls.h"

namespace lanting::http {

namespace net = boost::asio;
using Strand = net::strand<net::io_context::executor_type>;
using Socket = net::basic_stream_socket<net::ip::tcp, Strand>;

// Nothing here blocks: what cannot go on says would_block, and Wait says when to try again. Any other error ends it.
class Transport {
 public:
  using Error = boost::system::error_code;

  // `tls`: null for a plain connection.
  Transport(Socket socket, const TlsContext* tls);

  Strand strand() { return socket_.get_executor(); }
  bool tls() const { return tls_ != nullptr; }
  bool http2() const { return tls_ && tls_->http2(); }
  std::string Peer() const;  // "127.0.0.1:41234"

  void Handshake(Error* error);
  std::size_t ReadSome(char* out, std::size_t room, Error* error);
  // Of `head` followed by `body`. After would_block the next call must begin with the same bytes.
  std::size_t WriteSome(std::string_view head, std::string_view body, Error* error);

  // Calls `f(error)` on the strand when reading may go on, or (of a handshake or a write) when that may.
  template <typename F>
  void WaitToRead(F f) {
    if (tls_ && tls_->pending()) return net::post(strand(), [f = std::move(f)] { f(Error()); });
    socket_.async_wait(read_wants_write_ ? Socket::wait_write : Socket::wait_read, std::move(f));
  }
  template <typename F>
  void WaitToWrite(F f) {
    socket_.async_wait(write_wants_read_ ? Socket::wait_read : Socket::wait_write, std::move(f));
  }

  // Nothing more will be written; the peer is told.
  void ShutdownSend(Error* error);
  void Close();
  // Closes so that the peer sees that something is missing.
  void Reset();

 private:
  std::size_t WriteRecord(std::string_view head, std::string_view body, Error* error);

  Socket socket_;
  std::unique_ptr<TlsSession> tls_;
  bool read_wants_write_ = false, write_wants_read_ = false;
};

}  // namespace lanting::http
