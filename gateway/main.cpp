// lanting-gateway: the REST API in front of the services. Settings: config.cpp, or `lanting-gateway --help`. Refuses to
// start with settings that are wrong (exit 78, EX_CONFIG) and with arguments it does not know (64, EX_USAGE).
#include <csignal>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include "gateway/config.h"
#include "gateway/gateway.h"
#include "gateway/transcode/error_writer.h"
#include "platform/config/command_line.h"
#include "platform/obs/admin.h"
#include "platform/obs/log.h"
#include "platform/rpc/log_handlers.h"

namespace {

using namespace lanting;

int Refuse(const std::vector<std::string>& faults) {
  for (const std::string& fault : faults) obs::LogError("bad setting", {{"setting", fault}});
  return config::kExitConfig;
}

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
  const gateway::Config settings = gateway::ReadConfig(env, &faults);
  if (auto code = config::HandleArguments(argc, argv, "lanting-gateway", env)) return *code;
  obs::InitLog("gateway", settings.log_level);
  faults.insert(faults.begin(), env.Faults().begin(), env.Faults().end());
  if (!faults.empty()) return Refuse(faults);
  rpc::InstallLogHandlers();
  try {
    return Run(settings, stop);
  } catch (const gateway::BadSettings& e) {
    return Refuse(e.faults);
  } catch (const std::exception& e) {  // an address in use
    obs::LogError("cannot start", {{"cause", e.what()}});
    return 1;
  }
}
