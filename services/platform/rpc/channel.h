// Calls to other Lanting processes, without generated stubs.
//
//   rpc::Channel membership("127.0.0.1:9001", "membership");
//   auto reply = rpc::CallUnary<pb::Key>(membership, "/lanting.membership.v1.KeyService/RevokeKey", request, options);
#pragma once

#include <memory>
#include <string>

#include "platform/base/clock.h"
#include "platform/base/result.h"

namespace google::protobuf {
class MessageLite;
}
namespace grpc {
class Channel;
}

namespace lanting::rpc {

// One HTTP/2 connection (more to a name with several addresses: round robin), made when first used and again when
// lost. Shared by threads.
class Channel {
 public:
  // `peer` names the other side in errors; default: "upstream".
  explicit Channel(const std::string& target, std::string peer = "upstream");
  ~Channel();

  const std::shared_ptr<grpc::Channel>& grpc() const { return channel_; }
  const std::string& peer() const { return peer_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::string peer_;
};

struct CallOptions {
  Deadline deadline = DeadlineIn(std::chrono::milliseconds(5000));
  std::string authorization;  // "Bearer ..."
  std::string traceparent;
};

namespace detail {
Result<void> CallUnary(Channel& channel, const std::string& method, const google::protobuf::MessageLite& request,
                       google::protobuf::MessageLite& reply, const CallOptions& options);
}

// Blocks until the reply or the deadline. Does not retry. `method` is "/package.Service/Method".
template <typename Reply, typename Request>
Result<Reply> CallUnary(Channel& channel, const std::string& method, const Request& request,
                        const CallOptions& options = {}) {
  Reply reply;
  if (auto called = detail::CallUnary(channel, method, request, reply, options); !called.ok()) {
    return std::move(called).error();
  }
  return reply;
}

}  // namespace lanting::rpc
