// The process-wide Prometheus registry (prometheus-cpp) and its text form. Series are created when their owner is
// built, so that each exists at 0 from the start.
#pragma once

#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>

namespace lanting::obs {

const std::shared_ptr<prometheus::Registry>& Metrics();
// Text exposition format 0.0.4 of everything in the registry.
std::string MetricsText();
// Bounds in seconds for request latencies, 0.5 ms to 10 s.
const prometheus::Histogram::BucketBoundaries& LatencyBuckets();

}  // namespace lanting::obs
