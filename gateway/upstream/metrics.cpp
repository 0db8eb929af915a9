#include "gateway/upstream/metrics.h"

#include "platform/obs/metrics.h"

namespace lanting::gateway::detail {
namespace {

prometheus::Gauge& Gauge(const char* name, const char* help, const std::map<std::string, std::string>& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(*obs::Metrics()).Add(labels);
}

prometheus::Gauge& AddressGauge(const std::string& upstream, const char* state) {
  return Gauge("lanting_upstream_addresses", "Addresses of a service by state.",
               {{"upstream", upstream}, {"state", state}});
}

prometheus::Counter& Counter(const char* name, const char* help, const std::string& upstream) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(*obs::Metrics()).Add({{"upstream", upstream}});
}

}  // namespace

Metrics::Metrics(const std::string& upstream)
    : connections(Gauge("lanting_upstream_connections", "HTTP/2 connections to a service that take calls.",
                        {{"upstream", upstream}})),
      in_flight(Gauge("lanting_upstream_requests_in_flight", "Calls to a service that have not ended.",
                      {{"upstream", upstream}})),
      serving(AddressGauge(upstream, "serving")),
      not_serving(AddressGauge(upstream, "not_serving")),
      ejected(AddressGauge(upstream, "ejected")),
      disconnected(AddressGauge(upstream, "disconnected")),
      retries(Counter("lanting_upstream_retries_total", "Calls that were tried again.", upstream)),
      ejections(Counter("lanting_upstream_ejections_total", "Addresses that were ejected for failing.", upstream)) {}

}  // namespace lanting::gateway::detail
