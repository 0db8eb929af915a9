// How a connection answers: whole responses, streams, and the end of it.
#include <algorithm>
#include <charconv>

#include "platform/http/connection.h"
#include "platform/http/http2.h"
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
  if (transport_.strand().running_in_this_thread()) return answer();
  net::post(transport_.strand(), std::move(answer));
}

void Connection::BeginStream(Response head) {
  auto begin = [self = shared_from_this(), head = std::move(head)]() mutable {
    if (self->state_ != State::kInFlight) return;
    self->StartStream(std::move(head));
    self->Run();
  };
  if (transport_.strand().running_in_this_thread()) return begin();
  net::post(transport_.strand(), std::move(begin));
}

// Always posted: a producer may write the next piece from `done`.
void Connection::Piece(std::string piece, Done done) {
  net::post(transport_.strand(),
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
  net::post(transport_.strand(), [self = shared_from_this(), whole] {
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
  if (http10_) transport_.Reset();
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

// head_ and body_, as one.
void Connection::Write() {
  writing_ = true;
  sent_ = 0;
  NoDeadline();
  Flush();
}

void Connection::Flush() {
  const std::size_t all = head_.size() + body_.size();
  while (sent_ < all) {
    const std::string_view head = std::string_view(head_).substr(std::min(sent_, head_.size()));
    const std::string_view body = std::string_view(body_).substr(sent_ - std::min(sent_, head_.size()));
    error_code error;
    sent_ += transport_.WriteSome(head, body, &error);
    if (error && error != net::error::would_block) return Close();
    if (!error) continue;
    if (deadline_ms_ == 0) SetDeadline(core_->options.limits.write_timeout);
    return transport_.WaitToWrite([self = shared_from_this()](const error_code& failed) {
      if (self->state_ == State::kClosed) return;
      if (failed) return self->Close();
      self->Flush();
      self->Run();
    });
  }
  OnWritten();
}

void Connection::OnWritten() {
  writing_ = false;
  std::string().swap(head_);
  std::string().swap(body_);
  if (state_ == State::kHttp2) return http2_->OnSent();
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
  transport_.ShutdownSend(&error);
  if (error || ended_) return Close();
  std::string().swap(in_);
  state_ = State::kLinger;
  SetDeadline(kLinger);
  Arm();
}

}  // namespace lanting::http
