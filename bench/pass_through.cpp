// pass_through: what a gateway costs that does nothing. The gateway's own HTTP server and its own upstream, between
// them no route, no key, no JSON: the target is the gRPC method, the HTTP body the message, and the reply's bytes the
// answer. `make bench` subtracts its CPU time per request from the gateway's.
//
//   pass_through LISTEN_ADDRESS UPSTREAM_ADDRESS
#include <csignal>
#include <cstdio>

#include "gateway/upstream/caller.h"
#include "platform/http/io.h"
#include "platform/http/server.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: pass_through LISTEN_ADDRESS UPSTREAM_ADDRESS\n");
    return 64;
  }
  using namespace lanting;
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const auto io = std::make_shared<http::Io>(1);
  gateway::Upstream upstream({.name = "echo", .target = argv[2], .io = io});
  http::Server server({.address = argv[1], .io = io}, [&upstream](std::shared_ptr<http::Exchange> exchange) {
    gateway::UpstreamCall call{.method = exchange->request.target,
                               .request = std::move(exchange->request.body),
                               .authorization = std::string(exchange->request.Header("authorization"))};
    upstream.Call(std::move(call), [exchange](Result<gateway::UpstreamReply> reply) {
      http::Response response{.status = reply.ok() ? 200 : 502, .content_type = "application/x-protobuf"};
      if (reply.ok()) response.body = std::move(reply).value().message;
      exchange->respond(std::move(response));
    });
  });
  int signal = 0;
  sigwait(&stop, &signal);
  server.Drain(std::chrono::seconds(1));
}
