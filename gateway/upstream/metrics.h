// lanting_upstream_*: series of one upstream. Two upstreams of one name (a gateway that is being replaced) add up.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <string>

namespace lanting::gateway::detail {

// A gauge to which each of several owners gives its part; takes it back when it goes.
class GaugePart {
 public:
  explicit GaugePart(prometheus::Gauge& gauge) : gauge_(gauge) {}
  ~GaugePart() { Set(0); }
  GaugePart(const GaugePart&) = delete;
  void Set(int value) {
    if (value != part_) gauge_.Increment(value - part_);
    part_ = value;
  }

 private:
  prometheus::Gauge& gauge_;
  int part_ = 0;
};

struct Metrics {
  explicit Metrics(const std::string& upstream);

  GaugePart connections, in_flight;
  GaugePart serving, not_serving, ejected, disconnected;  // addresses by state
  prometheus::Counter &retries, &ejections;
};

}  // namespace lanting::gateway::detail
