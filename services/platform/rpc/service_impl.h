// The class behind platform/rpc/service.h. Only the typed handler is a template; everything else works on
// google::protobuf::Message and stays, with gRPC, behind service.cpp.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace grpc {
class Service;
}
namespace lanting::auth {
class Authenticator;
}

namespace lanting::rpc {

class Executor;

// What a server lends to its services; must outlive them.
struct Environment {
  Executor* executor = nullptr;
  auth::Authenticator* authenticator = nullptr;
  const Clock* clock = nullptr;
  std::chrono::milliseconds max_deadline{10'000};
  // Of server-streaming calls.
  Executor* streams = nullptr;
  std::chrono::milliseconds max_stream{600'000};
};

class Service {
 public:
  // Throws std::logic_error if no such service is in the descriptor pool.
  explicit Service(std::string full_name);
  ~Service();
  Service(Service&&) noexcept;
  Service& operator=(Service&&) noexcept;

  // All throw std::logic_error if the service has no such method, it has a handler already, its types are others, or
  // it declares no required_scope.
  template <typename Request, typename Reply>
  void Unary(const std::string& method, Handler<Request, Reply> handler) {
    Register(method, Request::default_instance(), Reply::default_instance(),
             [handler = std::move(handler)](const Call& call, const google::protobuf::Message& request, Answer answer) {
               Result<Reply> reply = handler(call, static_cast<const Request&>(request));
               if (!reply.ok()) return answer(std::move(reply).error());
               answer(&*reply);
             });
  }

  template <typename Request, typename Reply>
  void Async(const std::string& method, AsyncHandler<Request, Reply> handler) {
    Register(method, Request::default_instance(), Reply::default_instance(),
             [handler = std::move(handler)](const Call& call, const google::protobuf::Message& request, Answer answer) {
               handler(call, static_cast<const Request&>(request), [answer = std::move(answer)](Result<Reply> reply) {
                 if (!reply.ok()) return answer(std::move(reply).error());
                 answer(&*reply);
               });
             });
  }

  template <typename Request, typename Reply>
  void Stream(const std::string& method, StreamHandler<Request, Reply> handler) {
    RegisterStream(method, Request::default_instance(), Reply::default_instance(),
                   [handler = std::move(handler)](const Call& call, const google::protobuf::Message& request,
                                                  MessageWriter& messages) {
                     Writer<Reply> writer(messages);
                     return handler(call, static_cast<const Request&>(request), writer);
                   });
  }

  const std::string& name() const;
  // Whether one of its calls is server-streaming.
  bool streams() const;

  // --- for Server ---
  // Throws std::logic_error naming every RPC without a handler.
  grpc::Service& Finish(const Environment& environment);

 private:
  using Answer = std::function<void(Result<const google::protobuf::Message*>)>;
  using ErasedHandler = std::function<void(const Call&, const google::protobuf::Message&, Answer)>;
  void Register(const std::string& method, const google::protobuf::Message& request,
                const google::protobuf::Message& reply, ErasedHandler handler);
  using ErasedStream = std::function<Result<void>(const Call&, const google::protobuf::Message&, MessageWriter&)>;
  void RegisterStream(const std::string& method, const google::protobuf::Message& request,
                      const google::protobuf::Message& reply, ErasedStream handler);

  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lanting::rpc
