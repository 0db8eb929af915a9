// lantingctl status: is everything up, and how far behind are the streams.
#include <map>
#include <sstream>

#include "context.h"
#include "platform/base/strings.h"
#include "platform/http/client.h"

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

}  // namespace

void AddStatus(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("status", "whether each process is alive and ready, and how far behind it is");
  static std::vector<std::string> addresses;
  command->add_option("--admin", addresses, "admin address (host:port) of a process; repeatable")
      ->envname("LANTING_ADMIN_ADDRESSES")
      ->delimiter(',')
      ->default_val(std::vector<std::string>{"127.0.0.1:9200", "127.0.0.1:9201"});
  command->callback([&] {
    std::vector<Cells> rows;
    for (const auto& address : addresses) {
      auto status = Ask(context, address);
      if (!status.ready) context.exit_code = kUnavailable;
      std::string state = !status.alive ? "down" : status.ready ? "ready" : "not ready";
      if (context.json) {
        std::string metrics;
        for (const auto& [name, value] : status.metrics) {
          metrics += (metrics.empty() ? "\"" : ",\"") + name + "\":" + std::to_string(value);
        }
        std::printf("{\"address\":%s,\"state\":\"%s\",\"detail\":%s,\"metrics\":{%s}}\n",
                    ToJson(std::string_view(address)).c_str(), state.c_str(),
                    ToJson(std::string_view(status.not_ready)).c_str(), metrics.c_str());
      }
      rows.push_back({address, state, Shown(status, kMetrics[0], 1, "%.1f s"), Shown(status, kMetrics[1], 1, "%.0f"),
                      Shown(status, kMetrics[2], 1, "%.0f"), Shown(status, kMetrics[3], 1024 * 1024, "%.1f MiB"),
                      status.not_ready});
    }
    if (!context.json) {
      PrintTable({"ADDRESS", "STATE", "OLDEST FACT", "LAG", "DEAD LETTERS", "MEMORY", "DETAIL"}, rows);
    }
  });
}

}  // namespace lanting::ctl
