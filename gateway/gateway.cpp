#include "gateway/gateway.h"

#include <google/protobuf/descriptor_database.h>

#include "gateway/auth/early_refusal.h"
#include "gateway/transcode/error_writer.h"
#include "gateway/transcode/reply_writer.h"
#include "gateway/transcode/request_binder.h"
#include "gateway/upstream/timeout.h"
#include "platform/base/strings.h"
#include "platform/obs/admin.h"
#include "platform/obs/trace_context.h"

namespace lanting::gateway {
namespace {

namespace pb = google::protobuf;

std::vector<const pb::ServiceDescriptor*> ServicesOf(const std::string& package) {
  const auto* pool = pb::DescriptorPool::generated_pool();
  std::vector<std::string> files;
  // The pool itself cannot be listed; its database can.
  pb::DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  std::vector<const pb::ServiceDescriptor*> services;
  for (const std::string& name : files) {
    const pb::FileDescriptor* file = pool->FindFileByName(name);
    if (file == nullptr || file->package() != package) continue;
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

// "lanting.membership.v1" -> "membership"
std::string ShortName(const std::string& package) {
  const auto parts = Split(package, '.');
  return std::string(parts.size() >= 2 ? parts[parts.size() - 2] : parts.back());
}

bool IsHealthPath(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return path == "/healthz" || path == "/readyz";
}

std::string ErrorCause(const Error& error) {
  return error.internal.empty() ? error.reason : error.reason + ": " + error.internal;
}

// Whether a service answers so only to those whose key it has accepted; others may be before that, or our own.
bool IsPastTheKey(const Result<UpstreamReply>& reply) {
  if (reply.ok()) return true;
  switch (reply.error().code) {
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kAlreadyExists:
    case Code::kPermissionDenied:
    case Code::kFailedPrecondition:
    case Code::kAborted:
    case Code::kOutOfRange:
      return true;
    default:
      return false;
  }
}

Error Malformed(std::string message) {
  return {.code = Code::kInvalidArgument, .reason = "MALFORMED_REQUEST", .message = std::move(message)};
}

}  // namespace

struct Gateway::Job {
  std::shared_ptr<http::Exchange> exchange;
  Visit visit;
  std::set<std::string> allow;  // of a 405
  Id claimed;                   // the tenant that the key names

  const http::Request& request() const { return exchange->request; }
};

Gateway::Gateway(const Config& config) : max_timeout_(config.max_timeout) {
  std::vector<std::string> faults;
  std::vector<const pb::ServiceDescriptor*> services;
  for (const UpstreamConfig& c : config.upstreams) {
    const auto of_package = ServicesOf(c.package);
    if (of_package.empty()) faults.push_back("LANTING_UPSTREAMS: no service in package '" + c.package + "'");
    upstreams_.push_back(std::make_unique<Upstream>(
        UpstreamOptions{.name = ShortName(c.package), .target = c.target, .channels = config.channels}));
    for (const auto* service : of_package) {
      if (!by_service_.emplace(service, upstreams_.back().get()).second)
        faults.push_back("LANTING_UPSTREAMS: package '" + c.package + "' is named twice");
      else
        services.push_back(service);
    }
  }
  table_ = std::make_unique<RouteTable>(services, &faults);
  if (!faults.empty()) throw BadSettings(std::move(faults));
  access_ = std::make_unique<Access>(*table_);
}

// Callbacks use the other members: the calls end first.
Gateway::~Gateway() { upstreams_.clear(); }

std::vector<std::string> Gateway::NotReady() const {
  std::vector<std::string> names;
  for (const auto& upstream : upstreams_)
    if (!upstream->Serving()) names.push_back(upstream->name());
  if (draining_) names.emplace_back("draining");
  return names;
}

Gateway::Job Gateway::Begin(const http::Request& request) {
  return {
      .visit = {.http_method = request.method, .traceparent = obs::ChildTraceparent(request.Header("traceparent"))}};
}

void Gateway::Serve(std::shared_ptr<http::Exchange> exchange) {
  if (IsHealthPath(exchange->request.target))
    return exchange->respond(obs::AdminAnswer(exchange->request, [this] { return NotReady(); }));
  auto job = std::make_shared<Job>(Begin(exchange->request));
  job->exchange = std::move(exchange);
  if (auto started = Start(job); !started.ok()) {
    http::Response response = Failed(*job, std::move(started).error());
    job->exchange->respond(std::move(response));
  }
}

std::optional<http::Response> Gateway::Admit(const http::Request& request) {
  if (IsHealthPath(request.target)) return std::nullopt;
  Job job = Begin(request);
  auto match = Enter(request, &job);
  if (match.ok()) return std::nullopt;
  return Failed(job, std::move(match).error());
}

Result<RouteTable::Match> Gateway::Enter(const http::Request& request, Job* job) const {
  const std::string_view target = request.target;
  if (!target.starts_with('/')) return Malformed("The request target must be a path that starts with '/'.");
  RouteTable::Match match = table_->Find(request.method, target.substr(0, target.find('?')));
  if (match.route == nullptr && match.allow.empty())
    return Error{.code = Code::kNotFound, .reason = "PATH_NOT_FOUND", .message = "There is nothing at this path."};
  if (match.route == nullptr) {
    job->allow = std::move(match.allow);
    return Error{.code = Code::kUnimplemented,
                 .reason = "METHOD_NOT_ALLOWED",
                 .message = "This path does not take this method; see the header Allow."};
  }
  job->visit.route = match.route;
  if (match.route->method->server_streaming())
    return Error{.code = Code::kUnimplemented,
                 .reason = "UNIMPLEMENTED",
                 .message = "A streaming call has no HTTP form; use gRPC."};
  // Which of two would be meant is not ours to guess.
  for (const char* once : {"Authorization", "Content-Type", "Grpc-Timeout", "Idempotency-Key", "If-Match"})
    if (request.Count(once) > 1) return Malformed(std::string("The header ") + once + " is given more than once.");
  ASSIGN_OR_RETURN(job->claimed, RefuseEarly(*match.route, request.Header("authorization")));
  return match;
}

Result<void> Gateway::Start(const std::shared_ptr<Job>& job) {
  ASSIGN_OR_RETURN(const RouteTable::Match match, Enter(job->request(), job.get()));
  ASSIGN_OR_RETURN(UpstreamCall call, Prepare(*job, match));
  Upstream* upstream = by_service_.at(match.route->method->service());
  auto cancel = upstream->Call(std::move(call), [this, job](Result<UpstreamReply> reply) {
    if (!job->claimed.IsNil() && IsPastTheKey(reply)) job->visit.tenant = job->claimed.ToString();
    auto response = reply.ok() ? WriteReply(*job->visit.route, reply->message, job->request().Header("if-none-match"))
                               : Result<http::Response>(std::move(reply).error());
    http::Response answer =
        response.ok() ? Answered(*job, std::move(response).value(), {}) : Failed(*job, std::move(response).error());
    job->exchange->respond(std::move(answer));
  });
  job->exchange->on_cancel(std::move(cancel));
  return {};
}

Result<UpstreamCall> Gateway::Prepare(const Job& job, const RouteTable::Match& match) const {
  const http::Request& request = job.request();
  UpstreamCall call{.method = match.route->grpc_method, .timeout = max_timeout_};
  if (const std::string_view text = request.Header("grpc-timeout"); !text.empty()) {
    const auto timeout = ParseGrpcTimeout(text);
    if (!timeout) return Malformed("Grpc-Timeout is digits and a unit of H, M, S, m, u, n: \"500m\" is half a second.");
    call.timeout = std::min(*timeout, max_timeout_);
  }
  const std::string_view target = request.target;
  const auto mark = target.find('?');
  ASSIGN_OR_RETURN(
      auto message,
      BindRequest(match, mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1), request));
  call.request = message->SerializeAsString();
  call.authorization = request.Header("authorization");
  call.traceparent = job.visit.traceparent;
  return call;
}

http::Response Gateway::Failed(const Job& job, Error error) {
  // What happened inside is in the log only: under this id, which the service gave or else is the trace's.
  if (error.code == Code::kInternal)
    error.metadata.emplace("error_id", std::string(obs::TraceId(job.visit.traceparent)));
  http::Response response = ErrorResponse(error);
  if (!job.allow.empty()) {
    std::string allow;
    for (const std::string& method : job.allow) allow += (allow.empty() ? "" : ", ") + method;
    response.headers.emplace_back("allow", std::move(allow));
  }
  return Answered(job, std::move(response), ErrorCause(error));
}

http::Response Gateway::Answered(const Job& job, http::Response response, const std::string& cause) {
  response.headers.emplace_back("traceparent", job.visit.traceparent);
  response.headers.emplace_back("x-request-id", obs::TraceId(job.visit.traceparent));
  access_->Record(job.visit, response.status, cause);
  return response;
}

}  // namespace lanting::gateway
