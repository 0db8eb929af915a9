#include "platform/http/connection.h"

#include <array>

#include "platform/http/reply.h"
#include "platform/http/request_parser.h"
#include "platform/http/wire.h"

namespace lanting::http {

using boost::system::error_code;

namespace {

constexpr std::size_t kScratchBytes = 64 * 1024;    // one per I/O thread
constexpr std::size_t kReadAheadBytes = 16 * 1024;  // kept of a pipelining client while a request is in flight
constexpr std::size_t kMaxLingerBytes = 1024 * 1024;
// The longest chunk header or trailer block; Beast asks for more until it has all of it.
constexpr std::size_t kMaxChunkOverhead = 16 * 1024;

// A header line that goes on in the next (obs-fold, RFC 9112 section 5.2). Beast would join them; others before us may
// have read two headers.
bool HasFoldedLine(std::string_view header) {
  for (auto at = header.find("\r\n"); at != std::string_view::npos; at = header.find("\r\n", at + 2))
    if (at + 2 < header.size() && (header[at + 2] == ' ' || header[at + 2] == '\t')) return true;
  return false;
}

constexpr const char* kTargetTooLong = "The request target is too long.";

const char* ReasonOf(int status) {
  switch (status) {
    case 413:
      return "BODY_TOO_LARGE";
    case 414:
    case 431:
      return "HEADER_TOO_LARGE";
    case 501:
    case 505:
      return "UNIMPLEMENTED";
    default:
      return "MALFORMED_REQUEST";
  }
}

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
  Run();
  if (core_->draining) Drain();
}

void Connection::SetDeadline(std::chrono::milliseconds from_now) {
  auto at = std::chrono::steady_clock::now() + from_now;
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
  if (state_ != State::kIdle) return;
  OnReadable({});  // a request that has arrived already is served
  if (state_ == State::kIdle) Close();
}

void Connection::Cut() {
  net::post(transport_.strand(), [self = shared_from_this()] { self->Close(); });
}

void Connection::Run() {
  if (running_) return;
  running_ = true;
  while (Step()) {
  }
  running_ = false;
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

bool Connection::StepIdle() {
  in_.erase(0, in_.find_first_not_of("\r\n"));  // empty lines between requests are allowed
  if (in_.empty()) {
    std::string().swap(in_);  // no memory while idle
    if (ended_) Close();
    return false;
  }
  parser_ = std::make_unique<RequestParser>(core_->options.limits);
  header_bytes_ = 0;
  accepts_gzip_ = {};
  state_ = State::kHeader;
  SetDeadline(core_->options.limits.header_timeout);
  return true;
}

bool Connection::StepHeader() {
  const auto& limits = core_->options.limits;
  if (!Parse()) return false;
  if (!parser_->is_header_done()) {
    if (TargetTooLong()) {
      Refuse(414, ReasonOf(414), kTargetTooLong);
    } else if (header_bytes_ + in_.size() > limits.max_header_bytes) {
      Refuse(431, "HEADER_TOO_LARGE", "The request header is too large.");
    }
    return false;
  }
  if (header_bytes_ > limits.max_header_bytes) {
    Refuse(431, "HEADER_TOO_LARGE", "The request header is too large.");
    return false;
  }
  close_ = parser_->http10 || !parser_->keep_alive() || core_->draining;
  http10_ = parser_->http10;
  accepts_gzip_ = parser_->accepts_gzip;
  head_only_ = parser_->request.method == "HEAD";
  // All chunks of a read at once: else each of them, however small, would move what is left of the buffer.
  parser_->eager(true);
  state_ = State::kBody;
  SetDeadline(limits.body_timeout);
  if (parser_->is_done()) return true;
  if (!Admitted() || !CountBody()) return false;
  return !parser_->expects_continue || parser_->http10 || !in_.empty() || Continue100();
}

bool Connection::Admitted() {
  parser_->request.peer = peer_;
  auto refusal = core_->Refusal(parser_->request);
  if (!refusal) return true;
  close_ = true;  // the body is on its way
  parser_.reset();
  Send(*std::move(refusal));
  return false;
}

bool Connection::CountBody() {
  static const std::size_t kInPlace = std::string().capacity();
  const std::size_t bytes = parser_->request.body.capacity() + (parser_->inflater ? Inflater::kMemory : 0);
  if (bytes <= kInPlace || (charge_ && charge_->bytes() == bytes)) return true;
  if (!charge_) charge_ = std::make_shared<Charge>(core_);
  if (charge_->Raise(bytes)) return true;
  Refuse(503, "OVERLOADED", "The server holds too many request bodies; try again shortly.");
  return false;
}

bool Connection::StepBody() {
  while (!parser_->is_done()) {
    auto before = in_.size();
    if (!Parse() || !CountBody()) return false;
    if (in_.size() == before && !parser_->is_done()) {
      if (before > kMaxChunkOverhead) Refuse(400, "MALFORMED_REQUEST", "A chunk header is too long.");
      return false;
    }
  }
  Dispatch();
  return true;
}

// Of a request line that has not been parsed, and perhaps not ended.
bool Connection::TargetTooLong() const {
  const std::size_t longest_line = core_->options.limits.max_target_bytes + 64;
  return parser_->request.method.empty() && in_.size() > longest_line && in_.find("\r\n") > longest_line;
}

bool Connection::Parse() {
  if (in_.empty()) return true;
  error_code error;
  const bool in_header = !parser_->is_header_done();
  const auto used = parser_->put(net::const_buffer(in_.data(), in_.size()), error);
  if (in_header && HasFoldedLine(std::string_view(in_).substr(0, used))) {
    Refuse(400, "MALFORMED_REQUEST", "A header line must not be folded: send each header in one line.");
    return false;
  }
  if (error && error != beast_http::error::need_more) {
    RefuseParsed(error);
    return false;
  }
  in_.erase(0, used);
  if (in_header) header_bytes_ += used;
  return true;
}

// Why the parser stopped, as an answer. What it stopped at is still in in_.
void Connection::RefuseParsed(const error_code& error) {
  const Refusal refusal = parser_->refusal;
  if (refusal.status != 0) {
    Refuse(refusal.status, ReasonOf(refusal.status), refusal.message);
  } else if (error == beast_http::error::bad_version &&
             IsOtherVersion(std::string_view(in_).substr(0, in_.find("\r\n")))) {
    Refuse(505, ReasonOf(505), "This server speaks HTTP/1.1.");
  } else if (error == beast_http::error::header_limit) {
    if (TargetTooLong()) return Refuse(414, ReasonOf(414), kTargetTooLong);
    Refuse(431, ReasonOf(431), "The request header is too large.");
  } else if (error == beast_http::error::body_limit) {
    Refuse(413, ReasonOf(413),
           "The request body is larger than " + std::to_string(core_->options.limits.max_body_bytes) + " bytes.");
  } else {
    Refuse(400, ReasonOf(400), "The request is not well-formed HTTP/1.1: " + error.message() + ".");
  }
}

// Nothing else is on its way to the client, so these few bytes fit the socket's buffer or the client does not read.
bool Connection::Continue100() {
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code error;
  if (transport_.WriteSome(kContinue, {}, &error) == kContinue.size()) return true;
  Close();
  return false;
}

void Connection::Dispatch() {
  state_ = State::kInFlight;
  NoDeadline();
  auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(parser_->request);
  exchange->request.peer = peer_;
  exchange->buffered = std::move(charge_);
  parser_.reset();
  if (in_.empty() || in_.capacity() > kReadAheadBytes) in_.shrink_to_fit();
  auto reply = std::make_shared<Reply>(shared_from_this());
  reply_ = reply;
  Bind(exchange.get(), reply);
  try {
    core_->handler(exchange);
  } catch (const std::exception& e) {
    if (core_->options.on_exception) core_->options.on_exception(e.what());
    reply->Give(core_->ErrorResponse(500, "INTERNAL", "An internal error occurred."));
  }
}

void Connection::Refuse(int status, std::string_view reason, std::string_view message) {
  close_ = true;
  head_only_ = false;
  parser_.reset();
  charge_.reset();
  Send(core_->ErrorResponse(status, reason, message));
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
  if (state_ == State::kLinger) {
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
  if (state_ == State::kIdle && transport_.tls()) {
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
  if (!serving) return;
  if (auto reply = reply_.lock()) reply->Cancel();
  LosePieces();
}

}  // namespace lanting::http
