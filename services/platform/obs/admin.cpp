#include "platform/obs/admin.h"

#include "platform/obs/json_text.h"
#include "platform/obs/metrics.h"

namespace lanting::obs {
namespace {

std::string_view Path(std::string_view target) { return target.substr(0, target.find('?')); }

http::Response Text(int status, std::string body) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body)};
}

http::Response Readiness(const std::vector<std::string>& not_ready) {
  http::Response response{.status = not_ready.empty() ? 200 : 503};
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = not_ready.empty() ? "{\"ready\":true,\"notReady\":[" : "{\"ready\":false,\"notReady\":[";
  for (std::size_t i = 0; i < not_ready.size(); ++i) {
    if (i > 0) response.body.push_back(',');
    AppendJsonString(response.body, not_ready[i]);
  }
  response.body += "]}\n";
  return response;
}

http::ServerOptions Options(std::string address) {
  http::ServerOptions options{.address = std::move(address)};
  options.limits.max_body_bytes = 4096;
  options.limits.max_connections = 256;
  return options;
}

}  // namespace

bool IsAdminPath(std::string_view target) {
  auto path = Path(target);
  return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

http::Response AdminAnswer(const http::Request& request, const ReadyFn& ready) {
  if (!IsAdminPath(request.target)) return Text(404, "not found\n");
  if (request.method != "GET" && request.method != "HEAD") {
    auto response = Text(405, "method not allowed\n");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  auto path = Path(request.target);
  if (path == "/healthz") return Text(200, "ok\n");
  if (path == "/readyz") return Readiness(ready ? ready() : std::vector<std::string>{});
  return {.status = 200, .content_type = "text/plain; version=0.0.4; charset=utf-8", .body = MetricsText()};
}

AdminServer::AdminServer(std::string address, ReadyFn ready)
    : server_(Options(std::move(address)), [ready = std::move(ready)](std::shared_ptr<http::Exchange> exchange) {
        exchange->respond(AdminAnswer(exchange->request, ready));
      }) {}

}  // namespace lanting::obs
