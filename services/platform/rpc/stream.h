// The sending side of a server-streaming call. Internal to rpc.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <condition_variable>
#include <memory>
#include <mutex>

#include "platform/rpc/service.h"

namespace lanting::rpc {

// A message in the form in which gRPC sends it.
grpc::ByteBuffer ToBytes(const google::protobuf::Message& message);

// One message is with the transport at a time; the next waits for it, on the handler's thread.
class StreamSender final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public MessageWriter {
 public:
  static std::shared_ptr<StreamSender> Make(grpc::CallbackServerContext* context);

  Result<void> Write(const google::protobuf::Message& message) override;
  bool cancelled() const override;
  // From when on nobody waits for the client. Before the first Write.
  void set_deadline(Deadline deadline) { deadline_ = deadline; }

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { self_.reset(); }

 private:
  explicit StreamSender(grpc::CallbackServerContext* context) : context_(context) {}

  grpc::CallbackServerContext* context_;
  Deadline deadline_ = Deadline::max();
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool writing_ = false, cancelled_ = false;
  grpc::ByteBuffer bytes_;              // being sent
  std::shared_ptr<StreamSender> self_;  // until gRPC is done with it
};

}  // namespace lanting::rpc
