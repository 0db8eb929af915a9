#include "gateway/access.h"

#include <charconv>
#include <string_view>

#include "platform/obs/log.h"
#include "platform/obs/metrics.h"

namespace lanting::gateway {
namespace {

constexpr const char* kUnmatched = "unmatched";

}  // namespace

Access::Access(const RouteTable& table)
    : requests_(prometheus::BuildCounter()
                    .Name("http_server_requests_total")
                    .Help("HTTP requests answered, by method, route template and status.")
                    .Register(*obs::Metrics())),
      durations_(prometheus::BuildHistogram()
                     .Name("http_server_request_duration_seconds")
                     .Help("Time from the end of a request to its answer.")
                     .Register(*obs::Metrics())) {
  for (const auto& route : table.routes()) series_.emplace(route.get(), Make(route->http_method, route->text));
  series_.emplace(nullptr, Make("other", kUnmatched));
}

Access::Series Access::Make(const std::string& method, const std::string& route) {
  return {&requests_.Add({{"method", method}, {"route", route}, {"code", "200"}}),
          &durations_.Add({{"method", method}, {"route", route}}, obs::LatencyBuckets())};
}

void Access::Record(const Visit& visit, int status, const std::string& cause) {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - visit.start).count();
  const Series& series = series_.at(visit.route);
  const std::string_view route = visit.route == nullptr ? kUnmatched : std::string_view(visit.route->text);
  series.duration->Observe(seconds);
  if (status == 200) {
    series.ok->Increment();
  } else {
    requests_
        .Add({{"method", visit.route == nullptr ? "other" : visit.route->http_method},
              {"route", std::string(route)},
              {"code", std::to_string(status)}})
        .Increment();
  }
  if (status < 500 && !obs::InfoIsOn()) return;
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, seconds * 1000, std::chars_format::fixed, 3).ptr;
  std::string duration_ms(text, end);
  (status >= 500 ? obs::Warn : obs::Info)("request", {{"method", visit.http_method.substr(0, 16)},
                                                      {"route", std::string(route)},
                                                      {"status", std::to_string(status)},
                                                      {"duration_ms", std::move(duration_ms)},
                                                      {"trace_id", std::string(visit.trace_id())},
                                                      {"tenant", visit.tenant},
                                                      {"key", visit.key},
                                                      {"cause", cause}});
}

}  // namespace lanting::gateway
