// One Asio context and the threads that run it. A process may run its server's connections and its own connections to
// others on one Io, so that a request need not change threads on its way.
#pragma once

#include <memory>
#include <thread>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace lanting::http {

class Io {
 public:
  explicit Io(int threads = 1);  // at least one is started
  ~Io();                         // Stop()

  boost::asio::io_context& context() { return *context_; }
  int threads() const { return count_; }
  // Ends the threads, whatever still waits, and joins them; what it drops is destroyed with the Io. Everything that
  // runs on it must have ended before: servers are drained first. Not from one of its threads. Again: does nothing.
  void Stop();

 private:
  struct Work;
  const int count_;
  std::unique_ptr<boost::asio::io_context> context_;
  std::unique_ptr<Work> work_;
  std::vector<std::thread> threads_;
};

}  // namespace lanting::http
