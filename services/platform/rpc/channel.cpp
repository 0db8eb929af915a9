#include "platform/rpc/channel.h"

#include <google/protobuf/message_lite.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include "platform/rpc/status.h"

namespace lanting::rpc {
namespace {

constexpr int kMaxMessageBytes = 32 * 1024 * 1024;

}  // namespace

Channel::Channel(const std::string& target, std::string peer) : peer_(std::move(peer)) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 64 * 1024);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);  // in 1.51: how long a connection attempt may take
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 700);   // the pause between attempts, give or take a fifth
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);  // else a moved service is lost for 30 s
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // else all channels share one connection
  channel_ = grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

Channel::~Channel() = default;

namespace detail {

Result<void> CallUnary(Channel& channel, const std::string& method, const google::protobuf::MessageLite& request,
                       google::protobuf::MessageLite& reply, const CallOptions& options) {
  using google::protobuf::MessageLite;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + (options.deadline - std::chrono::steady_clock::now()));
  if (!options.authorization.empty()) context.AddMetadata("authorization", options.authorization);
  if (!options.traceparent.empty()) context.AddMetadata("traceparent", options.traceparent);
  grpc::internal::RpcMethod rpc(method.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  grpc::Status status = grpc::internal::BlockingUnaryCall<MessageLite, MessageLite, MessageLite, MessageLite>(
      channel.grpc().get(), rpc, &context, request, &reply);
  if (!status.ok()) return FromStatus(status, channel.peer());
  return {};
}

}  // namespace detail
}  // namespace lanting::rpc
