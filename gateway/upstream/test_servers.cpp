#include "gateway/upstream/test_servers.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <list>
#include <stdexcept>

#include "platform/base/clock.h"

namespace lanting::gateway {

std::string Framed(const std::string& message, bool compressed) {
  std::string out(1, compressed ? '\1' : '\0');
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(message.size() >> shift);
  return out + message;
}

Answer Says(const std::string& message) { return {.body = Framed(message)}; }

Answer Fails(int code, const std::string& message) {
  return {.trailers_only = true, .trailers = {{"grpc-status", std::to_string(code)}, {"grpc-message", message}}};
}

std::string Seen::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

// --- RawServer ---

RawServer::RawServer(std::function<void(int)> serve) : serve_(std::move(serve)) { Start(); }
RawServer::~RawServer() { Stop(); }

void RawServer::Start() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{.sin_family = AF_INET, .sin_port = htons(static_cast<std::uint16_t>(port_))};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error(std::string("cannot listen: ") + std::strerror(errno));
  port_ = ntohs(at.sin_port);
  acceptor_ = std::thread([this, listener = listener_] { Accept(listener); });
}

void RawServer::Accept(int listener) {
  for (;;) {
    const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    const int on = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++accepted_;
    std::lock_guard lock(mutex_);
    sockets_.push_back(connection);
    threads_.emplace_back([this, connection] {
      serve_(connection);
      std::lock_guard own(mutex_);
      std::erase(sockets_, connection);
      close(connection);
    });
  }
}

void RawServer::Stop() {
  if (listener_ < 0) return;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  listener_ = -1;
  {
    std::lock_guard lock(mutex_);
    for (int connection : sockets_) shutdown(connection, SHUT_RDWR);
  }
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

// --- H2Server ---

struct H2Server::Session {
  struct Stream {
    Session* session;
    std::int32_t id;
    Seen seen;
    Answer answer;
    std::size_t sent = 0;
  };

  H2Server& server;
  nghttp2_session* h2 = nullptr;
  std::map<std::int32_t, Stream> streams;

  explicit Session(H2Server& of) : server(of) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_option* options = nullptr;
    nghttp2_option_new(&options);
    nghttp2_option_set_max_send_header_block_length(options, 1024 * 1024);
    nghttp2_session_server_new2(&h2, callbacks, this, options);
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, server.max_streams_},
                                               {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, server.window_}};
    nghttp2_submit_settings(h2, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  }
  ~Session() { nghttp2_session_del(h2); }
  Session(const Session&) = delete;

  Stream& Of(std::int32_t id) { return streams.try_emplace(id, Stream{.session = this, .id = id}).first->second; }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    std::string n(reinterpret_cast<const char*>(name), name_size);
    std::string v(reinterpret_cast<const char*>(value), value_size);
    Seen& seen = static_cast<Session*>(user)->Of(frame->hd.stream_id).seen;
    if (n == ":path") seen.path = v;
    seen.headers.emplace(std::move(n), std::move(v));
    return 0;
  }
  static int OnData(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                    void* user) {
    static_cast<Session*>(user)->Of(id).seen.message.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& self = *static_cast<Session*>(user);
    const auto type = frame->hd.type;
    if (type == NGHTTP2_RST_STREAM) ++self.server.resets_;
    if ((type != NGHTTP2_DATA && type != NGHTTP2_HEADERS) || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    self.Serve(self.Of(frame->hd.stream_id));
    return 0;
  }
  static int OnClose(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
    static_cast<Session*>(user)->streams.erase(id);
    return 0;
  }

  void Serve(Stream& stream) {
    stream.seen.message.erase(0, 5);
    const int open = static_cast<int>(streams.size());
    if (open > server.most_open_) server.most_open_ = open;
    if (stream.seen.path == "/grpc.health.v1.Health/Check") {
      stream.answer = Says(std::string("\x08") + (server.serving_ ? '\1' : '\2'));
    } else {
      ++server.calls_;
      stream.answer = server.service_(stream.seen);
    }
    if (!stream.answer.hang) Reply(stream);
  }

  static ssize_t ReadBody(nghttp2_session* h2, std::int32_t id, std::uint8_t* to, std::size_t space,
                          std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& stream = *static_cast<Stream*>(source->ptr);
    const Answer& answer = stream.answer;
    const std::size_t part = std::min(space, answer.body.size() - stream.sent);
    std::memcpy(to, answer.body.data() + stream.sent, part);
    stream.sent += part;
    if (stream.sent < answer.body.size()) return static_cast<ssize_t>(part);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (answer.no_trailers && !answer.reset) return static_cast<ssize_t>(part);
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    if (answer.reset)
      nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, id, *answer.reset);
    else
      nghttp2_submit_trailer(h2, id, Fields(answer.trailers).data(), answer.trailers.size());
    return static_cast<ssize_t>(part);
  }

  static std::vector<nghttp2_nv> Fields(const Metadata& metadata) {
    std::vector<nghttp2_nv> fields;
    for (const auto& [name, value] : metadata)
      fields.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                        reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
                        NGHTTP2_NV_FLAG_NONE});
    return fields;
  }

  void Reply(Stream& stream) {
    const Answer& answer = stream.answer;
    if (answer.reset && answer.body.empty()) {
      nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, stream.id, *answer.reset);
      return;
    }
    Metadata headers{{":status", std::to_string(answer.status)}, {"content-type", answer.content_type}};
    headers.insert(headers.end(), answer.headers.begin(), answer.headers.end());
    if (answer.trailers_only) {
      headers.insert(headers.end(), answer.trailers.begin(), answer.trailers.end());
      nghttp2_submit_response(h2, stream.id, Fields(headers).data(), headers.size(), nullptr);
      return;
    }
    nghttp2_data_provider body{.source = {.ptr = &stream}, .read_callback = ReadBody};
    nghttp2_submit_response(h2, stream.id, Fields(headers).data(), headers.size(), &body);
  }

  bool Flush(int socket) {
    for (;;) {
      const std::uint8_t* bytes = nullptr;
      ssize_t left = nghttp2_session_mem_send(h2, &bytes);
      if (left <= 0) return left == 0;
      while (left > 0) {
        const ssize_t n = send(socket, bytes, static_cast<std::size_t>(left), MSG_NOSIGNAL);
        if (n <= 0) return false;
        bytes += n;
        left -= n;
      }
    }
  }
};

H2Server::H2Server(Service service, std::uint32_t max_streams, std::uint32_t window)
    : service_(std::move(service)), max_streams_(max_streams), window_(window) {
  raw_ = std::make_unique<RawServer>([this](int socket) { Serve(socket); });
}

H2Server::~H2Server() {
  stopping_ = true;
  raw_.reset();
}

void H2Server::Serve(int socket) {
  Session session(*this);
  int goaways = goaways_;
  std::vector<std::uint8_t> in(64 * 1024);
  while (!stopping_) {
    pollfd readable{.fd = socket, .events = POLLIN};
    const bool ready = poll(&readable, 1, 5) > 0;
    if (ready && (readable.revents & (POLLERR | POLLHUP)) != 0) return;
    if (frozen_) {
      if (ready) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      continue;
    }
    if (ready) {
      const ssize_t n = recv(socket, in.data(), in.size(), 0);
      if (n <= 0 || nghttp2_session_mem_recv(session.h2, in.data(), static_cast<std::size_t>(n)) < 0) return;
    }
    if (goaways_ != goaways) {
      goaways = goaways_;
      nghttp2_submit_goaway(session.h2, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session.h2),
                            NGHTTP2_NO_ERROR, nullptr, 0);
    }
    if (!session.Flush(socket)) return;
    if (nghttp2_session_want_read(session.h2) != 0 || nghttp2_session_want_write(session.h2) != 0) continue;
    // After a GOAWAY. To close with requests unread would take back the answers that are on their way.
    shutdown(socket, SHUT_WR);
    while (!stopping_ && recv(socket, in.data(), in.size(), 0) > 0) continue;
    return;
  }
}

// --- helpers ---

bool Eventually(const std::function<bool()>& is) {
  for (const auto until = DeadlineIn(std::chrono::seconds(30)); Remaining(until).count() > 0;) {
    if (is()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return is();
}

Replied Ask(Upstream& upstream, UpstreamCall call) {
  std::promise<Replied> answer;
  upstream.Call(std::move(call), [&](Replied reply) { answer.set_value(std::move(reply)); });
  return answer.get_future().get();
}

Result<std::optional<std::string>> NextOf(UpstreamStream& stream) {
  std::promise<Result<std::optional<std::string>>> next;
  stream.Next([&](Result<std::optional<std::string>> message) { next.set_value(std::move(message)); });
  return next.get_future().get();
}

UpstreamTiming Quick() {
  using Ms = std::chrono::milliseconds;
  return {.connect_timeout = Ms(2000), .backoff_min = Ms(10), .backoff_max = Ms(100), .probe_every = Ms(50)};
}

}  // namespace lanting::gateway
