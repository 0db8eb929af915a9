#include "platform/http/http2.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <new>

#include "platform/http/http2_stream.h"
#include "platform/http/wire.h"

namespace lanting::http {

using std::chrono::steady_clock;

namespace {

constexpr std::uint32_t kMaxStreams = 100;
constexpr std::uint32_t kStreamWindow = 256 * 1024;
constexpr std::int32_t kConnectionWindow = 1024 * 1024;
constexpr std::size_t kOutputBytes = 64 * 1024;
// What a connection may send without use: see Spend(). A request that is answered gives one back.
constexpr double kPatience = 2000, kPatiencePerSecond = 100;
constexpr int kPing = 1, kReset = 10;
// A header list this many times larger than allowed is not even answered.
constexpr std::size_t kHopeless = 16;

}  // namespace

struct Http2::Callbacks {
  static Http2& Of(void* self) { return *static_cast<Http2*>(self); }

  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    Http2& h = Of(self);
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    const int id = frame->hd.stream_id;
    h.streams_.emplace(id, std::make_unique<Stream>(id));
    h.header_of_ = id;
    h.since_ = steady_clock::now();
    return 0;
  }
  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                      void* self) {
    Http2& h = Of(self);
    Stream* stream = h.Find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    stream->header_bytes += name_size + value_size + 32;  // RFC 9113 section 6.5.2
    const std::size_t limit = h.core_->options.limits.max_header_bytes;
    if (stream->header_bytes > limit * kHopeless) nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;  // trailers are not headers
    if (stream->header_bytes > limit) {
      stream->refused = 431;
    } else {
      h.Header(*stream, {reinterpret_cast<const char*>(name), name_size},
               {reinterpret_cast<const char*>(value), value_size});
    }
    return 0;
  }
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    Http2& h = Of(self);
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    Stream* stream = h.Find(frame->hd.stream_id);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        if (frame->hd.stream_id == h.header_of_) h.header_of_ = 0;
        if (stream == nullptr) break;
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
          h.OnRequestHead(*stream, end);
        } else if (end) {
          h.OnBodyEnd(*stream);
        }
        break;
      case NGHTTP2_DATA:
        if (end && stream != nullptr) {
          h.OnBodyEnd(*stream);
        } else if (frame->hd.length == 0) {
          h.Spend(kPing);
        }
        break;
      case NGHTTP2_RST_STREAM:
      case NGHTTP2_SETTINGS:
        h.Spend(kReset);
        break;
      case NGHTTP2_WINDOW_UPDATE:
      case NGHTTP2_GOAWAY:
        break;
      default:
        h.Spend(kPing);
    }
    return 0;
  }
  static int OnInvalidFrame(nghttp2_session*, const nghttp2_frame* frame, int, void* self) {
    Http2& h = Of(self);
    if (frame->hd.stream_id == h.header_of_) h.header_of_ = 0;
    h.Spend(kReset);
    return 0;
  }
  static int OnData(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                    void* self) {
    Http2& h = Of(self);
    if (Stream* stream = h.Find(id)) h.OnBody(*stream, {reinterpret_cast<const char*>(data), size});
    return 0;
  }
  // Who was answered before all of the request came need not send the rest (RFC 9113 section 8.1).
  static int OnFrameSent(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    const bool data = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (!data || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    const Stream* stream = Of(self).Find(frame->hd.stream_id);
    if (stream != nullptr && !stream->received)
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
    return 0;
  }
  static int OnStreamClosed(nghttp2_session*, std::int32_t id, std::uint32_t, void* self) {
    Of(self).OnStreamClosed(id);
    return 0;
  }

  static nghttp2_session_callbacks* All() {
    static nghttp2_session_callbacks* const all = [] {
      nghttp2_session_callbacks* made = nullptr;
      if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
      nghttp2_session_callbacks_set_on_begin_headers_callback(made, OnBeginHeaders);
      nghttp2_session_callbacks_set_on_header_callback(made, OnHeader);
      nghttp2_session_callbacks_set_on_frame_recv_callback(made, OnFrame);
      nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, OnInvalidFrame);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, OnData);
      nghttp2_session_callbacks_set_on_frame_send_callback(made, OnFrameSent);
      nghttp2_session_callbacks_set_on_stream_close_callback(made, Callbacks::OnStreamClosed);
      return made;
    }();
    return all;
  }
  static const nghttp2_option* Options() {
    static nghttp2_option* const options = [] {
      nghttp2_option* made = nullptr;
      if (nghttp2_option_new(&made) != 0) throw std::bad_alloc();
      nghttp2_option_set_no_closed_streams(made, 1);
      nghttp2_option_set_max_outbound_ack(made, 200);
      return made;
    }();
    return options;
  }
};

Http2::Http2(std::shared_ptr<Core> core, Connection& connection, std::string peer)
    : core_(std::move(core)),
      connection_(connection),
      peer_(std::move(peer)),
      since_(steady_clock::now()),
      patience_(kPatience),
      patience_at_(since_) {
  if (nghttp2_session_server_new2(&session_, Callbacks::All(), this, Callbacks::Options()) != 0) throw std::bad_alloc();
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxStreams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(core_->options.limits.max_header_bytes)},
  };
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  if (core_->draining) Drain();
}

Http2::~Http2() { nghttp2_session_del(session_); }

bool Http2::Receive(std::string_view bytes) {
  return nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()) >= 0;
}

std::string Http2::Output() {
  std::string out;
  while (out.size() < kOutputBytes) {
    const std::uint8_t* frames = nullptr;
    const ssize_t n = nghttp2_session_mem_send(session_, &frames);
    if (n <= 0) break;  // nothing, or out of memory: then its deadlines end the connection
    out.append(reinterpret_cast<const char*>(frames), static_cast<std::size_t>(n));
  }
  return out;
}

void Http2::OnSent() {
  for (auto& done : std::exchange(sent_, {})) done(true);
}

void Http2::Settle() {
  while (!lost_.empty() || !cancelled_.empty()) {
    for (auto& done : std::exchange(lost_, {})) done(false);
    for (auto& weak : std::exchange(cancelled_, {}))
      if (auto reply = weak.lock()) reply->Cancel();
  }
}

bool Http2::finished() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

Http2::Time Http2::deadline() const {
  const auto& limits = core_->options.limits;
  Time first = Time::max();
  if (streams_.empty()) first = since_ + limits.idle_timeout;
  if (header_of_ != 0) first = since_ + limits.header_timeout;
  for (const auto& [id, stream] : streams_)
    if (stream->deadline) first = std::min(first, *stream->deadline);
  return first;
}

void Http2::Expire(Time now) {
  const auto& limits = core_->options.limits;
  if (header_of_ != 0 && now >= since_ + limits.header_timeout)
    nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
  if (streams_.empty() && now >= since_ + limits.idle_timeout)
    nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
  for (const auto& [id, stream] : streams_) {
    if (!stream->deadline || now < *stream->deadline) continue;
    stream->deadline.reset();
    if (stream->state == Stream::State::kBody) {
      Refuse(*stream, 408, "The request body took too long.");
    } else {
      Reset(*stream, NGHTTP2_CANCEL);
    }
  }
}

// The client may send again what it sent after the last stream that is named here (RFC 9113 section 6.8).
void Http2::Drain() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  std::vector<std::shared_ptr<Reply>> streaming;
  for (const auto& [id, stream] : streams_) {
    if (auto reply = stream->reply.lock(); reply && stream->state == Stream::State::kStreaming)
      streaming.push_back(std::move(reply));
  }
  for (const auto& reply : streaming) reply->Drain();
}

void Http2::Close() {
  while (!streams_.empty()) OnStreamClosed(streams_.begin()->first);
  for (auto& done : std::exchange(sent_, {})) lost_.push_back(std::move(done));
  Settle();
}

Http2::Stream* Http2::Find(int id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

void Http2::OnStreamClosed(int id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = *found->second;
  if (stream.done) lost_.push_back(std::move(stream.done));
  if (stream.next) lost_.push_back(std::move(stream.next->second));
  if (stream.state == Stream::State::kInFlight || stream.state == Stream::State::kStreaming) {
    cancelled_.push_back(stream.reply);
  } else {
    patience_ = std::min(kPatience, patience_ + 1);
  }
  if (header_of_ == id) header_of_ = 0;
  streams_.erase(found);
  if (streams_.empty()) since_ = steady_clock::now();
}

void Http2::Spend(int patience) {
  const Time now = steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - std::exchange(patience_at_, now)).count();
  patience_ = std::min(kPatience, patience_ + seconds * kPatiencePerSecond) - patience;
  if (patience_ < 0) nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
}

}  // namespace lanting::http
