// lantingctl status: is everything up, and how far behind are the streams.
#include <map>
#include <sstream>

#include "context.h"
#include "platform/base/strings.h"
#include "platform/http/client.h"
#include "platform/redis/client.h"

namespace lanting::ctl {
namespace {

struct ProcessStatus {
  std::string address;
  bool alive = false, ready = false;
  std::string not_ready;
  std::map<std::string, double> metrics;  // of the few that matter here
};

constexpr std::string_view kMetrics[] = {"lanting_outbox_oldest_age_seconds", "lanting_consumer_lag_entries",
                                         "lanting_dead_letters", "process_resident_memory_bytes"};

// Sum over the series of each metric that is shown.
std::map<std::string, double> ReadMetrics(const std::string& text) {
  std::map<std::string, double> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    for (auto metric : kMetrics) {
      if (!line.starts_with(metric)) continue;
      char next = line.size() > metric.size() ? line[metric.size()] : ' ';
      if (next != ' ' && next != '{') continue;
      auto space = line.rfind(' ');
      out[std::string(metric)] += std::strtod(line.c_str() + space, nullptr);
    }
  }
  return out;
}

ProcessStatus Ask(const Context& context, const std::string& address) {
  ProcessStatus status{.address = address};
  auto colon = address.rfind(':');
  auto host = address.substr(0, colon);
  int port = colon == std::string::npos ? 0 : std::atoi(address.c_str() + colon + 1);
  auto get = [&](std::string_view path) { return http::Fetch(host, port, "GET", path, {}, "", context.deadline()); };
  auto ready = get("/readyz");
  if (!ready.ok()) return status;
  status.alive = true;
  status.ready = ready->status == 200;
  if (!status.ready) status.not_ready = std::string(Trim(ready->body));
  if (auto metrics = get("/metrics"); metrics.ok()) status.metrics = ReadMetrics(metrics->body);
  return status;
}

std::string Shown(const ProcessStatus& status, std::string_view metric, double unit, const char* format) {
  auto found = status.metrics.find(std::string(metric));
  if (found == status.metrics.end()) return "-";
  char text[64];
  std::snprintf(text, sizeof text, format, found->second / unit);
  return text;
}

// The services stay ready without Redis (events wait in the outbox), so it has a line of its own. The address is shown
// without user and password.
ProcessStatus AskRedis(const Context& context) {
  auto host = std::string_view(context.redis_url);
  if (auto scheme = host.find("://"); scheme != std::string_view::npos) host.remove_prefix(scheme + 3);
  if (auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  ProcessStatus status{.address = "redis " + std::string(host)};
  const auto patience = std::chrono::milliseconds(std::min(context.timeout_s * 1000, 2000));
  redis::Client client({.url = context.redis_url, .connect_timeout = patience, .command_timeout = patience});
  auto pong = client.Command({"PING"});
  status.alive = pong.ok();
  status.ready = pong.ok() && !pong->error();
  if (!pong.ok()) {
    status.not_ready = pong.error().internal;
  } else if (pong->error()) {
    status.not_ready = pong->text;
  }
  return status;
}

void PrintJson(const ProcessStatus& status, std::string_view state) {
  std::string metrics;
  for (const auto& [name, value] : status.metrics) {
    metrics += (metrics.empty() ? "\"" : ",\"") + name + "\":" + std::to_string(value);
  }
  std::printf("{\"address\":%s,\"state\":%s,\"detail\":%s,\"metrics\":{%s}}\n",
              ToJson(std::string_view(status.address)).c_str(), ToJson(state).c_str(),
              ToJson(std::string_view(status.not_ready)).c_str(), metrics.c_str());
}

}  // namespace

void AddStatus(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "status", "whether each process, and Redis if --redis is given, is alive and ready, and how far behind it is");
  static std::vector<std::string> addresses;
  command->add_option("--admin", addresses, "admin address (host:port) of a process; repeatable")
      ->envname("LANTING_ADMIN_ADDRESSES")
      ->delimiter(',')
      ->default_val(std::vector<std::string>{"127.0.0.1:9200", "127.0.0.1:9201"});
  command->callback([&] {
    std::vector<Cells> rows;
    auto add = [&](const ProcessStatus& status) {
      if (!status.ready) context.exit_code = kUnavailable;
      const char* state = !status.alive ? "down" : status.ready ? "ready" : "not ready";
      if (context.json) return PrintJson(status, state);
      rows.push_back({status.address, state, Shown(status, kMetrics[0], 1, "%.1f s"),
                      Shown(status, kMetrics[1], 1, "%.0f"), Shown(status, kMetrics[2], 1, "%.0f"),
                      Shown(status, kMetrics[3], 1024 * 1024, "%.1f MiB"), status.not_ready});
    };
    for (const auto& address : addresses) add(Ask(context, address));
    if (!context.redis_url.empty()) add(AskRedis(context));
    if (!context.json) {
      PrintTable({"ADDRESS", "STATE", "OLDEST FACT", "LAG", "DEAD LETTERS", "MEMORY", "DETAIL"}, rows);
    }
  });
}

}  // namespace lanting::ctl
