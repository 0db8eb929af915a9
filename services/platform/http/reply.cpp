#include "platform/http/reply.h"

namespace lanting::http {

class Reply::PieceStream final : public BodyStream {
 public:
  explicit PieceStream(std::shared_ptr<Reply> reply) : reply_(std::move(reply)) {}
  ~PieceStream() override { Finish(false); }

  void Write(std::string piece, std::function<void(bool)> done) override {
    std::shared_ptr<Responder> responder;
    {
      std::lock_guard lock(reply_->mutex_);
      responder = reply_->responder_;
    }
    if (!responder || over_) return done(false);
    responder->Piece(std::move(piece), std::move(done));
  }
  void End() override { Finish(true); }
  void OnDrain(std::function<void()> f) override {
    {
      std::lock_guard lock(reply_->mutex_);
      if (!reply_->draining_) {
        if (reply_->responder_) reply_->drain_ = std::move(f);
        return;
      }
    }
    f();
  }
  bool draining() const override {
    std::lock_guard lock(reply_->mutex_);
    return reply_->draining_;
  }

 private:
  void Finish(bool whole) {
    if (over_) return;
    over_ = true;
    auto detached = reply_->Detach(true);
    if (detached.responder) detached.responder->EndStream(whole);
  }

  const std::shared_ptr<Reply> reply_;
  bool over_ = false;
};

namespace {

// Of an answer that was given already.
class LostStream final : public BodyStream {
 public:
  void Write(std::string, std::function<void(bool)> done) override { done(false); }
  void End() override {}
  void OnDrain(std::function<void()>) override {}
  bool draining() const override { return false; }
};

}  // namespace

void Reply::Give(Response response) {
  auto detached = Detach(false);
  if (detached.responder) detached.responder->Answer(std::move(response));
}

std::shared_ptr<BodyStream> Reply::Stream(Response head) {
  std::shared_ptr<Responder> responder;
  {
    std::lock_guard lock(mutex_);
    if (streaming_ || !responder_) return std::make_shared<LostStream>();
    streaming_ = true;
    responder = responder_;
  }
  responder->BeginStream(std::move(head));
  return std::make_shared<PieceStream>(shared_from_this());
}

void Reply::OnCancel(std::function<void()> f) {
  {
    std::lock_guard lock(mutex_);
    if (!cancelled_) {
      if (responder_) cancel_ = std::move(f);
      return;
    }
  }
  f();
}

void Reply::Cancel() {
  auto detached = Detach(true, true);
  if (detached.cancel) detached.cancel();
}

void Reply::Drain() {
  std::function<void()> drain;
  {
    std::lock_guard lock(mutex_);
    draining_ = true;
    drain = std::exchange(drain_, nullptr);
  }
  if (drain) drain();
}

Reply::Detached Reply::Detach(bool streaming, bool cancelled) {
  std::function<void()> dropped;  // destroyed outside the lock
  std::lock_guard lock(mutex_);
  if (streaming_ && !streaming) return {};
  if (responder_) cancelled_ = cancelled;
  dropped = std::exchange(drain_, nullptr);
  return {std::move(responder_), std::exchange(cancel_, nullptr)};
}

void Serve(const Core& core, Request request, std::shared_ptr<Charge> charge, std::shared_ptr<Responder> responder,
           std::weak_ptr<Reply>* weak) {
  auto reply = std::make_shared<Reply>(std::move(responder));
  *weak = reply;
  auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(request);
  exchange->buffered = std::move(charge);
  exchange->respond = [reply](Response response) { reply->Give(std::move(response)); };
  exchange->stream = [reply](Response head) { return reply->Stream(std::move(head)); };
  exchange->on_cancel = [reply](std::function<void()> f) { reply->OnCancel(std::move(f)); };
  try {
    core.handler(std::move(exchange));
  } catch (const std::exception& e) {
    if (core.options.on_exception) core.options.on_exception(e.what());
    reply->Give(core.ErrorResponse(500, "INTERNAL", "An internal error occurred."));
  }
}

}  // namespace lanting::http
