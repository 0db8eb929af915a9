// Service: the handlers of one proto service, registered by name. The one wrapper every call goes through:
//
//   reactor -> bounded queue -> worker: authenticate -> authorise (required_scope, before validation and existence)
//   -> deadline -> validate (all violations at once) -> handler -> metrics, one log line, google.rpc.Status
//
// It needs no generated gRPC code: methods and their types come from the descriptor, and Finish() refuses to start a
// server with an RPC that has no handler.
//
//   rpc::Service members("lanting.membership.v1.MemberService");
//   members.Unary<pb::GetMemberRequest, pb::Member>("GetMember", [&](const rpc::Call& call, const auto& request)
//   {...}); members.Async<pb::CreateMemberRequest, pb::Member>("CreateMember", [&](call, request, done) {
//   batcher.Submit(...); });
//   members.Stream<pb::ExportMembersRequest, RawBody>("ExportMembers", [&](call, request, writer) {
//   RETURN_IF_ERROR(writer.Write(piece)); ...; return {}; });
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "platform/base/result.h"
#include "platform/rpc/call.h"

namespace google::protobuf {
class Message;
}

namespace lanting::rpc {

template <typename Request, typename Reply>
using Handler = std::function<Result<Reply>(const Call&, const Request&)>;

template <typename Reply>
using Done = std::function<void(Result<Reply>)>;

// For handlers that hand the work over (batchers): the worker is free at once; `done` is called exactly once, from any
// thread. `call` and `request` stay valid until then.
template <typename Request, typename Reply>
using AsyncHandler = std::function<void(const Call&, const Request&, Done<Reply>)>;

// Where the handler of a server-streaming call writes. Of its thread only.
class MessageWriter {
 public:
  virtual ~MessageWriter() = default;
  // Waits until the client has taken the message before, so that at most one is held here. CANCELLED: nobody wants the
  // rest; DEADLINE_EXCEEDED: the client was too slow. After an error the handler should end with it.
  virtual Result<void> Write(const google::protobuf::Message& message) = 0;
  // The client has gone: for handlers that work long between two messages.
  virtual bool cancelled() const = 0;
};

template <typename Reply>
class Writer {
 public:
  explicit Writer(MessageWriter& messages) : messages_(messages) {}
  Result<void> Write(const Reply& reply) { return messages_.Write(reply); }
  bool cancelled() const { return messages_.cancelled(); }

 private:
  MessageWriter& messages_;
};

// Runs on a thread of the server's stream executor, so that slow readers hold up no other calls; writes what it has and
// ends with ok or the error that the client gets after the messages so far.
template <typename Request, typename Reply>
using StreamHandler = std::function<Result<void>(const Call&, const Request&, Writer<Reply>&)>;

}  // namespace lanting::rpc

#include "platform/rpc/service_impl.h"
