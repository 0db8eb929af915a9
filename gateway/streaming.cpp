#include "gateway/streaming.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <utility>

#include "gateway/transcode/reply_writer.h"
#include "gateway/transcode/stream_format.h"
#include "platform/http/wire.h"

namespace lanting::gateway {
namespace {

constexpr std::chrono::milliseconds kHeadAfter{1'000};

std::string AcceptOf(const http::Request& request) {
  std::string accept;
  for (const auto& [name, value] : request.headers)
    if (http::EqualsIgnoreCase(name, "accept")) accept.append(accept.empty() ? "" : ",").append(value);
  return accept;
}

// Owned by whatever it waits for: the next message, or the socket. Everything runs on its strand.
class Reply : public std::enable_shared_from_this<Reply> {
 public:
  Reply(http::Io& io, StreamJob job)
      : job_(std::move(job)),
        format_(AcceptOf(job_.exchange->request)),
        raw_(IsRaw(*job_.route)),
        strand_(boost::asio::make_strand(io.context())),
        timer_(strand_) {}

  void Start() {
    job_.exchange->on_cancel([weak = weak_from_this()] {
      if (auto self = weak.lock()) self->Later([self] { self->End(errors::Cancelled(), Client::kGone); });
    });
    Later([self = shared_from_this()] {
      if (!self->raw_) self->Wait(kHeadAfter);
      self->Ask();
    });
  }

 private:
  enum class Client { kThere, kGone };

  // Never at once: who calls us may be in the middle of a call of ours.
  template <typename F>
  void Later(F&& f) {
    boost::asio::post(strand_, std::forward<F>(f));
  }

  void Ask() {
    job_.messages->Next([self = shared_from_this()](Result<std::optional<std::string>> next) {
      self->Later([self, next = std::move(next)]() mutable { self->OnNext(std::move(next)); });
    });
  }

  void OnNext(Result<std::optional<std::string>> next) {
    if (ended_) return;
    if (!next.ok()) return End(std::move(next).error());
    if (!next->has_value()) return End(std::nullopt);
    if (raw_) return OnRaw(**next);
    auto json = MessageJson(*job_.route, **next);
    if (!json.ok()) return End(std::move(json).error());
    Write(format_.Message(*json), &Reply::Ask);
  }

  void OnRaw(const std::string& bytes) {
    auto piece = WriteRaw(*job_.route, bytes);
    if (!piece.ok()) return End(std::move(piece).error());
    std::string data = std::move(piece->body);
    Body(std::move(*piece));
    data.empty() ? Ask() : Write(std::move(data), &Reply::Ask);
  }

  http::BodyStream& Body() {
    http::Response head{.content_type = raw_ ? "application/octet-stream" : format_.content_type()};
    return Body(std::move(head));
  }

  // Sends the head, once.
  http::BodyStream& Body(http::Response head) {
    if (body_ == nullptr) {
      head.headers.emplace_back("cache-control", "no-store");
      body_ = job_.exchange->stream(job_.decorate(std::move(head)));
      body_->OnDrain([weak = weak_from_this()] {
        if (auto self = weak.lock()) self->Later([self] { self->OnDrain(); });
      });
    }
    return *body_;
  }

  // At most two pieces are with the socket: a heartbeat and what came after it.
  void Write(std::string piece, void (Reply::*then)()) {
    ++at_socket_;
    last_write_ = std::chrono::steady_clock::now();
    Body().Write(std::move(piece), [self = shared_from_this(), then](bool taken) {
      self->Later([self, then, taken] { self->OnWritten(taken, then); });
    });
  }

  void OnWritten(bool taken, void (Reply::*then)()) {
    --at_socket_;
    if (ended_) return;
    if (!taken) return End(errors::Cancelled(), Client::kGone);
    if (draining_) return End(errors::ShuttingDown());
    if (then != nullptr) (this->*then)();
  }

  void Wait(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      if (auto self = weak.lock(); self != nullptr && !error) self->OnTime();
    });
  }

  void OnTime() {
    if (ended_) return;
    Body();
    const auto quiet = std::chrono::steady_clock::now() - last_write_;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(job_.heartbeat - quiet);
    Wait(left.count() > 0 ? left : job_.heartbeat);
    if (left.count() <= 0 && at_socket_ == 0) Write(format_.Heartbeat(), nullptr);
  }

  void OnDrain() {
    if (raw_) return;
    draining_ = true;
    if (!ended_ && at_socket_ == 0) End(errors::ShuttingDown());  // otherwise after what is being sent
  }

  void End(std::optional<Error> fault, Client client = Client::kThere) {
    if (std::exchange(ended_, true)) return;
    timer_.cancel();
    job_.messages->Cancel();
    int status = 200;
    if (fault && body_ == nullptr) {
      http::Response response = job_.refusal(*fault);
      status = response.status;
      job_.exchange->respond(std::move(response));
    } else if (fault && raw_) {
      body_.reset();  // cuts the connection
    } else if (client == Client::kThere) {
      if (fault) Body().Write(format_.Fault(job_.refusal(*fault).body), [](bool) {});
      Body().End();
    }
    job_.ended(status, fault ? &*fault : nullptr);
  }

  StreamJob job_;
  const StreamFormat format_;
  const bool raw_;
  boost::asio::strand<boost::asio::io_context::executor_type> strand_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    decltype(strand_)>
      timer_;
  std::shared_ptr<http::BodyStream> body_;
  std::chrono::steady_clock::time_point last_write_ = std::chrono::steady_clock::now();
  int at_socket_ = 0;
  bool draining_ = false, ended_ = false;
};

}  // namespace

void RunStream(http::Io& io, StreamJob job) { std::make_shared<Reply>(io, std::move(job))->Start(); }

}  // namespace lanting::gateway
