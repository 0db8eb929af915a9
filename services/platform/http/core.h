// What the connections of one server share. Internal to the server.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "platform/http/server.h"
#include "platform/http/tls.h"

namespace lanting::http {

class Connection;

struct Core {
  Core(ServerOptions server_options, Handler request_handler);

  Response ErrorResponse(int status, std::string_view reason, std::string_view message) const;
  // What options.admit says of it; what that throws is 500.
  std::optional<Response> Refusal(const Request& request) const;
  // What new connections are given; null without TLS.
  std::shared_ptr<TlsContext> tls();
  Result<void> LoadTls();

  const ServerOptions options;
  const Handler handler;
  std::atomic<bool> draining{false};
  std::atomic<std::size_t> buffered_bytes{0};  // of bodies, see Limits

  std::mutex mutex;  // guards what follows
  std::list<std::shared_ptr<Connection>> connections;
  std::size_t present = 0;       // connections that are not destroyed yet, open or not
  std::condition_variable gone;  // the last connection has been closed or destroyed

 private:
  std::shared_ptr<TlsContext> tls_;
};

// That there is a connection, until all of it has been destroyed.
class Presence {
 public:
  explicit Presence(std::shared_ptr<Core> core);
  ~Presence();

 private:
  const std::shared_ptr<Core> core_;
};

// What one body takes of Limits::max_buffered_bytes.
class Charge {
 public:
  explicit Charge(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  ~Charge() { core_->buffered_bytes -= bytes_; }

  // What a body takes by now, of which `*charge` is the charge, null as long as it took nothing. False if all bodies
  // together are too large now.
  static bool Count(const std::shared_ptr<Core>& core, std::size_t bytes, std::shared_ptr<Charge>* charge) {
    static const std::size_t kInPlace = std::string().capacity();
    if (bytes <= kInPlace || (*charge && (*charge)->bytes_ == bytes)) return true;
    if (!*charge) *charge = std::make_shared<Charge>(core);
    return (*charge)->Raise(bytes);
  }

 private:
  bool Raise(std::size_t bytes) {
    const std::size_t more = bytes - std::exchange(bytes_, bytes);
    return core_->buffered_bytes.fetch_add(more) + more <= core_->options.limits.max_buffered_bytes;
  }

  const std::shared_ptr<Core> core_;
  std::size_t bytes_ = 0;
};

}  // namespace lanting::http
