#include "gateway/upstream/connection_callbacks.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace lanting::gateway::detail {

Call* Connection::Callbacks::Of(nghttp2_session* session, std::int32_t stream_id) {
  auto* call = static_cast<Call*>(nghttp2_session_get_stream_user_data(session, stream_id));
  return call != nullptr && call->stream_id == stream_id && !call->finished ? call : nullptr;
}

ssize_t Connection::Callbacks::ReadBody(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t space,
                                        std::uint32_t* flags, nghttp2_data_source* source, void*) {
  Call& call = *static_cast<Call*>(source->ptr);
  std::size_t n = 0;
  if (call.body_sent < kPrefixBytes) {
    n = std::min(space, kPrefixBytes - call.body_sent);
    std::memcpy(to, call.prefix + call.body_sent, n);
    call.body_sent += n;
    if (call.body_sent < kPrefixBytes) return static_cast<ssize_t>(n);  // a window of a few bytes
  }
  const std::size_t from = call.body_sent - kPrefixBytes;
  const std::size_t part = std::min(space - n, call.request.request.size() - from);
  std::memcpy(to + n, call.request.request.data() + from, part);
  call.body_sent += part;
  if (call.body_sent == kPrefixBytes + call.request.request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(n + part);
}

int Connection::Callbacks::BeforeSend(nghttp2_session* session, const nghttp2_frame* frame, void*) {
  if (frame->hd.type != NGHTTP2_HEADERS) return 0;
  if (Call* call = Of(session, frame->hd.stream_id)) call->sent = true;
  return 0;
}

int Connection::Callbacks::OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                                    std::size_t name_bytes, const std::uint8_t* value, std::size_t value_bytes,
                                    std::uint8_t, void*) {
  Call* call = Of(session, frame->hd.stream_id);
  if (call == nullptr) return 0;
  const bool taken = call->response->OnHeader({reinterpret_cast<const char*>(name), name_bytes},
                                              {reinterpret_cast<const char*>(value), value_bytes});
  return taken ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int Connection::Callbacks::OnData(nghttp2_session* session, std::uint8_t, std::int32_t stream_id,
                                  const std::uint8_t* data, std::size_t bytes, void* user_data) {
  nghttp2_session_consume_connection(session, bytes);
  if (Call* call = Of(session, stream_id)) Self(user_data).OnData(*call, {reinterpret_cast<const char*>(data), bytes});
  return 0;
}

int Connection::Callbacks::OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
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

int Connection::Callbacks::OnStreamClose(nghttp2_session* session, std::int32_t stream_id, std::uint32_t error,
                                         void* user_data) {
  auto* call = static_cast<Call*>(nghttp2_session_get_stream_user_data(session, stream_id));
  Connection& self = Self(user_data);
  if (call != nullptr && self.state_ != State::kClosed) self.OnStreamClose(*call, error);
  return 0;
}

const nghttp2_session_callbacks* Connection::Callbacks::All() {
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

const nghttp2_option* Connection::Callbacks::Options() {
  static const nghttp2_option* options = [] {
    nghttp2_option* made = nullptr;
    if (nghttp2_option_new(&made) != 0) throw std::bad_alloc();
    nghttp2_option_set_no_auto_window_update(made, 1);  // a slow consumer holds its stream back
    nghttp2_option_set_no_closed_streams(made, 1);
    return made;
  }();
  return options;
}

}  // namespace lanting::gateway::detail
