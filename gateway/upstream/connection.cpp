#include "gateway/upstream/connection.h"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

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

struct Connection::Callbacks {
  static Connection& Self(void* user_data) { return *static_cast<Connection*>(user_data); }
  // The call of a stream; null once its attempt was abandoned.
  static Call* Of(nghttp2_session* session, std::int32_t stream_id) {
    auto* call = static_cast<Call*>(nghttp2_session_get_stream_user_data(session, stream_id));
    return call != nullptr && call->stream_id == stream_id && !call->finished ? call : nullptr;
  }

  static ssize_t ReadBody(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t space, std::uint32_t* flags,
                          nghttp2_data_source* source, void*) {
    Call& call = *static_cast<Call*>(source->ptr);
    std::size_t n = 0;
    if (call.body_sent < kPrefixBytes) {
      n = std::min(space, kPrefixBytes - call.body_sent);
      std::memcpy(to, call.prefix + call.body_sent, n);
      call.body_sent += n;
    }
    const std::size_t from = call.body_sent - kPrefixBytes;
    const std::size_t part = std::min(space - n, call.request.request.size() - from);
    std::memcpy(to + n, call.request.request.data() + from, part);
    call.body_sent += part;
    if (call.body_sent == kPrefixBytes + call.request.request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(n + part);
  }

  static int BeforeSend(nghttp2_session* session, const nghttp2_frame* frame, void*) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (Call* call = Of(session, frame->hd.stream_id)) call->sent = true;
    return 0;
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_bytes, const std::uint8_t* value, std::size_t value_bytes, std::uint8_t, void*) {
    Call* call = Of(session, frame->hd.stream_id);
    if (call == nullptr) return 0;
    const bool taken = call->response->OnHeader({reinterpret_cast<const char*>(name), name_bytes},
                                                {reinterpret_cast<const char*>(value), value_bytes});
    return taken ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int OnData(nghttp2_session* session, std::uint8_t, std::int32_t stream_id, const std::uint8_t* data,
                    std::size_t bytes, void* user_data) {
    nghttp2_session_consume_connection(session, bytes);
    if (Call* call = Of(session, stream_id))
      Self(user_data).OnData(*call, {reinterpret_cast<const char*>(data), bytes});
    return 0;
  }

  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    Connection& self = Self(user_data);
    switch (frame->hd.type) {
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0 && self.state_ == State::kConnecting) {
          self.state_ = State::kReady;
          self.ready_at_ = std::chrono::steady_clock::now();
          self.hub_->OnReady(self);
        }
        break;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) self.pinging_ = false;
        break;
      case NGHTTP2_GOAWAY:
        self.Drain();
        break;
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA:
        if (Call* call = Of(session, frame->hd.stream_id)) {
          if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
            self.OnRemoteEnd(*call);
          else if (frame->hd.type == NGHTTP2_HEADERS && !call->response->OnHeadersEnd())
            self.EndEarly(*call, call->response->AtEnd(!call->streaming, NGHTTP2_NO_ERROR));
        }
        break;
      default:
        break;
    }
    return 0;
  }

  static int OnStreamClose(nghttp2_session* session, std::int32_t stream_id, std::uint32_t error, void* user_data) {
    auto* call = static_cast<Call*>(nghttp2_session_get_stream_user_data(session, stream_id));
    Connection& self = Self(user_data);
    if (call != nullptr && self.state_ != State::kClosed) self.OnStreamClose(*call, error);
    return 0;
  }

  static const nghttp2_session_callbacks* All() {
    static const nghttp2_session_callbacks* all = [] {
      nghttp2_session_callbacks* made = nullptr;
      if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
      nghttp2_session_callbacks_set_before_frame_send_callback(made, BeforeSend);
      nghttp2_session_callbacks_set_on_header_callback(made, OnHeader);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, OnData);
      nghttp2_session_callbacks_set_on_frame_recv_callback(made, OnFrame);
      nghttp2_session_callbacks_set_on_stream_close_callback(made, OnStreamClose);
      return made;
    }();
    return all;
  }

  static const nghttp2_option* Options() {
    static const nghttp2_option* options = [] {
      nghttp2_option* made = nullptr;
      if (nghttp2_option_new(&made) != 0) throw std::bad_alloc();
      nghttp2_option_set_no_auto_window_update(made, 1);  // a slow consumer holds its stream back
      nghttp2_option_set_no_closed_streams(made, 1);
      return made;
    }();
    return options;
  }
};

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
