#include "platform/http/io.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace lanting::http {

namespace net = boost::asio;

struct Io::Work {
  net::executor_work_guard<net::io_context::executor_type> guard;
};

Io::Io(int threads)
    : count_(std::max(1, threads)),
      context_(std::make_unique<net::io_context>(count_)),
      work_(new Work{net::make_work_guard(*context_)}) {
  for (int i = 0; i < count_; ++i) threads_.emplace_back([this] { context_->run(); });
}

Io::~Io() { Stop(); }

void Io::Stop() {
  if (threads_.empty()) return;
  work_.reset();
  context_->stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace lanting::http
