// lanting-gateway: the REST API in front of the services. Settings: config.cpp, or `lanting-gateway --help`.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "gateway/config.h"
#include "gateway/gateway.h"
#include "gateway/transcode/error_writer.h"
#include "platform/obs/admin.h"
#include "platform/obs/log.h"
#include "platform/rpc/log_handlers.h"

namespace {

using namespace lanting;

// Blocked in every thread, so that the main thread can wait for them.
sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

int Run(const gateway::Config& config, const sigset_t& stop) {
  gateway::Gateway edge(config);
  http::Server server({.address = config.http_address,
                       .threads = config.threads,
                       .limits = config.limits,
                       .error_body = gateway::ServerErrorResponse,
                       .admit = [&edge](const http::Request& request) { return edge.Admit(request); },
                       .on_exception =
                           [](std::string_view what) {
                             obs::LogError("a handler threw", {{"what", std::string(what)}});
                           }},
                      [&edge](std::shared_ptr<http::Exchange> exchange) { edge.Serve(std::move(exchange)); });
  obs::AdminServer admin(config.admin_address, [&edge] { return edge.NotReady(); });
  obs::Info("serving", {{"port", std::to_string(server.port())},
                        {"admin_port", std::to_string(admin.port())},
                        {"routes", std::to_string(edge.routes().routes().size())}});
  int signal = 0;
  sigwait(&stop, &signal);
  obs::Info("draining", {{"signal", sigabbrev_np(signal)}});
  edge.StartDraining();
  server.Drain(config.drain);
  admin.Drain(std::chrono::milliseconds(500));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const sigset_t stop = StopSignals();
  std::signal(SIGPIPE, SIG_IGN);
  config::Reader env;
  std::vector<std::string> faults;
  const gateway::Config config = gateway::ReadConfig(env, &faults);
  if (argc > 1 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h")) {
    std::fputs(env.Describe().c_str(), stdout);
    return 0;
  }
  faults.insert(faults.begin(), env.Faults().begin(), env.Faults().end());
  for (const std::string& fault : faults) std::fprintf(stderr, "lanting-gateway: %s\n", fault.c_str());
  if (!faults.empty()) return 2;
  obs::InitLog("gateway", config.log_level);
  rpc::InstallLogHandlers();
  try {
    return Run(config, stop);
  } catch (const std::exception& e) {
    obs::LogError("cannot serve", {{"reason", e.what()}});
    std::fprintf(stderr, "lanting-gateway: %s\n", e.what());
    return 1;
  }
}
