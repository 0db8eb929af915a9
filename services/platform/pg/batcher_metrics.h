// What a Batcher tells Prometheus, apart so that the template pulls in no client library:
//   lanting_batcher_queued{batcher}       rows waiting
//   lanting_batcher_batch_items{batcher}  items in a transaction
//   lanting_batcher_split_total{batcher}  batches that failed and were run item by item
#pragma once

#include <cstddef>
#include <string>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace lanting::pg {

class BatcherMetrics {
 public:
  explicit BatcherMetrics(const std::string& batcher);
  void Queued(std::size_t rows);
  void Flushing(std::size_t items);
  void SplitUp();

 private:
  prometheus::Gauge& queued_;
  prometheus::Histogram& batch_items_;
  prometheus::Counter& split_;
};

}  // namespace lanting::pg
