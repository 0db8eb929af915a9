#include "gateway/gateway.h"

#include <google/protobuf/descriptor_database.h>

#include <array>
#include <bitset>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "gateway/forwarded.h"
#include "gateway/streaming.h"
#include "gateway/transcode/error_writer.h"
#include "gateway/transcode/reply_writer.h"
#include "gateway/transcode/request_binder.h"
#include "gateway/upstream/timeout.h"
#include "platform/base/strings.h"
#include "platform/http/wire.h"
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
  const auto limit = error.metadata.find("limit");  // which of several was reached
  if (error.internal.empty() && limit == error.metadata.end()) return error.reason;
  return error.reason + ": " + (error.internal.empty() ? limit->second : error.internal);
}

Error Malformed(std::string message) {
  return {.code = Code::kInvalidArgument, .reason = "MALFORMED_REQUEST", .message = std::move(message)};
}

// Which of two would be meant is not ours to guess.
Result<void> RefuseRepeated(const http::Request& request) {
  static constexpr std::array<std::string_view, 5> kOnce{"Authorization", "Content-Type", "Grpc-Timeout",
                                                         "Idempotency-Key", "If-Match"};
  std::bitset<kOnce.size()> seen;
  for (const auto& [name, value] : request.headers) {
    for (std::size_t i = 0; i < kOnce.size(); ++i) {
      if (!http::EqualsIgnoreCase(name, kOnce[i])) continue;
      if (seen[i]) return Malformed("The header " + std::string(kOnce[i]) + " is given more than once.");
      seen.set(i);
    }
  }
  return {};
}

// The service that knows the keys.
constexpr const char* kKeys = "lanting.membership.v1";
constexpr const char* kIntrospect = "/lanting.membership.v1.TenantService/IntrospectKey";
constexpr std::chrono::milliseconds kIntrospectTimeout{2'000};

}  // namespace

struct Gateway::Job {
  std::shared_ptr<Gateway> gateway;  // kept until the request is over; null if no shared_ptr owns it
  std::shared_ptr<http::Exchange> exchange;
  const http::Request& request;
  RouteTable::Match match;
  Visit visit;
  std::optional<Pass> pass;  // empty until the gate has spoken

  void Begin() {
    visit.http_method = request.method;
    visit.traceparent = obs::ChildTraceparent(request.Header("traceparent"));
  }
};

Gateway::Gateway(const Config& config, std::shared_ptr<http::Io> io)
    : max_timeout_(config.max_timeout),
      max_stream_(config.max_stream),
      heartbeat_(config.heartbeat),
      io_(std::move(io)) {
  std::vector<std::string> faults;
  std::vector<const pb::ServiceDescriptor*> services;
  Upstream* keys = nullptr;
  for (const UpstreamConfig& c : config.upstreams) {
    const auto of_package = ServicesOf(c.package);
    if (of_package.empty()) faults.push_back("LANTING_UPSTREAMS: no service in package '" + c.package + "'");
    upstreams_.push_back(std::make_unique<Upstream>(
        UpstreamOptions{.name = ShortName(c.package), .target = c.target, .channels = config.channels, .io = io_}));
    if (c.package == kKeys) keys = upstreams_.back().get();
    for (const auto* service : of_package) {
      if (!by_service_.emplace(service, upstreams_.back().get()).second)
        faults.push_back("LANTING_UPSTREAMS: package '" + c.package + "' is named twice");
      else
        services.push_back(service);
    }
  }
  table_ = std::make_unique<RouteTable>(services, &faults);
  GateOptions gate = config.gate;
  gate.post = [&context = io_->context()](std::function<void()> f) { boost::asio::post(context, std::move(f)); };
  if (!config.introspect_key.empty()) {
    if (keys == nullptr)
      faults.push_back(std::string("LANTING_INTROSPECT_KEY needs the package ") + kKeys + " in LANTING_UPSTREAMS");
    gate.introspect = [keys, authorization = "Bearer " + config.introspect_key](std::string request, auto done) {
      keys->Call({.method = kIntrospect,
                  .request = std::move(request),
                  .timeout = kIntrospectTimeout,
                  .authorization = authorization,
                  .retry_safe = true},
                 [done = std::move(done)](Result<UpstreamReply> reply) {
                   done(reply.ok() ? Result<std::string>(std::move(reply->message)) : std::move(reply).error());
                 });
    };
  }
  if (!faults.empty()) throw BadSettings(std::move(faults));
  documentation_ = std::make_unique<Documentation>(*table_, LANTING_VERSION, config.docs_dir);
  access_ = std::make_unique<Access>(*table_);
  gate_ = std::make_unique<Gate>(std::move(gate));
}

// The calls end first: their callbacks use the other members.
Gateway::~Gateway() { upstreams_.clear(); }

std::vector<std::string> Gateway::NotReady() const {
  std::vector<std::string> names;
  for (const auto& upstream : upstreams_)
    if (!upstream->Serving()) names.push_back(upstream->name());
  if (draining_) names.emplace_back("draining");
  return names;
}

void Gateway::Serve(std::shared_ptr<http::Exchange> exchange) {
  const http::Request& request = exchange->request;
  if (IsHealthPath(request.target)) return exchange->respond(obs::AdminAnswer(request, [this] { return NotReady(); }));
  if (auto page = documentation_->Answer(request)) return exchange->respond(*std::move(page));
  auto job = std::make_shared<Job>(Job{.gateway = weak_from_this().lock(), .request = request});
  job->exchange = std::move(exchange);
  job->Begin();
  if (auto routed = Route(request, job.get()); !routed.ok()) {
    auto preflight = Gate::Preflight(request, job->match.allow);
    return job->exchange->respond(preflight ? Finished(*job, *std::move(preflight), {})
                                            : Failed(*job, std::move(routed).error()));
  }
  gate_->Enter(request, *job->match.route, [this, job](Pass pass) {
    job->pass = std::move(pass);
    Enter(job);
  });
}

std::optional<http::Response> Gateway::Admit(const http::Request& request) {
  if (IsHealthPath(request.target)) return std::nullopt;
  Job job{.request = request};
  Result<void> routed = Route(request, &job);
  if (routed.ok()) {
    job.pass = gate_->Admit(request, *job.match.route);
    if (!job.pass) return std::nullopt;
    routed = *job.pass->refused;
  }
  job.Begin();
  return Failed(job, std::move(routed).error());
}

Result<void> Gateway::Route(const http::Request& request, Job* job) const {
  const std::string_view target = request.target;
  if (!target.starts_with('/')) return Malformed("The request target must be a path that starts with '/'.");
  // HEAD is GET whose body the server keeps to itself (RFC 9110 section 9.3.2); of a stream there would be no end.
  const bool head = request.method == "HEAD";
  job->match = table_->Find(head ? "GET" : request.method, target.substr(0, target.find('?')));
  if (head && job->match.route != nullptr && job->match.route->method->server_streaming())
    job->match = {.allow = {job->match.route->http_method}};
  job->visit.route = job->match.route;
  if (job->match.route == nullptr && job->match.allow.empty())
    return Error{.code = Code::kNotFound, .reason = "PATH_NOT_FOUND", .message = "There is nothing at this path."};
  if (job->match.route == nullptr)
    return Error{.code = Code::kUnimplemented,
                 .reason = "METHOD_NOT_ALLOWED",
                 .message = "This path does not take this method; see the header Allow."};
  return RefuseRepeated(request);
}

void Gateway::Enter(const std::shared_ptr<Job>& job) {
  if (!job->pass->subject.empty()) {  // not what a key only claims
    job->visit.tenant = job->pass->tenant.ToString();
    job->visit.key = job->pass->subject;
  }
  Result<void> called = job->pass->refused ? *job->pass->refused : Call(job);
  if (!called.ok()) job->exchange->respond(Failed(*job, std::move(called).error()));
}

Result<void> Gateway::Call(const std::shared_ptr<Job>& job) {
  ASSIGN_OR_RETURN(UpstreamCall call, Prepare(*job));
  if (job->match.route->method->server_streaming()) {
    Stream(job, std::move(call));
    return {};
  }
  Upstream* upstream = by_service_.at(job->match.route->method->service());
  auto cancel = upstream->Call(std::move(call), [this, job](Result<UpstreamReply> reply) {
    auto response = reply.ok() ? WriteReply(*job->match.route, reply->message, job->request.Header("if-none-match"))
                               : Result<http::Response>(std::move(reply).error());
    job->exchange->respond(response.ok() ? Finished(*job, std::move(response).value(), {})
                                         : Failed(*job, std::move(response).error()));
  });
  job->exchange->on_cancel(std::move(cancel));
  return {};
}

void Gateway::Stream(const std::shared_ptr<Job>& job, UpstreamCall call) {
  Upstream* upstream = by_service_.at(job->match.route->method->service());
  RunStream(*io_, {.exchange = job->exchange,
                   .route = job->match.route,
                   .messages = upstream->Stream(std::move(call)),
                   .heartbeat = heartbeat_,
                   .decorate = [this, job](http::Response head) { return Decorated(*job, std::move(head)); },
                   .refusal = [this, job](const Error& fault) { return Refusal(*job, fault); },
                   .ended =
                       [this, job](int status, const Error* fault) {
                         Over(*job, status, fault == nullptr ? std::string() : ErrorCause(*fault));
                       }});
}

Result<UpstreamCall> Gateway::Prepare(const Job& job) const {
  const http::Request& request = job.request;
  const gateway::Route& route = *job.match.route;
  const auto longest = route.method->server_streaming() ? max_stream_ : max_timeout_;
  UpstreamCall call{.method = route.grpc_method, .timeout = longest};
  if (const std::string_view text = request.Header("grpc-timeout"); !text.empty()) {
    const auto timeout = ParseGrpcTimeout(text);
    if (!timeout) return Malformed("Grpc-Timeout is digits and a unit of H, M, S, m, u, n: \"500m\" is half a second.");
    call.timeout = std::min(*timeout, longest);
  }
  const std::string_view target = request.target;
  const auto mark = target.find('?');
  ASSIGN_OR_RETURN(
      auto message,
      BindRequest(job.match, mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1), request));
  call.request = message->SerializeAsString();
  call.authorization = request.Header("authorization");
  call.traceparent = job.visit.traceparent;
  call.metadata.emplace_back("x-forwarded-for", ForwardedFor(request));
  // Twice is once for a read, and for a write that names itself.
  call.retry_safe = route.http_method == "GET" ||
                    (route.request_id != nullptr && message->GetReflection()->HasField(*message, route.request_id));
  return call;
}

http::Response Gateway::Refusal(const Job& job, Error error) const {
  // What happened inside is in the log only: under this id, which the service gave or else is the trace's.
  if (error.code == Code::kInternal) error.metadata.emplace("error_id", std::string(job.visit.trace_id()));
  http::Response response = ErrorResponse(error);
  if (!job.match.allow.empty()) {
    std::string allow;
    for (const std::string& method : job.match.allow) allow += (allow.empty() ? "" : ", ") + method;
    response.headers.emplace_back("allow", std::move(allow));
  }
  return Decorated(job, std::move(response));
}

http::Response Gateway::Decorated(const Job& job, http::Response response) const {
  response.headers.emplace_back("traceparent", job.visit.traceparent);
  response.headers.emplace_back("x-request-id", job.visit.trace_id());
  if (job.pass)
    job.pass->Decorate(&response);
  else
    Gate::DecorateUnentered(job.request, &response);
  return response;
}

void Gateway::Over(Job& job, int status, const std::string& cause) {
  access_->Record(job.visit, status, cause);
  if (job.pass) job.pass->Leave();
}

http::Response Gateway::Finished(Job& job, http::Response response, const std::string& cause) {
  Over(job, response.status, cause);
  return Decorated(job, std::move(response));
}

http::Response Gateway::Failed(Job& job, Error error) {
  const std::string cause = ErrorCause(error);
  http::Response response = Refusal(job, std::move(error));
  Over(job, response.status, cause);
  return response;
}

}  // namespace lanting::gateway
