// How a connection answers: whole responses, streams, and the end of it.
#include <array>
#include <boost/asio/write.hpp>
#include <charconv>

#include "platform/http/connection.h"
#include "platform/http/reply.h"
#include "platform/http/wire.h"

namespace lanting::http {

using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds kLinger{2000};

// As a chunk (RFC 9112 section 7.1): its size line, to go before the piece, which gets its end.
std::string Chunk(std::string* piece) {
  char size[18];
  char* end = std::to_chars(size, size + 16, piece->size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  piece->append("\r\n");
  return {size, end};
}

}  // namespace

void Connection::Answer(Response response) {
  auto answer = [self = shared_from_this(), response = std::move(response)]() mutable {
    if (self->state_ != State::kInFlight) return;
    if (response.status == 0) response = self->core_->ErrorResponse(500, "INTERNAL", "An internal error occurred.");
    self->Send(std::move(response));
    self->Run();
  };
  if (socket_.get_executor().running_in_this_thread()) return answer();
  net::post(socket_.get_executor(), std::move(answer));
}

void Connection::BeginStream(Response head) {
  auto begin = [self = shared_from_this(), head = std::move(head)]() mutable {
    if (self->state_ != State::kInFlight) return;
    self->StartStream(std::move(head));
    self->Run();
  };
  if (socket_.get_executor().running_in_this_thread()) return begin();
  net::post(socket_.get_executor(), std::move(begin));
}

// Always posted: a producer may write the next piece from `done`.
void Connection::Piece(std::string piece, Done done) {
  net::post(socket_.get_executor(),
            [self = shared_from_this(), piece = std::move(piece), done = std::move(done)]() mutable {
              if (self->state_ != State::kStreaming) return done(false);
              const bool too_many = self->next_.has_value();
              if (too_many) {
                self->Close();
                return done(false);
              }
              self->next_.emplace(std::move(piece), std::move(done));
              if (self->writing_) return;
              self->SendPiece();
              self->Run();
            });
}

void Connection::EndStream(bool whole) {
  net::post(socket_.get_executor(), [self = shared_from_this(), whole] {
    if (self->state_ != State::kStreaming) return;
    if (!whole) return self->Abandon();
    self->ending_ = true;
    if (self->writing_) return;
    self->FinishStream();
    self->Run();
  });
}

void Connection::Send(Response response) {
  state_ = State::kWriting;
  close_ = close_ || core_->draining;
  PackBody(&response, accepts_gzip_, core_->options.gzip_level);
  head_ = ResponseHead(response, Framing::kLength, close_);
  body_ = head_only_ || !HasBody(response.status) ? std::string() : std::move(response.body);
  Write();
}

void Connection::StartStream(Response head) {
  close_ = close_ || core_->draining;
  const bool head_only = head_only_ || !HasBody(head.status);
  packer_ = PackStream(&head, accepts_gzip_, core_->options.gzip_level);
  head_ = ResponseHead(head, http10_ ? Framing::kUntilClose : Framing::kChunked, close_);
  if (head_only) {  // nobody wants a body
    state_ = State::kWriting;
    if (auto reply = reply_.lock()) reply->Cancel();
    return Write();
  }
  state_ = State::kStreaming;
  ending_ = false;
  if (core_->draining) TellDraining();
  Write();
}

void Connection::SendPiece() {
  body_ = packer_ ? packer_->Piece(next_->first) : std::move(next_->first);
  done_ = std::move(next_->second);
  next_.reset();
  // An empty chunk would end the body.
  if (!http10_ && !body_.empty()) head_ = Chunk(&body_);
  Write();
}

void Connection::FinishStream() {
  state_ = State::kWriting;
  close_ = close_ || core_->draining;
  if (packer_) {
    body_ = packer_->End();
    if (!http10_) head_ = Chunk(&body_);
    packer_.reset();
  }
  if (!http10_) body_ += "0\r\n\r\n";
  Write();
}

// Ends a stream that is not complete. What ends with the connection (HTTP/1.0) needs a reset to be seen as broken off.
void Connection::Abandon() {
  error_code ignored;
  if (http10_) socket_.set_option(net::socket_base::linger(true, 0), ignored);
  Close();
}

void Connection::TellDraining() {
  if (auto reply = reply_.lock()) reply->Drain();
}

void Connection::LosePieces() {
  auto done = std::exchange(done_, nullptr);
  auto next = std::exchange(next_, std::nullopt);
  if (done) done(false);
  if (next) next->second(false);
}

// One gathered write of head_ and body_; what the socket does not take at once is left to Asio.
void Connection::Write() {
  writing_ = true;
  std::array<net::const_buffer, 2> buffers{net::buffer(head_), net::buffer(body_)};
  error_code error;
  const std::size_t all = head_.size() + body_.size();
  const std::size_t written = all == 0 ? 0 : socket_.write_some(buffers, error);
  if (error && error != net::error::would_block) return Close();
  if (written == all) return OnWritten();
  if (written >= head_.size()) {
    buffers = {net::buffer(body_) + (written - head_.size()), net::const_buffer()};
  } else {
    buffers[0] += written;
  }
  SetDeadline(core_->options.limits.write_timeout);
  net::async_write(socket_, buffers, [self = shared_from_this()](const error_code& failed, std::size_t) {
    if (self->state_ != State::kWriting && self->state_ != State::kStreaming) return;
    if (failed) return self->Close();
    self->OnWritten();
    self->Run();
  });
}

void Connection::OnWritten() {
  writing_ = false;
  std::string().swap(head_);
  std::string().swap(body_);
  if (state_ == State::kStreaming) return OnPieceWritten();
  if (close_) return Linger();
  state_ = State::kIdle;
  SetDeadline(core_->options.limits.idle_timeout);
}

void Connection::OnPieceWritten() {
  NoDeadline();
  if (auto done = std::exchange(done_, nullptr)) done(true);
  if (state_ != State::kStreaming || writing_) return;
  if (next_) return SendPiece();
  if (ending_) FinishStream();
}

// Closing with unread bytes resets the connection, which may destroy the response on its way: close our side, read what
// the client still sends for a while, then close.
void Connection::Linger() {
  error_code error;
  socket_.shutdown(net::ip::tcp::socket::shutdown_send, error);
  if (error || ended_) return Close();
  std::string().swap(in_);
  state_ = State::kLinger;
  SetDeadline(kLinger);
  Arm();
}

}  // namespace lanting::http
