// What nghttp2 calls for a connection. Internal.
#pragma once

#include "gateway/upstream/connection.h"

namespace lanting::gateway::detail {

struct Connection::Callbacks {
  static const nghttp2_session_callbacks* All();
  static const nghttp2_option* Options();
  // The request's body: prefix and message.
  static ssize_t ReadBody(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t space, std::uint32_t* flags,
                          nghttp2_data_source* source, void*);

 private:
  static Connection& Self(void* user_data) { return *static_cast<Connection*>(user_data); }
  // The call of a stream; null once its attempt was abandoned.
  static Call* Of(nghttp2_session* session, std::int32_t stream_id);

  static int BeforeSend(nghttp2_session* session, const nghttp2_frame* frame, void*);
  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_bytes, const std::uint8_t* value, std::size_t value_bytes, std::uint8_t, void*);
  static int OnData(nghttp2_session* session, std::uint8_t, std::int32_t stream_id, const std::uint8_t* data,
                    std::size_t bytes, void* user_data);
  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data);
  static int OnStreamClose(nghttp2_session* session, std::int32_t stream_id, std::uint32_t error, void* user_data);
};

}  // namespace lanting::gateway::detail
