// What is known of every request afterwards: http_server_requests_total, http_server_request_duration_seconds and one
// log line. Routes are named by template; no query, no name, no credential is recorded.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/transcode/route_table.h"

namespace lanting::gateway {

struct Visit {
  std::string http_method;
  const Route* route = nullptr;  // nullptr: none matched
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  std::string traceparent;  // of our own making
  std::string tenant;       // empty: not known
  std::string key;          // "keys/<id>", of one that was accepted

  std::string_view trace_id() const { return std::string_view(traceparent).substr(3, 32); }
};

class Access {
 public:
  // The series of every route exist from the start.
  explicit Access(const RouteTable& table);
  // `cause` is for the log only. Thread safe.
  void Record(const Visit& visit, int status, const std::string& cause);

 private:
  struct Series {
    prometheus::Counter* ok;
    prometheus::Histogram* duration;
  };
  Series Make(const std::string& method, const std::string& route);

  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& durations_;
  std::unordered_map<const Route*, Series> series_;  // not changed after construction; nullptr: unmatched
};

}  // namespace lanting::gateway
