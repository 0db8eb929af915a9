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
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "platform/base/result.h"
#include "platform/rpc/call.h"

namespace lanting::rpc {

template <typename Request, typename Reply>
using Handler = std::function<Result<Reply>(const Call&, const Request&)>;

template <typename Reply>
using Done = std::function<void(Result<Reply>)>;

// For handlers that hand the work over (batchers): the worker is free at once; `done` is called exactly once, from any
// thread. `call` and `request` stay valid until then.
template <typename Request, typename Reply>
using AsyncHandler = std::function<void(const Call&, const Request&, Done<Reply>)>;

}  // namespace lanting::rpc

#include "platform/rpc/service_impl.h"
