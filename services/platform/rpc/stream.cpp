#include "platform/rpc/stream.h"

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>

namespace lanting::rpc {

grpc::ByteBuffer ToBytes(const google::protobuf::Message& message) {
  grpc::Slice slice(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(const_cast<std::uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

std::shared_ptr<StreamSender> StreamSender::Make(grpc::CallbackServerContext* context) {
  std::shared_ptr<StreamSender> sender(new StreamSender(context));
  sender->self_ = sender;
  return sender;
}

Result<void> StreamSender::Write(const google::protobuf::Message& message) {
  auto bytes = ToBytes(message);
  std::unique_lock lock(mutex_);
  const auto sent = [this] { return !writing_; };
  if (!changed_.wait_until(lock, deadline_, sent)) {
    // What the client does not take would hold the call for ever: it is given up, and gRPC gives the message back.
    context_->TryCancel();
    changed_.wait(lock, sent);
    return errors::DeadlineExceeded();
  }
  if (cancelled_) return errors::Cancelled();
  if (std::chrono::steady_clock::now() >= deadline_) return errors::DeadlineExceeded();
  writing_ = true;
  bytes_ = std::move(bytes);
  lock.unlock();
  StartWrite(&bytes_);
  return {};
}

bool StreamSender::cancelled() const {
  std::lock_guard lock(mutex_);
  return cancelled_;
}

void StreamSender::OnWriteDone(bool ok) {
  std::lock_guard lock(mutex_);
  writing_ = false;
  cancelled_ = cancelled_ || !ok;
  changed_.notify_all();
}

void StreamSender::OnCancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  changed_.notify_all();
}

}  // namespace lanting::rpc
