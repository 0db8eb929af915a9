// What an Exchange holds of its connection, private to the server.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "platform/http/core.h"

namespace lanting::http {

// Where the answer to one request goes. Any thread.
class Responder {
 public:
  using Done = std::function<void(bool ok)>;

  virtual ~Responder() = default;
  virtual void Answer(Response response) = 0;  // status 0: it was dropped unanswered
  virtual void BeginStream(Response head) = 0;
  virtual void Piece(std::string piece, Done done) = 0;
  virtual void EndStream(bool whole) = 0;
};

// The link between an Exchange and what answers it: owned by the Exchange's functions and by its stream, safe from any
// thread.
class Reply : public std::enable_shared_from_this<Reply> {
 public:
  explicit Reply(std::shared_ptr<Responder> responder) : responder_(std::move(responder)) {}
  ~Reply() {
    if (responder_) responder_->Answer({.status = 0});  // dropped without an answer
  }

  void Give(Response response);
  std::shared_ptr<BodyStream> Stream(Response head);
  void OnCancel(std::function<void()> f);
  // By the server, when nobody wants the (rest of the) answer.
  void Cancel();
  // By the server, to a stream.
  void Drain();

 private:
  class PieceStream;

  struct Detached {
    std::shared_ptr<Responder> responder;
    std::function<void()> cancel;
  };
  // Takes the responder, so that the answer is over; of an answer in pieces only if `streaming`.
  Detached Detach(bool streaming, bool cancelled = false);

  mutable std::mutex mutex_;
  std::shared_ptr<Responder> responder_;  // null once answered or cancelled
  std::function<void()> cancel_, drain_;
  bool streaming_ = false;
  bool cancelled_ = false;
  bool draining_ = false;
};

// Hands a request to the handler; the answer goes to `responder`. `*reply` is set before the handler runs.
void Serve(const Core& core, Request request, std::shared_ptr<Charge> charge, std::shared_ptr<Responder> responder,
           std::weak_ptr<Reply>* reply);

}  // namespace lanting::http
