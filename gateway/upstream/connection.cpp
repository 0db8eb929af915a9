#include "gateway/upstream/connection.h"

#include <boost/asio/post.hpp>

#include "gateway/upstream/connection_callbacks.h"
#include "gateway/upstream/request_headers.h"

namespace lanting::gateway::detail {

namespace net = boost::asio;
using boost::system::error_code;

namespace {

constexpr int kStreamWindow = 256 * 1024, kConnectionWindow = 16 * 1024 * 1024;
constexpr std::size_t kMaxOutput = 64 * 1024;  // serialised and not yet taken by the socket
constexpr std::size_t kMaxStreams = 10'000;    // whatever more the service allows

Outcome Failed(Code code, std::string message) {
  return {.code = static_cast<int>(code), .message = std::move(message)};
}

}  // namespace

Connection::Connection(std::shared_ptr<Hub> hub, unsigned address, std::string authority,
                       std::chrono::milliseconds max_age)
    : hub_(std::move(hub)),
      address_(address),
      authority_(std::move(authority)),
      started_(std::chrono::steady_clock::now()),
      retire_at_(started_ + max_age),
      socket_(hub_->io) {}

Connection::~Connection() { nghttp2_session_del(session_); }

void Connection::Start(const net::ip::tcp::endpoint& endpoint) {
  socket_.async_connect(endpoint, [self = shared_from_this()](const error_code& error) {
    Locked lock(*self->hub_);
    self->OnConnected(error);
  });
}

void Connection::OnConnected(const error_code& error) {
  if (state_ == State::kClosed) return;
  if (error) return Close("cannot connect: " + error.message());
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(net::ip::tcp::no_delay(true), ignored);
  OpenSession();
  Flush();
  if (state_ != State::kClosed) Read();
}

void Connection::OpenSession() {
  if (nghttp2_session_client_new2(&session_, Callbacks::All(), this, Callbacks::Options()) != 0) throw std::bad_alloc();
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
                                             {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 64 * 1024}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  heard_at_ = std::chrono::steady_clock::now();
}

bool Connection::HasRoom() const {
  if (state_ != State::kReady || nghttp2_session_check_request_allowed(session_) == 0) return false;
  const auto allowed = nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return calls_.size() < std::min<std::size_t>(allowed, kMaxStreams);
}

void Connection::Submit(const std::shared_ptr<Call>& call) {
  call->response.emplace(hub_->options.max_reply_bytes, &call->request.want_metadata);
  call->connection = this;
  call->sent = false;
  call->body_sent = 0;
  WritePrefix(call->request.request.size(), call->prefix);
  const RequestHeaders headers(*call, authority_);
  nghttp2_data_provider body{.source = {.ptr = call.get()}, .read_callback = Callbacks::ReadBody};
  const std::int32_t id = nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(), &body, call.get());
  if (id < 0) {  // out of memory or of stream ids
    call->connection = nullptr;
    Outcome outcome = Failed(Code::kUnavailable, nghttp2_strerror(id));
    outcome.reached = false;
    return hub_->OnEnded(call, *this, std::move(outcome));
  }
  call->stream_id = id;
  call->index = calls_.size();
  calls_.push_back(call);
  ScheduleFlush();
}

void Connection::Abandon(const std::shared_ptr<Call>& call, Outcome outcome) {
  Reset(*call);
  hub_->Finish(call, std::move(outcome));
}

void Connection::EndEarly(Call& call, Outcome outcome) {
  Reset(call);
  call.tries_left = 0;  // its stream still knows it
  hub_->OnEnded(calls_[call.index], *this, std::move(outcome));
}

void Connection::Reset(Call& call) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call.stream_id, NGHTTP2_CANCEL);
  ScheduleFlush();
  call.held.clear();
  call.connection = nullptr;
}

void Connection::OnData(Call& call, std::string_view bytes) {
  if (call.streaming) return OnStreamData(calls_[call.index], bytes);
  nghttp2_session_consume_stream(session_, call.stream_id, bytes.size());
  MessageReader& reader = call.response->reader;
  const std::size_t taken = reader.Feed(bytes);
  if (reader.state() == MessageReader::State::kCompressed)
    Abandon(calls_[call.index], Failed(Code::kInternal, "a compressed message, which nobody asked for"));
  else if (reader.state() == MessageReader::State::kTooLarge)
    Abandon(calls_[call.index], Failed(Code::kInternal, "the reply is above the limit of a message"));
  else if (taken < bytes.size())
    Abandon(calls_[call.index], Failed(Code::kInternal, "more than one message in reply to a unary call"));
}

void Connection::OnStreamData(const std::shared_ptr<Call>& call, std::string_view bytes) {
  call->held.append(bytes);
  if (call->on_message) Pump(call);
}

void Connection::Pump(const std::shared_ptr<Call>& call) {
  MessageReader& reader = call->response->reader;
  const std::size_t taken = reader.Feed(call->held);
  call->held.erase(0, taken);
  if (taken > 0 && nghttp2_session_find_stream(session_, call->stream_id) != nullptr) {
    nghttp2_session_consume_stream(session_, call->stream_id, taken);
    ScheduleFlush();
  }
  switch (reader.state()) {
    case MessageReader::State::kWhole:
      return hub_->Deliver(call, reader.Take());
    case MessageReader::State::kCompressed:
      return Abandon(call, Failed(Code::kInternal, "a compressed message, which nobody asked for"));
    case MessageReader::State::kTooLarge:
      return Abandon(call, Failed(Code::kInternal, "a message of the stream is above the limit"));
    case MessageReader::State::kWant:
      return;
  }
}

// The service may answer before it has read the request: the rest of it is spared.
void Connection::OnRemoteEnd(Call& call) {
  if (nghttp2_session_get_stream_local_close(session_, call.stream_id) == 0)
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call.stream_id, NGHTTP2_NO_ERROR);
}

void Connection::OnStreamClose(Call& call, std::uint32_t http2_error) {
  const std::shared_ptr<Call> alive = calls_[call.index];
  Forget(call);
  if (!call.finished) {
    Outcome outcome = call.response->AtEnd(!call.streaming, http2_error);
    if (!call.sent) outcome.reached = false;
    call.connection = nullptr;
    hub_->OnEnded(alive, *this, std::move(outcome));
  }
  hub_->OnRoom();
  if (state_ == State::kDraining && calls_.empty()) ScheduleFlush();
}

void Connection::Forget(Call& call) {
  if (call.index + 1 != calls_.size()) {
    calls_[call.index] = std::move(calls_.back());
    calls_[call.index]->index = call.index;
  }
  calls_.pop_back();
}

void Connection::Drain() {
  if (state_ == State::kConnecting) return Close("GOAWAY before SETTINGS");
  if (state_ != State::kReady) return;
  state_ = State::kDraining;
  drained_ = true;
  hub_->OnDraining(*this);
  ScheduleFlush();
}

void Connection::Close(const std::string& why) {
  if (state_ == State::kClosed) return;
  const auto self = shared_from_this();
  state_ = State::kClosed;
  error_code ignored;
  socket_.close(ignored);
  const auto calls = std::move(calls_);
  calls_.clear();
  hub_->OnClosed(*this, why);
  for (const auto& call : calls) {
    if (call->finished) continue;
    call->connection = nullptr;
    Outcome outcome = Failed(Code::kUnavailable, why);
    outcome.reached = call->sent;
    outcome.lost = true;
    hub_->OnEnded(call, *this, std::move(outcome));
  }
}

void Connection::Tick(Deadline now) {
  const auto& timing = hub_->options.timing;
  if (state_ == State::kConnecting && now - started_ >= timing.connect_timeout) return Close("cannot connect: timeout");
  if (state_ == State::kConnecting || state_ == State::kClosed) return;
  Expire(now);
  if (pinging_ && now - pinged_at_ >= timing.keepalive_timeout) {
    if (heard_at_ < pinged_at_) return Close("the service fell silent");
    pinging_ = false;
  }
  if (!pinging_ && !calls_.empty() && now - heard_at_ >= timing.keepalive_every) {
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
    pinging_ = true;
    pinged_at_ = now;
    ScheduleFlush();
  }
}

void Connection::Expire(Deadline now) {
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    if (calls_[i]->finished || calls_[i]->deadline > now) continue;
    const auto call = calls_[i];  // not only the vector's, which may grow
    EndEarly(*call, Failed(Code::kDeadlineExceeded, "no answer within the deadline"));
  }
}

void Connection::Read() {
  socket_.async_read_some(net::buffer(in_), [self = shared_from_this()](const error_code& error, std::size_t bytes) {
    Locked lock(*self->hub_);
    if (self->state_ == State::kClosed) return;
    if (error) return self->Close("the connection was lost: " + error.message());
    self->OnRead(bytes);
  });
}

void Connection::OnRead(std::size_t bytes) {
  heard_at_ = std::chrono::steady_clock::now();
  const ssize_t read = nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(in_.data()), bytes);
  if (state_ == State::kClosed) return;
  if (read < 0) return Close(std::string("not HTTP/2: ") + nghttp2_strerror(static_cast<int>(read)));
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0)
    return Close("the service ended the connection");
  if (nghttp2_session_want_write(session_) != 0) ScheduleFlush();
  Read();
}

// Later, so that all calls that start meanwhile leave by one write.
void Connection::ScheduleFlush() {
  if (flush_scheduled_ || writing_ || session_ == nullptr || state_ == State::kClosed) return;
  flush_scheduled_ = true;
  net::post(hub_->io, [self = shared_from_this()] {
    Locked lock(*self->hub_);
    self->flush_scheduled_ = false;
    self->Flush();
  });
}

bool Connection::FillOutput() {
  while (out_.size() < kMaxOutput) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t n = nghttp2_session_mem_send(session_, &bytes);
    if (n < 0) return false;
    if (n == 0) break;
    out_.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(n));
  }
  return true;
}

void Connection::Flush() {
  if (state_ == State::kClosed || writing_) return;
  const bool last = state_ == State::kDraining && calls_.empty();
  if (last) nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
  for (;;) {
    if (!FillOutput()) return Close("cannot write HTTP/2");
    if (out_.empty()) break;
    error_code error;
    const std::size_t n = socket_.write_some(net::buffer(out_), error);
    if (error == net::error::would_block && !last) {
      writing_ = true;
      return socket_.async_wait(net::ip::tcp::socket::wait_write, [self = shared_from_this()](const error_code&) {
        Locked lock(*self->hub_);
        self->writing_ = false;
        self->Flush();
      });
    }
    if (error) return Close("the connection was lost: " + error.message());
    out_.erase(0, n);
  }
  if (last || nghttp2_session_want_read(session_) == 0) Close("drained");
}

}  // namespace lanting::gateway::detail
