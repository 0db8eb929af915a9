#include "platform/obs/metrics.h"

#include <prometheus/gauge.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace lanting::obs {
namespace {

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double OpenFds() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end; it.increment(error)) {
    ++count;
  }
  return count - 1;  // the one that reads the directory
}

// Unix time at which the kernel started the process: field 22 of /proc/self/stat (ticks since boot) plus btime.
double StartTimeSeconds() {
  std::ifstream stat("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  auto after_name = text.rfind(')');  // the name may hold spaces
  if (after_name == std::string::npos) return 0;
  std::istringstream fields(text.substr(after_name + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  double ticks = 0, boot = 0;
  fields >> ticks;
  std::ifstream system("/proc/stat");
  for (std::string word; system >> word;) {
    if (word == "btime") {
      system >> boot;
      break;
    }
  }
  return boot + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

struct ProcessGauges {
  prometheus::Gauge &resident, &fds, &start;
};

prometheus::Gauge& ProcessGauge(const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(*Metrics()).Add({});
}

ProcessGauges& Process() {
  static ProcessGauges gauges{
      ProcessGauge("process_resident_memory_bytes", "Resident memory size in bytes."),
      ProcessGauge("process_open_fds", "Number of open file descriptors."),
      ProcessGauge("process_start_time_seconds", "Start time of the process since the Unix epoch in seconds.")};
  static const bool started = (gauges.start.Set(StartTimeSeconds()), true);
  (void)started;
  return gauges;
}

}  // namespace

const std::shared_ptr<prometheus::Registry>& Metrics() {
  static const auto& registry = *new auto(std::make_shared<prometheus::Registry>());
  return registry;
}

std::string MetricsText() {
  auto& process = Process();
  process.resident.Set(ResidentBytes());
  process.fds.Set(OpenFds());
  return prometheus::TextSerializer().Serialize(Metrics()->Collect());
}

const prometheus::Histogram::BucketBoundaries& LatencyBuckets() {
  static const prometheus::Histogram::BucketBoundaries buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                               0.1,    0.25,  0.5,    1,     2.5,  5,     10};
  return buckets;
}

}  // namespace lanting::obs
