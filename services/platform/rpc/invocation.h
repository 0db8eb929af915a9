// One call on its way through the wrapper that service.h describes. Internal to rpc.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <array>
#include <functional>
#include <string>

#include "platform/rpc/service.h"

namespace google::protobuf {
class FieldDescriptor;
}

namespace lanting::rpc {

// Series of one method; all exist at 0 from the registration on.
struct MethodMetrics {
  std::array<prometheus::Counter*, 17> handled{};  // by gRPC code
  prometheus::Histogram* seconds = nullptr;
  static MethodMetrics Of(const std::string& service, const std::string& method);
};

// Series of the process.
struct ServerMetrics {
  prometheus::Gauge* queue_depth;
  prometheus::Counter* refused_overloaded;
  prometheus::Counter* refused_shutting_down;
  prometheus::Counter* refused_deadline;
  prometheus::Counter* refused_cancelled;
  static const ServerMetrics& Get();
};

struct Method {
  using Answer = std::function<void(Result<const google::protobuf::Message*>)>;
  std::string path;  // "/lanting.membership.v1.MemberService/CreateMember"
  std::string required_scope;
  const google::protobuf::Message* request = nullptr;             // prototype
  const google::protobuf::FieldDescriptor* request_id = nullptr;  // of writes
  std::function<void(const Call&, const google::protobuf::Message&, Answer)> handler;
  // Server-streaming: instead of `handler`.
  std::function<Result<void>(const Call&, const google::protobuf::Message&, MessageWriter&)> stream;
  MethodMetrics metrics;
};

// Runs on a gRPC thread: queues the call or refuses it.
grpc::ServerUnaryReactor* Start(const Environment& environment, const Method& method,
                                grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                grpc::ByteBuffer* reply);
grpc::ServerWriteReactor<grpc::ByteBuffer>* StartStream(const Environment& environment, const Method& method,
                                                        grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request);

}  // namespace lanting::rpc
