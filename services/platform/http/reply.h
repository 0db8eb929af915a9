// What an Exchange holds of its connection, private to the server.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "platform/http/connection.h"

namespace lanting::http {

// What one body takes of Limits::max_buffered_bytes.
class Charge {
 public:
  explicit Charge(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  ~Charge() { core_->buffered_bytes -= bytes_; }

  // False if all bodies together are too large now.
  bool Raise(std::size_t bytes) {
    const std::size_t more = bytes - std::exchange(bytes_, bytes);
    return core_->buffered_bytes.fetch_add(more) + more <= core_->options.limits.max_buffered_bytes;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  const std::shared_ptr<Core> core_;
  std::size_t bytes_ = 0;
};

// The link between an Exchange and its connection: owned by the Exchange's functions, safe from any thread.
class Reply {
 public:
  explicit Reply(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~Reply() {
    if (connection_) connection_->Answer({.status = 0});  // dropped without an answer
  }

  void Give(Response response) {
    auto [connection, cancel] = Detach();
    if (connection) connection->Answer(std::move(response));
  }
  void OnCancel(std::function<void()> f) {
    {
      std::lock_guard lock(mutex_);
      if (!cancelled_) {
        if (connection_) cancel_ = std::move(f);
        return;
      }
    }
    f();
  }
  void Cancel() {
    auto [connection, cancel] = Detach(true);
    if (cancel) cancel();
  }

 private:
  std::pair<std::shared_ptr<Connection>, std::function<void()>> Detach(bool cancelled = false) {
    std::lock_guard lock(mutex_);
    if (connection_) cancelled_ = cancelled;
    return {std::move(connection_), std::exchange(cancel_, nullptr)};
  }

  std::mutex mutex_;
  std::shared_ptr<Connection> connection_;  // null once answered or cancelled
  std::function<void()> cancel_;
  bool cancelled_ = false;
};

}  // namespace lanting::http
