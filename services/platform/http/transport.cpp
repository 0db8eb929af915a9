#include "platform/http/transport.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <cstring>

namespace lanting::http {

using net::ip::tcp;
using Outcome = TlsSession::Outcome;

namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;  // what one TLS record takes

// What an outcome means for the caller; `other_way` is set if a read waits for writing or a write for reading.
boost::system::error_code ErrorOf(Outcome outcome, Outcome other, bool* other_way) {
  *other_way = outcome == other;
  if (outcome == Outcome::kDone) return {};
  if (outcome == Outcome::kEnd) return net::error::eof;
  if (outcome == Outcome::kFailed) return net::error::connection_reset;
  return net::error::would_block;
}

}  // namespace

Transport::Transport(Socket socket, const TlsContext* tls) : socket_(std::move(socket)) {
  Error ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  if (tls != nullptr) tls_ = std::make_unique<TlsSession>(*tls, socket_.native_handle());
}

std::string Transport::Peer() const {
  Error error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (error) return {};
  std::string host = endpoint.address().to_string();
  if (endpoint.address().is_v6()) host = "[" + host + "]";
  return host + ":" + std::to_string(endpoint.port());
}

void Transport::Handshake(Error* error) {
  const Outcome outcome = tls_->Accept();
  *error = ErrorOf(outcome, Outcome::kWantWrite, &read_wants_write_);
}

std::size_t Transport::ReadSome(char* out, std::size_t room, Error* error) {
  if (!tls_) return socket_.read_some(net::buffer(out, room), *error);
  std::size_t n = 0;
  *error = ErrorOf(tls_->Read(out, room, &n), Outcome::kWantWrite, &read_wants_write_);
  return n;
}

std::size_t Transport::WriteSome(std::string_view head, std::string_view body, Error* error) {
  if (tls_) return WriteRecord(head, body, error);
  const std::array<net::const_buffer, 2> buffers{net::buffer(head.data(), head.size()),
                                                 net::buffer(body.data(), body.size())};
  return socket_.write_some(buffers, *error);
}

std::size_t Transport::WriteRecord(std::string_view head, std::string_view body, Error* error) {
  thread_local char joined[kRecordBytes];
  std::string_view record = head.empty() ? body : head;
  if (!head.empty() && !body.empty() && head.size() < kRecordBytes) {
    const std::size_t more = std::min(body.size(), kRecordBytes - head.size());
    std::memcpy(joined, head.data(), head.size());
    std::memcpy(joined + head.size(), body.data(), more);
    record = {joined, head.size() + more};
  }
  std::size_t n = 0;
  *error = ErrorOf(tls_->Write(record, &n), Outcome::kWantRead, &write_wants_read_);
  return n;
}

void Transport::ShutdownSend(Error* error) {
  if (tls_) tls_->Shutdown();
  socket_.shutdown(tcp::socket::shutdown_send, *error);
}

void Transport::Close() {
  Error ignored;
  socket_.close(ignored);
}

void Transport::Reset() {
  Error ignored;
  socket_.set_option(net::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

}  // namespace lanting::http
