#include "platform/http/connection.h"

#include "platform/http/http2.h"
#include "platform/http/request_parser.h"

namespace lanting::http {

using boost::system::error_code;

namespace {

constexpr std::size_t kScratchBytes = 64 * 1024;  // one per I/O thread
constexpr std::size_t kMaxLingerBytes = 1024 * 1024;

}  // namespace

Connection::Connection(std::shared_ptr<Core> core, Socket socket, const TlsContext* tls)
    : presence_(core), core_(std::move(core)), transport_(std::move(socket), tls), peer_(transport_.Peer()) {}
Connection::~Connection() = default;

void Connection::Start(bool refuse) {
  {
    std::lock_guard lock(core_->mutex);
    place_ = core_->connections.insert(core_->connections.end(), shared_from_this());
  }
  net::post(transport_.strand(), [self = shared_from_this(), refuse] {
    if (self->state_ != State::kClosed) self->Begin(refuse);
  });
}

void Connection::Begin(bool refuse) {
  if (transport_.tls()) {
    if (refuse || core_->draining) return Close();
    state_ = State::kHandshake;
    SetDeadline(core_->options.limits.header_timeout);
    return Handshake();
  }
  SetDeadline(core_->options.limits.idle_timeout);
  if (refuse) Refuse(503, "OVERLOADED", "The server has too many connections; try again shortly.");
  Run();
  if (core_->draining) Drain();
}

void Connection::Handshake() {
  error_code error;
  transport_.Handshake(&error);
  if (error && error != net::error::would_block) return Close();
  if (error) {
    return transport_.WaitToRead([self = shared_from_this()](const error_code& failed) {
      if (self->state_ != State::kHandshake) return;
      if (failed) return self->Close();
      self->Handshake();
    });
  }
  state_ = State::kIdle;
  SetDeadline(core_->options.limits.idle_timeout);
  if (transport_.http2()) BeginHttp2();
  Run();
  if (core_->draining) Drain();
}

bool Connection::TryHttp2() {
  if (!first_ || transport_.tls() || !core_->options.http2) return false;
  if (in_.size() < kHttp2Preface.size()) return kHttp2Preface.starts_with(in_);
  if (!in_.starts_with(kHttp2Preface)) return false;
  BeginHttp2();
  return true;
}

void Connection::BeginHttp2() {
  parser_.reset();
  state_ = State::kHttp2;
  NoDeadline();
  http2_ = std::make_unique<Http2>(core_, *this, peer_);
  const std::string first = std::exchange(in_, {});
  const bool was_running = std::exchange(running_, true);
  const bool ok = http2_->Receive(first);
  running_ = was_running;
  if (!ok) Close();
}

void Connection::RunHttp2() {
  if (running_ || state_ != State::kHttp2) return;
  running_ = true;
  http2_->Settle();
  while (state_ == State::kHttp2 && !writing_) {
    body_ = http2_->Output();
    http2_->Settle();
    if (body_.empty()) break;
    Write();
  }
  running_ = false;
  if (state_ != State::kHttp2) return;
  if (!writing_) {
    if (http2_->finished()) return Linger();
    SetDeadlineAt(http2_->deadline());
  }
  Arm();
}

void Connection::SetDeadline(std::chrono::milliseconds from_now) {
  SetDeadlineAt(std::chrono::steady_clock::now() + from_now);
}

void Connection::SetDeadlineAt(std::chrono::steady_clock::time_point at) {
  deadline_ms_.store(std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count(),
                     std::memory_order_relaxed);
}

void Connection::CheckDeadline(std::chrono::steady_clock::time_point now) {
  auto deadline = deadline_ms_.load(std::memory_order_relaxed);
  if (deadline == 0 || now.time_since_epoch() < std::chrono::milliseconds(deadline)) return;
  net::post(transport_.strand(), [self = shared_from_this()] { self->OnExpired(); });
}

void Connection::OnExpired() {
  auto deadline = deadline_ms_.load(std::memory_order_relaxed);
  // It may have moved on while this was queued.
  if (deadline == 0 || std::chrono::steady_clock::now().time_since_epoch() < std::chrono::milliseconds(deadline))
    return;
  if (state_ == State::kHeader || state_ == State::kBody) {
    Refuse(408, "DEADLINE_EXCEEDED",
           state_ == State::kHeader ? "The request header took too long." : "The request body took too long.");
    Run();
  } else if (state_ == State::kHttp2 && !writing_) {
    http2_->Expire(std::chrono::steady_clock::now());
    RunHttp2();
  } else {
    Close();
  }
}

void Connection::BeginDrain() {
  net::post(transport_.strand(), [self = shared_from_this()] { self->Drain(); });
}

void Connection::Drain() {
  if (state_ == State::kStreaming) TellDraining();
  if (state_ == State::kHandshake) Close();
  if (state_ == State::kHttp2) {
    http2_->Drain();
    RunHttp2();
  }
  if (state_ != State::kIdle) return;
  OnReadable({});  // a request that has arrived already is served
  if (state_ == State::kIdle) Close();
}

void Connection::Cut() {
  net::post(transport_.strand(), [self = shared_from_this()] { self->Close(); });
}

void Connection::Run() {
  if (state_ == State::kHttp2) return RunHttp2();
  if (running_) return;
  running_ = true;
  while (Step()) {
  }
  running_ = false;
  if (state_ == State::kHttp2) return RunHttp2();
  if (ended_ && (state_ == State::kHeader || state_ == State::kBody)) return Close();  // the rest will never come
  Arm();
}

// True if another step may follow at once.
bool Connection::Step() {
  switch (state_) {
    case State::kIdle:
      return StepIdle();
    case State::kHeader:
      return StepHeader();
    case State::kBody:
      return StepBody();
    default:
      return false;
  }
}

void Connection::Arm() {
  if (waiting_ || ended_ || running_ || state_ == State::kHandshake || state_ == State::kClosed ||
      state_ == State::kWriting)
    return;
  if (Serving() && in_.size() >= kReadAheadBytes) return;
  waiting_ = true;
  transport_.WaitToRead([self = shared_from_this()](const error_code& error) {
    self->waiting_ = false;
    if (self->state_ != State::kClosed) self->OnReadable(error);
  });
}

void Connection::OnReadable(const error_code& failed) {
  thread_local const auto scratch = std::make_unique<char[]>(kScratchBytes);
  error_code error = failed;
  if (!error && Serving() && in_.size() >= kReadAheadBytes) return;  // read on after the response
  const std::size_t room = Serving() ? kReadAheadBytes - in_.size() : kScratchBytes;
  const std::size_t n = error ? 0 : transport_.ReadSome(scratch.get(), room, &error);
  if (error == net::error::would_block) return Arm();
  if (error) return OnEnd();
  if (state_ == State::kHttp2) {
    running_ = true;
    const bool ok = http2_->Receive({scratch.get(), n});
    running_ = false;
    if (!ok) return Close();
  } else if (state_ == State::kLinger) {
    lingered_bytes_ += n;
    if (lingered_bytes_ > kMaxLingerBytes) return Close();
  } else {
    in_.append(scratch.get(), n);
  }
  Run();
}

void Connection::OnEnd() {
  if (state_ == State::kWriting) {
    ended_ = true;  // the response is still wanted
    return;
  }
  Close();
}

void Connection::Close() {
  if (state_ == State::kClosed) return;
  const bool serving = Serving();
  if ((state_ == State::kIdle || state_ == State::kHttp2) && transport_.tls()) {
    error_code ignored;
    transport_.ShutdownSend(&ignored);
  }
  state_ = State::kClosed;
  NoDeadline();
  transport_.Close();
  parser_.reset();
  charge_.reset();
  auto self = shared_from_this();  // the list may hold the last reference
  {
    std::lock_guard lock(core_->mutex);
    core_->connections.erase(place_);
    if (core_->connections.empty()) core_->gone.notify_all();
  }
  if (http2_) http2_->Close();
  if (!serving) return;
  if (auto reply = reply_.lock()) reply->Cancel();
  LosePieces();
}

}  // namespace lanting::http
