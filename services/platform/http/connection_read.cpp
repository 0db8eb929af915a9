// How a connection reads the requests of HTTP/1.
#include "platform/http/connection.h"
#include "platform/http/request_parser.h"
#include "platform/http/wire.h"

namespace lanting::http {

using boost::system::error_code;

namespace {

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

}  // namespace

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
  if (TryHttp2()) return false;
  first_ = false;
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
  // A body that is here already costs nothing more: whoever serves the request refuses it as well.
  const auto length = parser_->content_length();
  const bool here = length && *length <= in_.size();
  if ((!here && !Admitted()) || !CountBody()) return false;
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
  const std::size_t bytes = parser_->request.body.capacity() + (parser_->inflater ? Inflater::kMemory : 0);
  if (Charge::Count(core_, bytes, &charge_)) return true;
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
  Request request = std::move(parser_->request);
  request.peer = peer_;
  parser_.reset();
  if (in_.empty() || in_.capacity() > kReadAheadBytes) in_.shrink_to_fit();
  Serve(*core_, std::move(request), std::move(charge_), shared_from_this(), &reply_);
}

void Connection::Refuse(int status, std::string_view reason, std::string_view message) {
  close_ = true;
  head_only_ = false;
  parser_.reset();
  charge_.reset();
  Send(core_->ErrorResponse(status, reason, message));
}

}  // namespace lanting::http
