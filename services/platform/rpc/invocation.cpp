#include "platform/rpc/invocation.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>

#include <atomic>
#include <cstdio>
#include <exception>

#include "platform/auth/authenticator.h"
#include "platform/base/strings.h"
#include "platform/obs/log.h"
#include "platform/obs/metrics.h"
#include "platform/obs/trace_context.h"
#include "platform/rpc/executor.h"
#include "platform/rpc/status.h"
#include "platform/rpc/stream.h"
#include "platform/rpc/validate.h"

namespace lanting::rpc {
namespace {

namespace pb = google::protobuf;
using std::chrono::steady_clock;

// The client's clock starts before ours: what is left for the way back.
constexpr auto kDeadlineMargin = std::chrono::milliseconds(20);
constexpr int kOverloadRetryMs = 200;

std::string Metadata(const grpc::CallbackServerContext& context, const char* key) {
  const auto& all = context.client_metadata();
  auto it = all.find(key);
  if (it == all.end() || all.count(key) > 1) return {};
  return {it->second.data(), it->second.size()};
}

Deadline DeadlineOf(const grpc::CallbackServerContext& context, std::chrono::milliseconds max) {
  auto now = steady_clock::now();
  auto deadline = now + max;
  if (context.deadline() != std::chrono::system_clock::time_point::max()) {
    deadline = std::min<Deadline>(deadline, now + std::chrono::duration_cast<steady_clock::duration>(std::min(
                                                      context.deadline() - std::chrono::system_clock::now(),
                                                      std::chrono::system_clock::duration(std::chrono::hours(24)))));
  }
  return deadline - kDeadlineMargin;
}

// Hex SHA-256 of the request without its request_id; equal requests have equal bytes.
std::string HashWithout(pb::Message& request, const pb::FieldDescriptor* request_id) {
  const auto* reflection = request.GetReflection();
  std::string id = reflection->GetString(request, request_id);
  reflection->ClearField(&request, request_id);
  std::string bytes;
  {
    pb::io::StringOutputStream stream(&bytes);
    pb::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  reflection->SetString(&request, request_id, std::move(id));
  return HexEncode(Sha256(bytes));
}

bool Parse(const grpc::ByteBuffer& bytes, pb::Message& message) {
  grpc::Slice slice;
  if (!bytes.TrySingleSlice(&slice).ok() && !bytes.DumpToSingleSlice(&slice).ok()) return false;
  return message.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
}

// Owned by whoever still may answer: the queue, the worker, an async handler's `done`. If all let go without an
// answer, the caller gets INTERNAL instead of silence.
class Invocation : public std::enable_shared_from_this<Invocation> {
 public:
  Invocation(const Environment& environment, const Method& method, grpc::CallbackServerContext* context,
             const grpc::ByteBuffer* request, grpc::ByteBuffer* reply)
      : Invocation(environment, method, context, request, environment.max_deadline) {
    reactor_ = context->DefaultReactor();
    reply_bytes_ = reply;
  }
  // Server-streaming.
  Invocation(const Environment& environment, const Method& method, grpc::CallbackServerContext* context,
             const grpc::ByteBuffer* request, std::shared_ptr<StreamSender> sender)
      : Invocation(environment, method, context, request, environment.max_stream) {
    sender_ = std::move(sender);
    sender_->set_deadline(call_.deadline);
  }

  ~Invocation() {
    if (!finished_) Finish(errors::Internal("the handler dropped the call without an answer"));
  }

  grpc::ServerUnaryReactor* reactor() const { return reactor_; }

  void Run() {
    try {
      auto ready = Prepare();
      if (!ready.ok()) return Finish(std::move(ready).error());
      if (method_.stream) return Stream();
      method_.handler(call_, *request_, [self = shared_from_this()](Result<const pb::Message*> reply) {
        reply.ok() ? self->Finish(**reply) : self->Finish(std::move(reply).error());
      });
    } catch (const std::exception& e) {
      Finish(errors::Internal(std::string("exception: ") + e.what()));
    } catch (...) {
      Finish(errors::Internal("exception of an unknown type"));
    }
  }

  // Without a log line: a refusal must stay cheap.
  void Refuse(const Error& error) {
    if (finished_.exchange(true)) return;
    method_.metrics.handled[static_cast<int>(error.code)]->Increment();
    End(ToStatus(error));
  }

 private:
  Invocation(const Environment& environment, const Method& method, grpc::CallbackServerContext* context,
             const grpc::ByteBuffer* request, std::chrono::milliseconds longest)
      : environment_(environment),
        method_(method),
        context_(context),
        request_bytes_(request),
        started_(steady_clock::now()) {
    call_.method = method.path;
    call_.deadline = DeadlineOf(*context, longest);
  }

  void Stream() {
    auto done = method_.stream(call_, *request_, *sender_);
    if (!done.ok()) return Finish(std::move(done).error());
    if (finished_.exchange(true)) return AnsweredTwice();
    Send(0, grpc::Status::OK);
    Log(nullptr);
  }

  Result<void> Prepare() {
    const auto& metrics = ServerMetrics::Get();
    if (context_->IsCancelled()) {
      metrics.refused_cancelled->Increment();
      return errors::Cancelled();
    }
    if (steady_clock::now() >= call_.deadline) {
      metrics.refused_deadline->Increment();
      return errors::DeadlineExceeded();
    }
    call_.traceparent = obs::ChildTraceparent(Metadata(*context_, "traceparent"));
    call_.now = environment_.clock->Now();
    if (method_.required_scope != "public") {
      ASSIGN_OR_RETURN(call_.principal,
                       environment_.authenticator->Authenticate(Metadata(*context_, "authorization"), call_.deadline));
      if (!call_.principal.Has(method_.required_scope)) return errors::ScopeMissing(method_.required_scope);
    }
    request_ = method_.request->New(&arena_);
    if (!Parse(*request_bytes_, *request_)) {
      return Error{.code = Code::kInvalidArgument,
                   .reason = "MALFORMED_REQUEST",
                   .message = "The request is not a well-formed " + method_.request->GetTypeName() +
                              " (strings must be UTF-8)."};
    }
    RETURN_IF_ERROR(Validate(*request_));
    if (method_.request_id != nullptr) {
      call_.request_id = request_->GetReflection()->GetString(*request_, method_.request_id);
      if (!call_.request_id.empty()) call_.request_hash = HashWithout(*request_, method_.request_id);
    }
    return {};
  }

  void Finish(const pb::Message& reply) {
    if (finished_.exchange(true)) return AnsweredTwice();
    auto bytes = ToBytes(reply);
    reply_bytes_->Swap(&bytes);
    Send(0, grpc::Status::OK);
    Log(nullptr);
  }

  void Finish(Error error) {
    if (finished_.exchange(true)) {
      if (error.code != Code::kInternal) AnsweredTwice();
      return;
    }
    if (error.code == Code::kInternal || error.code == Code::kUnknown || error.code == Code::kDataLoss) {
      auto [id, made] = error.metadata.emplace(kErrorId, std::string());
      if (made) id->second = Id::New().ToString();
      context_->AddTrailingMetadata("x-error-id", id->second);
    }
    Send(static_cast<int>(error.code), ToStatus(error));
    Log(&error);
  }

  void AnsweredTwice() { obs::LogError("a handler answered twice", {{"method", call_.method}}); }

  // Afterwards the context is gone, and so may be the service: only what this object owns may be touched.
  void Send(int code, const grpc::Status& status) {
    method_.metrics.handled[code]->Increment();
    method_.metrics.seconds->Observe(std::chrono::duration<double>(steady_clock::now() - started_).count());
    if (!call_.traceparent.empty()) context_->AddTrailingMetadata("traceparent", call_.traceparent);
    End(status);
  }
  void End(const grpc::Status& status) { sender_ != nullptr ? sender_->Finish(status) : reactor_->Finish(status); }

  void Log(const Error* error) const {
    char duration[32];
    std::snprintf(duration, sizeof duration, "%.3f",
                  std::chrono::duration<double, std::milli>(steady_clock::now() - started_).count());
    std::string tenant = call_.tenant().IsNil() ? std::string() : call_.tenant().ToString();
    std::string trace(obs::TraceId(call_.traceparent));
    if (error == nullptr) {
      return obs::Info("call", {{"method", call_.method},
                                {"code", "OK"},
                                {"duration_ms", duration},
                                {"tenant", std::move(tenant)},
                                {"trace_id", std::move(trace)}});
    }
    auto id = error->metadata.find(kErrorId);
    const bool ours = id != error->metadata.end();
    auto log = ours ? obs::LogError : error->code == Code::kUnavailable ? obs::Warn : obs::Info;
    log("call", {{"method", call_.method},
                 {"code", CodeName(static_cast<int>(error->code))},
                 {"reason", error->reason},
                 {"duration_ms", duration},
                 {"tenant", std::move(tenant)},
                 {"trace_id", std::move(trace)},
                 {"error_id", ours ? id->second : std::string()},
                 {"cause", error->internal}});
  }

  const Environment& environment_;
  const Method& method_;
  grpc::CallbackServerContext* context_;
  grpc::ServerUnaryReactor* reactor_ = nullptr;
  std::shared_ptr<StreamSender> sender_;
  const grpc::ByteBuffer* request_bytes_;
  grpc::ByteBuffer* reply_bytes_ = nullptr;
  const steady_clock::time_point started_;
  std::atomic<bool> finished_{false};
  pb::Arena arena_;
  pb::Message* request_ = nullptr;
  Call call_;
};

}  // namespace

namespace {

void Queue(const std::shared_ptr<Invocation>& invocation, Executor* executor, bool stream) {
  const auto& metrics = ServerMetrics::Get();
  const auto show = [&metrics, executor, stream] {
    if (!stream) metrics.queue_depth->Set(static_cast<double>(executor->depth()));
  };
  const auto outcome = executor->Submit([invocation, show] {
    show();
    invocation->Run();
  });
  show();
  if (outcome == Executor::Outcome::kFull) {
    metrics.refused_overloaded->Increment();
    invocation->Refuse(errors::Overloaded(kOverloadRetryMs));
  } else if (outcome == Executor::Outcome::kStopping) {
    metrics.refused_shutting_down->Increment();
    invocation->Refuse(errors::ShuttingDown());
  }
}

}  // namespace

grpc::ServerUnaryReactor* Start(const Environment& environment, const Method& method,
                                grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                grpc::ByteBuffer* reply) {
  auto invocation = std::make_shared<Invocation>(environment, method, context, request, reply);
  auto* reactor = invocation->reactor();
  Queue(invocation, environment.executor, false);
  return reactor;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* StartStream(const Environment& environment, const Method& method,
                                                        grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request) {
  auto sender = StreamSender::Make(context);
  Queue(std::make_shared<Invocation>(environment, method, context, request, sender), environment.streams, true);
  return sender.get();
}

MethodMetrics MethodMetrics::Of(const std::string& service, const std::string& method) {
  static auto& handled = prometheus::BuildCounter()
                             .Name("grpc_server_handled_total")
                             .Help("Calls answered, by method and code.")
                             .Register(*obs::Metrics());
  static auto& seconds = prometheus::BuildHistogram()
                             .Name("grpc_server_handling_seconds")
                             .Help("Time from the arrival of a call to its answer.")
                             .Register(*obs::Metrics());
  MethodMetrics metrics;
  for (int code = 0; code <= 16; ++code) {
    metrics.handled[code] =
        &handled.Add({{"grpc_service", service}, {"grpc_method", method}, {"grpc_code", MetricCodeName(code)}});
  }
  metrics.seconds = &seconds.Add({{"grpc_service", service}, {"grpc_method", method}}, obs::LatencyBuckets());
  return metrics;
}

const ServerMetrics& ServerMetrics::Get() {
  static const ServerMetrics metrics = [] {
    auto& depth = prometheus::BuildGauge()
                      .Name("grpc_server_queue_depth")
                      .Help("Calls waiting for a worker.")
                      .Register(*obs::Metrics());
    auto& refused = prometheus::BuildCounter()
                        .Name("lanting_rpc_refused_total")
                        .Help("Calls given up before any work was done on them.")
                        .Register(*obs::Metrics());
    return ServerMetrics{&depth.Add({}), &refused.Add({{"reason", "overloaded"}}),
                         &refused.Add({{"reason", "shutting_down"}}), &refused.Add({{"reason", "deadline_exceeded"}}),
                         &refused.Add({{"reason", "cancelled"}})};
  }();
  return metrics;
}

}  // namespace lanting::rpc
