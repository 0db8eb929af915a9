#include "platform/pg/batcher_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "platform/obs/metrics.h"

namespace lanting::pg {

BatcherMetrics::BatcherMetrics(const std::string& batcher)
    : queued_(prometheus::BuildGauge()
                  .Name("lanting_batcher_queued")
                  .Help("Rows waiting for a transaction.")
                  .Register(*obs::Metrics())
                  .Add({{"batcher", batcher}})),
      batch_items_(
          prometheus::BuildHistogram()
              .Name("lanting_batcher_batch_items")
              .Help("Items in a transaction.")
              .Register(*obs::Metrics())
              .Add({{"batcher", batcher}}, prometheus::Histogram::BucketBoundaries{1, 2, 5, 10, 20, 50, 100, 200})),
      split_(prometheus::BuildCounter()
                 .Name("lanting_batcher_split_total")
                 .Help("Batches that failed and were run item by item.")
                 .Register(*obs::Metrics())
                 .Add({{"batcher", batcher}})) {}

void BatcherMetrics::Queued(std::size_t rows) { queued_.Set(static_cast<double>(rows)); }
void BatcherMetrics::Flushing(std::size_t items) { batch_items_.Observe(static_cast<double>(items)); }
void BatcherMetrics::SplitUp() { split_.Increment(); }

}  // namespace lanting::pg
