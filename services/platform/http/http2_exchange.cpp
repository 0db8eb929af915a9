// How the requests of an HTTP/2 session are read and answered.
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>

#include "platform/http/connection.h"
#include "platform/http/http2_stream.h"
#include "platform/http/wire.h"

namespace lanting::http {

using std::chrono::steady_clock;

// Brings answers from any thread to the connection's.
class Http2::StreamResponder final : public Responder {
 public:
  StreamResponder(std::shared_ptr<Connection> connection, int id) : connection_(std::move(connection)), id_(id) {}

  void Answer(Response response) override {
    Run(true, [id = id_, response = std::move(response)](Http2& h) mutable { h.Answer(id, std::move(response)); });
  }
  void BeginStream(Response head) override {
    Run(true, [id = id_, head = std::move(head)](Http2& h) mutable { h.BeginStream(id, std::move(head)); });
  }
  // Always posted: a producer may write the next piece from `done`.
  void Piece(std::string piece, Done done) override {
    Run(false, [id = id_, piece = std::move(piece), done = std::move(done)](Http2& h) mutable {
      h.Piece(id, std::move(piece), std::move(done));
    });
  }
  void EndStream(bool whole) override {
    Run(false, [id = id_, whole](Http2& h) { h.EndStream(id, whole); });
  }

 private:
  template <typename F>
  void Run(bool at_once, F f) {
    auto run = [connection = connection_, f = std::move(f)]() mutable {
      f(*connection->http2());
      connection->RunHttp2();
    };
    if (at_once && connection_->strand().running_in_this_thread()) return run();
    net::post(connection_->strand(), std::move(run));
  }

  const std::shared_ptr<Connection> connection_;
  const int id_;
};

void Http2::Header(Stream& stream, std::string_view name, std::string_view value) {
  Request& request = stream.request;
  if (name == ":method") {
    request.method = value;
  } else if (name == ":path") {
    if (value.size() > core_->options.limits.max_target_bytes) stream.refused = 414;
    request.target = value.substr(0, core_->options.limits.max_target_bytes);
  } else if (name == ":authority") {
    stream.authority = value;
  } else if (!name.starts_with(':')) {
    if (request.headers.size() >= kMaxRequestHeaders) {
      stream.refused = 431;
      return;
    }
    if (name == "expect")
      (EqualsIgnoreCase(value, "100-continue") ? stream.expects_continue : stream.bad_expectation) = true;
    if (name == "accept-encoding") stream.accepts_gzip.Add(value);
    if (name == "content-encoding") ++stream.codings;
    if (name == "content-length") stream.length = std::strtoull(std::string(value).c_str(), nullptr, 10);
    // A cookie may come in crumbs (RFC 9113 section 8.2.3).
    if (name == "cookie" && request.Count(name) > 0) {
      const auto cookie = std::find_if(request.headers.begin(), request.headers.end(),
                                       [](const auto& header) { return header.first == "cookie"; });
      cookie->second.append("; ").append(value);
      return;
    }
    request.headers.emplace_back(name, value);
  }
}

// Refuses what HTTP/1.1 would be refused for; nghttp2 has looked at the form.
bool Http2::HeadIsFine(Stream& stream) {
  Request& request = stream.request;
  const auto refuse = [&](int status, std::string_view message) {
    Refuse(stream, status, message);
    return false;
  };
  if (stream.refused == 414) return refuse(414, "The request target is too long.");
  if (stream.refused == 431) return refuse(431, "The request header is too large, or has too many fields.");
  if (request.method == "CONNECT" || request.method == "TRACE")
    return refuse(501, "This server knows neither CONNECT nor TRACE.");
  std::string no_authority, path;
  if (!request.target.starts_with('/') && request.target != "*")
    return refuse(400, "The request target must be a path.");
  if (!SplitTarget(request.target, request.method, &no_authority, &path))
    return refuse(400, "The request target must be a path.");
  const std::size_t hosts = request.Count("host");
  if (stream.authority.empty() && hosts != 1) return refuse(400, "The request needs :authority.");
  if (hosts > 1 ||
      (hosts == 1 && !stream.authority.empty() && !EqualsIgnoreCase(stream.authority, request.Header("host"))))
    return refuse(400, "The Host header names another host than :authority.");
  if (hosts == 0) request.headers.emplace(request.headers.begin(), "host", stream.authority);
  if (!IsHost(request.Header("host"))) return refuse(400, ":authority is not a host with an optional port.");
  if (stream.bad_expectation) return refuse(417, "The only expectation this server knows is 100-continue.");
  return true;
}

void Http2::OnRequestHead(Stream& stream, bool end) {
  const auto& limits = core_->options.limits;
  stream.state = Stream::State::kBody;
  stream.received = end;
  if (!HeadIsFine(stream)) return;
  stream.request.peer = peer_;
  if (stream.codings == 1) {
    auto& headers = stream.request.headers;
    const auto coding = std::find_if(headers.begin(), headers.end(),
                                     [](const auto& header) { return header.first == "content-encoding"; });
    if (EqualsIgnoreCase(coding->second, "gzip") || EqualsIgnoreCase(coding->second, "x-gzip")) {
      headers.erase(coding);
      stream.inflater = std::make_unique<Inflater>(limits.max_body_bytes);
    }
  }
  if (end) return OnBodyEnd(stream);
  if (stream.length > limits.max_body_bytes) return Refuse(stream, 413, "The request body is too large.");
  if (auto refusal = core_->Refusal(stream.request)) return Submit(stream, *std::move(refusal));
  stream.deadline = steady_clock::now() + limits.body_timeout;
  if (!stream.expects_continue) return;
  std::string name = ":status", value = "100";
  const nghttp2_nv status{reinterpret_cast<std::uint8_t*>(name.data()), reinterpret_cast<std::uint8_t*>(value.data()),
                          name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id, nullptr, &status, 1, nullptr);
}

void Http2::OnBody(Stream& stream, std::string_view bytes) {
  if (stream.state != Stream::State::kBody) return;  // refused already
  std::string& body = stream.request.body;
  const std::size_t limit = core_->options.limits.max_body_bytes;
  if (stream.inflater) {
    const auto status = stream.inflater->Feed(bytes, &body);
    if (status == Inflater::Status::kTooLarge)
      return Refuse(stream, 413, "The request body is too large when unpacked.");
    if (status == Inflater::Status::kMalformed)
      return Refuse(stream, 400, "The request body is not gzip, or more than that.");
  } else {
    if (bytes.size() > limit - body.size()) return Refuse(stream, 413, "The request body is too large.");
    body.append(bytes);
  }
  if (!CountBody(stream)) Refuse(stream, 503, "The server holds too many request bodies; try again shortly.");
}

bool Http2::CountBody(Stream& stream) {
  const std::size_t bytes = stream.request.body.capacity() + (stream.inflater ? Inflater::kMemory : 0);
  return Charge::Count(core_, bytes, &stream.charge);
}

void Http2::OnBodyEnd(Stream& stream) {
  stream.received = true;
  if (stream.state != Stream::State::kBody) return;
  if (stream.inflater && !stream.inflater->whole())
    return Refuse(stream, 400, "The request body ends before its gzip data does.");
  stream.inflater.reset();
  if (!CountBody(stream)) return Refuse(stream, 503, "The server holds too many request bodies; try again shortly.");
  stream.deadline.reset();
  stream.state = Stream::State::kInFlight;
  // The method is still asked for when it is answered.
  Request request = std::move(stream.request);
  stream.request.method = request.method;
  auto responder = std::make_shared<StreamResponder>(connection_.shared_from_this(), stream.id);
  Serve(*core_, std::move(request), std::move(stream.charge), std::move(responder), &stream.reply);
}

void Http2::Refuse(Stream& stream, int status, std::string_view message) {
  stream.request = {.method = stream.request.method};
  stream.inflater.reset();
  stream.charge.reset();
  Submit(stream, core_->ErrorResponse(status, ReasonOf(status), message));
}

void Http2::SubmitHead(Stream& stream, const Response& head, std::optional<std::size_t> length) {
  std::vector<std::pair<std::string, std::string>> fields;
  fields.emplace_back(":status", std::to_string(head.status));
  fields.emplace_back("date", HttpDate());
  const bool has_body = HasBody(head.status);
  if (has_body && !head.content_type.empty()) fields.emplace_back("content-type", head.content_type);
  if (has_body && length) fields.emplace_back("content-length", std::to_string(*length));
  for (const auto& [name, value] : head.headers) {
    if (!IsSendable(name, value)) continue;
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
    if (lower == "keep-alive" || lower == "upgrade" || lower == "proxy-connection") continue;
    fields.emplace_back(std::move(lower), value);
  }
  std::vector<nghttp2_nv> nva;
  nva.reserve(fields.size());
  for (auto& [name, value] : fields)
    nva.push_back({reinterpret_cast<std::uint8_t*>(name.data()), reinterpret_cast<std::uint8_t*>(value.data()),
                   name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  nghttp2_data_provider body{};
  body.source.ptr = this;
  body.read_callback = [](nghttp2_session*, std::int32_t id, std::uint8_t* out, std::size_t room, std::uint32_t* flags,
                          nghttp2_data_source* source, void*) -> ssize_t {
    Http2& h = *static_cast<Http2*>(source->ptr);
    Stream* const found = h.Find(id);
    if (found == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return h.Read(*found, reinterpret_cast<char*>(out), room, flags);
  };
  const bool none = stream.ending && stream.out.empty();
  nghttp2_submit_response(session_, stream.id, nva.data(), nva.size(), none ? nullptr : &body);
}

void Http2::Submit(Stream& stream, Response response) {
  stream.state = Stream::State::kAnswering;
  stream.ending = true;
  PackBody(&response, stream.accepts_gzip, core_->options.gzip_level);
  const std::size_t length = response.body.size();
  if (stream.request.method != "HEAD" && HasBody(response.status)) stream.out = std::move(response.body);
  stream.deadline = steady_clock::now() + core_->options.limits.write_timeout;
  SubmitHead(stream, response, length);
}

void Http2::Reset(Stream& stream, unsigned error) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, error);
}

// What of the body the client's flow control lets through.
long Http2::Read(Stream& stream, char* out, std::size_t room, unsigned* flags) {
  std::size_t n = 0;
  for (;;) {
    const std::size_t more = std::min(room - n, stream.out.size() - stream.at);
    std::memcpy(out + n, stream.out.data() + stream.at, more);
    n += more;
    stream.at += more;
    if (stream.at < stream.out.size()) break;
    if (stream.done) sent_.push_back(std::exchange(stream.done, nullptr));
    if (Refill(stream)) continue;
    if (stream.ending) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream.ending || n > 0) break;
    stream.deadline.reset();  // the producer is silent
    return NGHTTP2_ERR_DEFERRED;
  }
  stream.deadline = steady_clock::now() + core_->options.limits.write_timeout;
  return static_cast<long>(n);
}

// False if there is nothing more, for now or at all.
bool Http2::Refill(Stream& stream) {
  std::string().swap(stream.out);
  stream.at = 0;
  if (stream.next) {
    auto [piece, done] = *std::exchange(stream.next, std::nullopt);
    stream.out = stream.packer ? stream.packer->Piece(piece) : std::move(piece);
    stream.done = std::move(done);
    return true;
  }
  if (!stream.ending || !stream.packer) return false;
  stream.out = stream.packer->End();
  stream.packer.reset();
  return true;
}

void Http2::Answer(int id, Response response) {
  Stream* stream = Find(id);
  if (stream == nullptr || stream->state != Stream::State::kInFlight) return;
  if (response.status == 0) response = core_->ErrorResponse(500, "INTERNAL", "An internal error occurred.");
  Submit(*stream, std::move(response));
}

void Http2::BeginStream(int id, Response head) {
  Stream* stream = Find(id);
  if (stream == nullptr || stream->state != Stream::State::kInFlight) return;
  stream->packer = PackStream(&head, stream->accepts_gzip, core_->options.gzip_level);
  if (stream->request.method == "HEAD" || !HasBody(head.status)) {  // nobody wants a body
    stream->state = Stream::State::kAnswering;
    stream->ending = true;
    stream->packer.reset();
    cancelled_.push_back(stream->reply);
    return SubmitHead(*stream, head, std::nullopt);
  }
  stream->state = Stream::State::kStreaming;
  SubmitHead(*stream, head, std::nullopt);
  if (auto reply = stream->reply.lock(); reply && core_->draining) reply->Drain();
}

void Http2::Piece(int id, std::string piece, Responder::Done done) {
  Stream* stream = Find(id);
  if (stream == nullptr || stream->state != Stream::State::kStreaming || stream->next) {
    if (stream != nullptr && stream->next) Reset(*stream, NGHTTP2_INTERNAL_ERROR);  // the producer does not wait
    return done(false);
  }
  stream->next.emplace(std::move(piece), std::move(done));
  if (!stream->deadline) stream->deadline = steady_clock::now() + core_->options.limits.write_timeout;
  nghttp2_session_resume_data(session_, id);
}

void Http2::EndStream(int id, bool whole) {
  Stream* stream = Find(id);
  if (stream == nullptr || stream->state != Stream::State::kStreaming) return;
  if (!whole) return Reset(*stream, NGHTTP2_INTERNAL_ERROR);
  stream->state = Stream::State::kAnswering;
  stream->ending = true;
  if (!stream->deadline) stream->deadline = steady_clock::now() + core_->options.limits.write_timeout;
  nghttp2_session_resume_data(session_, id);
}

}  // namespace lanting::http
