// What the server's tests share: a server that answers in a few ways, and raw sockets.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "platform/http/client.h"
#include "platform/http/server.h"

namespace lanting::http {

inline Deadline Soon() { return DeadlineIn(std::chrono::milliseconds(20'000)); }

// Keeps the exchanges of /held until the test answers them; everything else is echoed at once.
class Held {
 public:
  Handler handler() {
    return [this](std::shared_ptr<Exchange> exchange) {
      if (exchange->request.target.rfind("/held", 0) == 0) {
        std::lock_guard lock(mutex_);
        exchanges_.push_back(std::move(exchange));
        changed_.notify_all();
        return;
      }
      Response response{.status = 200, .content_type = "text/plain"};
      response.headers.emplace_back("X-Target", exchange->request.target);
      response.body = exchange->request.method + " " + exchange->request.body;
      exchange->respond(std::move(response));
    };
  }
  // The n-th held exchange; waits for it. Null if it does not come.
  std::shared_ptr<Exchange> Take(std::size_t n) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, Soon(), [&] { return exchanges_.size() > n; })) return nullptr;
    return exchanges_[n];
  }
  std::size_t size() {
    std::lock_guard lock(mutex_);
    return exchanges_.size();
  }
  void Clear() {
    std::lock_guard lock(mutex_);
    exchanges_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Exchange>> exchanges_;
};

inline ClientConnection Connect(const Server& server) {
  auto connection = ClientConnection::Connect("127.0.0.1", server.port(), Soon());
  if (!connection.ok()) throw std::runtime_error(connection.error().internal);
  return std::move(connection).value();
}

// Sends raw bytes on a connection of its own and gives the response.
inline ClientResponse Raw(const Server& server, std::string_view bytes, std::string_view method = "GET") {
  auto connection = Connect(server);
  (void)connection.Send(bytes, Soon());
  auto response = connection.Receive(method, Soon());
  EXPECT_TRUE(response.ok()) << response.error().internal;
  return response.ok() ? *response : ClientResponse{};
}

// Whether the server closes the connection (without a further byte).
inline bool ClosedByServer(ClientConnection& connection) {
  auto response = connection.Receive("GET", Soon());
  return !response.ok() && response.error().reason == "DEPENDENCY_UNAVAILABLE";
}

// Writes a piece of a streamed body and waits for its `done`.
inline bool Wrote(BodyStream& stream, std::string piece) {
  auto done = std::make_shared<std::promise<bool>>();
  stream.Write(std::move(piece), [done](bool ok) { done->set_value(ok); });
  auto result = done->get_future();
  return result.wait_until(Soon()) == std::future_status::ready && result.get();
}

template <typename Condition>
bool Eventually(Condition condition) {
  for (auto deadline = Soon(); std::chrono::steady_clock::now() < deadline;
       std::this_thread::sleep_for(std::chrono::milliseconds(2))) {
    if (condition()) return true;
  }
  return false;
}

}  // namespace lanting::http
