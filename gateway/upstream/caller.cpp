#include "gateway/upstream/caller.h"

#include "gateway/upstream/pool.h"
#include "platform/http/io.h"

namespace lanting::gateway {
namespace {

class Stream : public UpstreamStream {
 public:
  Stream(std::shared_ptr<detail::Pool> pool, std::shared_ptr<detail::Call> call)
      : pool_(std::move(pool)), call_(std::move(call)) {}
  ~Stream() override { pool_->Cancel(call_); }

  void Next(OnMessage on_message) override { pool_->Next(call_, std::move(on_message)); }
  void Cancel() override { pool_->Cancel(call_); }

 private:
  const std::shared_ptr<detail::Pool> pool_;
  const std::shared_ptr<detail::Call> call_;
};

}  // namespace

Upstream::Upstream(UpstreamOptions options)
    : name_(options.name), io_(options.io != nullptr ? options.io : std::make_shared<http::Io>(1)) {
  options.io = nullptr;  // handlers of the Io must not own it
  pool_ = std::make_shared<detail::Pool>(io_->context(), std::move(options));
  pool_->Begin();
}

Upstream::~Upstream() { pool_->End(); }

Upstream::Cancel Upstream::Call(UpstreamCall call, Done done) {
  auto started = std::make_shared<detail::Call>(std::move(call), false);
  started->done = std::move(done);
  pool_->Start(started);
  return [pool = std::weak_ptr(pool_), call = std::weak_ptr(started)] {
    auto alive = pool.lock();
    auto going = call.lock();
    if (alive && going) alive->Cancel(going);
  };
}

std::unique_ptr<UpstreamStream> Upstream::Stream(UpstreamCall call) {
  auto started = std::make_shared<detail::Call>(std::move(call), true);
  pool_->Start(started);
  return std::make_unique<lanting::gateway::Stream>(pool_, std::move(started));
}

bool Upstream::Serving() const { return pool_->Serving(); }

}  // namespace lanting::gateway
