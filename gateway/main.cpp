// lanting-gateway: the REST API in front of the services. Settings: config.cpp, or `lanting-gateway --help`. Refuses to
// start with settings that are wrong (exit 78, EX_CONFIG) and with arguments it does not know (64, EX_USAGE).
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/config.h"
#include "gateway/edge.h"
#include "gateway/gateway.h"
#include "gateway/transcode/error_writer.h"
#include "platform/config/command_line.h"
#include "platform/config/settings_file.h"
#include "platform/obs/admin.h"
#include "platform/obs/log.h"
#include "platform/rpc/log_handlers.h"

namespace {

using namespace lanting;

struct Settings {
  gateway::Config config;
  std::vector<std::string> faults;
};

// From the environment, and from the file that LANTING_SETTINGS_FILE names. `with` sees the reader before the file
// goes.
template <typename With>
Settings ReadSettings(With with) {
  Settings s;
  const char* path = std::getenv("LANTING_SETTINGS_FILE");  // NOLINT(*-mt-unsafe): nothing here writes the environment
  const auto file = config::SettingsFile::Read(path == nullptr ? "" : path, &s.faults);
  config::Reader env(file.Over(config::Reader::Environment()));
  (void)env.String("LANTING_SETTINGS_FILE", "", "NAME=VALUE lines over the environment; read again on SIGHUP");
  s.config = gateway::ReadConfig(env, &s.faults);
  file.RefuseUnknown(env, &s.faults);
  s.faults.insert(s.faults.begin(), env.Faults().begin(), env.Faults().end());
  with(env);
  return s;
}

int Refuse(const std::vector<std::string>& faults) {
  for (const std::string& fault : faults) obs::LogError("bad setting", {{"setting", fault}});
  return config::kExitConfig;
}

// Blocked in every thread, so that the main thread can wait for them.
sigset_t OurSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

// SIGHUP: new settings take over without a request failing; with a fault among them everything stays as it is.
void Reload(gateway::Edge& edge, http::Server& server, const std::shared_ptr<http::Io>& io,
            const gateway::Listening& running) {
  Settings next = ReadSettings([](const config::Reader&) {});
  if (next.faults.empty()) {
    try {
      edge.Replace([&] { return std::make_unique<gateway::Gateway>(next.config, io); });
    } catch (const gateway::BadSettings& e) {
      next.faults = e.faults;
    } catch (const std::exception& e) {
      next.faults = {e.what()};
    }
  }
  if (!next.faults.empty()) {
    Refuse(next.faults);
    return obs::Warn("settings not taken: the ones before stay");
  }
  if (auto reloaded = server.ReloadTls(); !reloaded.ok())
    obs::Warn("certificate not taken: the one before stays", {{"cause", reloaded.error().internal}});
  if (!(next.config.listening == running))
    obs::Warn(
        "some settings need another start: those of the listener: addresses, threads, limits, names of TLS files");
  obs::InitLog("gateway", next.config.log_level);
  obs::Info("settings taken");
}

std::optional<http::TlsOptions> TlsOf(const gateway::Listening& listening) {
  if (listening.tls.certificate_file.empty()) return std::nullopt;
  return listening.tls;
}

int Run(gateway::Config config, const sigset_t& signals) {
  const auto io = std::make_shared<http::Io>(config.listening.threads);
  gateway::Edge edge([&] { return std::make_unique<gateway::Gateway>(config, io); });
  http::Server server({.address = config.listening.http_address,
                       .io = io,
                       .limits = config.listening.limits,
                       .http2 = config.listening.http2,
                       .gzip_level = config.listening.gzip_level,
                       .error_body = gateway::ServerErrorResponse,
                       .admit = [&edge](const http::Request& request) { return edge.Admit(request); },
                       .tls = TlsOf(config.listening),
                       .on_exception =
                           [](std::string_view what) {
                             obs::LogError("a handler threw", {{"what", std::string(what)}});
                           }},
                      [&edge](std::shared_ptr<http::Exchange> exchange) { edge.Serve(std::move(exchange)); });
  obs::AdminServer admin(config.listening.admin_address, [&edge] { return edge.NotReady(); });
  obs::Info("serving", {{"port", std::to_string(server.port())}, {"admin_port", std::to_string(admin.port())}});
  const timespec pause{.tv_sec = 1};
  int signal = 0;
  while (signal != SIGTERM && signal != SIGINT) {
    signal = sigtimedwait(&signals, nullptr, &pause);
    if (signal == SIGHUP) Reload(edge, server, io, config.listening);
    edge.Reap();
  }
  obs::Info("draining", {{"signal", sigabbrev_np(signal)}});
  edge.StartDraining();
  server.Drain(config.drain);
  admin.Drain(std::chrono::milliseconds(500));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const sigset_t signals = OurSignals();
  std::signal(SIGPIPE, SIG_IGN);
  std::optional<int> code;
  Settings settings = ReadSettings(
      [&](const config::Reader& env) { code = config::HandleArguments(argc, argv, "lanting-gateway", env); });
  if (code) return *code;
  obs::InitLog("gateway", settings.config.log_level);
  if (!settings.faults.empty()) return Refuse(settings.faults);
  rpc::InstallLogHandlers();
  try {
    return Run(std::move(settings.config), signals);
  } catch (const gateway::BadSettings& e) {
    return Refuse(e.faults);
  } catch (const std::exception& e) {  // an address in use
    obs::LogError("cannot start", {{"cause", e.what()}});
    return 1;
  }
}
