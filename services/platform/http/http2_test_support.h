// A client of HTTP/2 for tests: nghttp2's session over a ClientConnection, and frames made by hand.
#pragma once

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/http/http2.h"
#include "platform/http/server_test_support.h"

namespace lanting::http {

struct Http2Response {
  int status = 0;
  std::vector<int> interim;
  HeaderList headers;
  std::string body;
  std::optional<std::uint32_t> closed;  // the stream's error code

  std::string_view Header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (key == name) return value;
    return {};
  }
};

class Http2Client {
 public:
  explicit Http2Client(const Server& server, bool reads_bodies = true) : connection_(Connect(server)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self) {
          Http2Response& response = static_cast<Http2Client*>(self)->responses_[frame->hd.stream_id];
          const std::string key(reinterpret_cast<const char*>(name), name_size);
          const std::string text(reinterpret_cast<const char*>(value), value_size);
          if (key != ":status") {
            response.headers.emplace_back(key, text);
          } else if (text[0] == '1') {
            response.interim.push_back(std::stoi(text));
          } else {
            response.status = std::stoi(text);
          }
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks,
        [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size, void* self) {
          static_cast<Http2Client*>(self)->responses_[id].body.append(reinterpret_cast<const char*>(data), size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t error, void* self) {
          static_cast<Http2Client*>(self)->responses_[id].closed = error;
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* self) {
          if (frame->hd.type == NGHTTP2_GOAWAY) static_cast<Http2Client*>(self)->goaway_ = frame->goaway.error_code;
          if (frame->hd.type == NGHTTP2_SETTINGS) static_cast<Http2Client*>(self)->settled_ = true;
          return 0;
        });
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, reads_bodies ? 0 : 1);
    nghttp2_session_client_new2(&session_, callbacks, this, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
    EXPECT_TRUE(Until([&] { return settled_; }));
  }
  ~Http2Client() { nghttp2_session_del(session_); }

  // Begins a request to :authority "a"; without a body it is complete. `more`: the body goes on, but is not sent.
  int Begin(const std::string& method, const std::string& path, const HeaderList& headers = {},
            std::optional<std::string> body = std::nullopt, bool more = false) {
    HeaderList fields = {{":method", method}, {":scheme", "http"}, {":path", path}, {":authority", "a"}};
    fields.insert(fields.end(), headers.begin(), headers.end());
    return BeginRaw(fields, std::move(body), more);
  }
  int BeginRaw(const HeaderList& fields, std::optional<std::string> body = std::nullopt, bool more = false) {
    std::vector<nghttp2_nv> nva;
    for (const auto& [name, value] : fields)
      nva.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                     reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
                     NGHTTP2_NV_FLAG_NONE});
    nghttp2_data_provider provider{};
    if (body) {
      bodies_.push_back(std::make_unique<Body>(Body{*std::move(body), 0, more}));
      provider.source.ptr = bodies_.back().get();
      provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t room,
                                  std::uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
        Body& from = *static_cast<Body*>(source->ptr);
        const std::size_t n = std::min(room, from.bytes.size() - from.at);
        std::memcpy(out, from.bytes.data() + from.at, n);
        from.at += n;
        if (from.at == from.bytes.size() && !from.more) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return n == 0 && from.more ? static_cast<ssize_t>(NGHTTP2_ERR_DEFERRED) : static_cast<ssize_t>(n);
      };
    }
    const int id =
        nghttp2_submit_request(session_, nullptr, nva.data(), nva.size(), body ? &provider : nullptr, nullptr);
    Flush();
    return id;
  }
  Http2Response Call(const std::string& method, const std::string& path, const HeaderList& headers = {},
                     std::optional<std::string> body = std::nullopt) {
    return Finish(Begin(method, path, headers, std::move(body)));
  }
  // Waits until the stream is closed.
  Http2Response Finish(int id) {
    EXPECT_TRUE(Until([&] { return responses_[id].closed.has_value(); })) << "stream " << id;
    return responses_[id];
  }
  Http2Response& response(int id) { return responses_[id]; }
  std::optional<std::uint32_t> goaway() const { return goaway_; }
  nghttp2_session* session() { return session_; }

  // Sends and receives until `condition` holds; false if the connection or the patience ends before.
  template <typename Condition>
  bool Until(Condition condition) {
    while (!condition()) {
      Flush();
      auto bytes = connection_.ReceiveSome(Soon());
      if (!bytes.ok() || bytes->empty()) {
        ended_ = true;
        return condition();
      }
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size());
    }
    Flush();
    return true;
  }
  // Whether the server closes the connection.
  bool Ended() {
    Until([] { return false; });
    return ended_;
  }
  void Flush() {
    for (;;) {
      const std::uint8_t* bytes = nullptr;
      const ssize_t n = nghttp2_session_mem_send(session_, &bytes);
      if (n <= 0 || !SendRaw({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(n)})) return;
    }
  }
  bool SendRaw(std::string_view bytes) { return connection_.Send(bytes, Soon()).ok(); }

  static std::string Frame(std::uint8_t type, std::uint8_t flags, int id, std::string_view payload) {
    const auto byte = [](std::size_t value) { return static_cast<char>(value & 0xff); };
    std::string frame{byte(payload.size() >> 16),
                      byte(payload.size() >> 8),
                      byte(payload.size()),
                      byte(type),
                      byte(flags),
                      byte(static_cast<std::size_t>(id) >> 24),
                      byte(static_cast<std::size_t>(id) >> 16),
                      byte(static_cast<std::size_t>(id) >> 8),
                      byte(static_cast<std::size_t>(id))};
    return frame.append(payload);
  }
  // Fields as they are, uncompressed; names and values shorter than 127 bytes.
  static std::string Block(const HeaderList& fields) {
    std::string block;
    for (const auto& [name, value] : fields) {
      block += '\0';
      (block += static_cast<char>(name.size())) += name;
      (block += static_cast<char>(value.size())) += value;
    }
    return block;
  }

 private:
  struct Body {
    std::string bytes;
    std::size_t at;
    bool more;
  };

  ClientConnection connection_;
  nghttp2_session* session_ = nullptr;
  std::vector<std::unique_ptr<Body>> bodies_;
  std::map<int, Http2Response> responses_;
  std::optional<std::uint32_t> goaway_;
  bool settled_ = false, ended_ = false;
};

}  // namespace lanting::http
