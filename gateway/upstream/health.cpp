#include "gateway/upstream/health.h"

#include "platform/obs/log.h"

namespace lanting::gateway {
namespace {

constexpr std::chrono::milliseconds kInterval{500}, kTimeout{1000};

// grpc.health.v1.HealthCheckResponse{status: SERVING}, field 1 varint 1: the whole message, so that it needs no
// generated code. The request (no service name: the server as a whole) is empty.
constexpr std::string_view kServing("\x08\x01", 2);

}  // namespace

HealthWatch::HealthWatch(std::vector<Upstream*> upstreams) {
  for (Upstream* upstream : upstreams) probes_.push_back({upstream, std::make_shared<std::atomic<bool>>(false)});
  thread_.Start([this] { Run(); });
}

std::vector<std::string> HealthWatch::NotServing() const {
  std::vector<std::string> names;
  for (const Probe& probe : probes_)
    if (!probe.serving->load()) names.push_back(probe.upstream->name());
  return names;
}

void HealthWatch::Run() {
  while (!thread_.stopping()) {
    for (const Probe& probe : probes_) {
      probe.upstream->Call({.method = "/grpc.health.v1.Health/Check", .timeout = kTimeout},
                           [serving = probe.serving, name = probe.upstream->name()](Result<std::string> reply) {
                             const bool now = reply.ok() && *reply == kServing;
                             if (serving->exchange(now) != now)
                               obs::Info(now ? "upstream serves" : "upstream does not serve", {{"upstream", name}});
                           });
    }
    thread_.Sleep(kInterval);
  }
}

}  // namespace lanting::gateway
