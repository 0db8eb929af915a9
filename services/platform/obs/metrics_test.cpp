#include "platform/obs/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <sstream>

namespace lanting::obs {
namespace {

using ::testing::HasSubstr;

double Value(const std::string& series) {
  std::istringstream text(MetricsText());
  for (std::string line; std::getline(text, line);) {
    if (line.rfind(series + " ", 0) == 0) return std::stod(line.substr(series.size() + 1));
  }
  ADD_FAILURE() << series << " is missing";
  return -1;
}

TEST(MetricsTest, ProcessGaugesAreReadAtEachScrape) {
  EXPECT_GT(Value("process_resident_memory_bytes"), 1024 * 1024);
  EXPECT_LT(Value("process_resident_memory_bytes"), 4e9);

  double before = Value("process_open_fds");
  int extra[2];
  ASSERT_EQ(pipe(extra), 0);
  EXPECT_EQ(Value("process_open_fds"), before + 2);
  close(extra[0]);
  close(extra[1]);
  EXPECT_EQ(Value("process_open_fds"), before);
}

TEST(MetricsTest, StartTimeIsWhenThisProcessStarted) {
  double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(Value("process_start_time_seconds"), now, 300);
}

TEST(MetricsTest, ASeriesExistsAtZeroFromTheStartAndCounts) {
  auto& joins = prometheus::BuildCounter()
                    .Name("test_joins_total")
                    .Help("Joins.")
                    .Register(*Metrics())
                    .Add({{"outcome", "waiting \"list\""}});
  const std::string series = "test_joins_total{outcome=\"waiting \\\"list\\\"\"}";
  EXPECT_EQ(Value(series), 0);
  joins.Increment(3);
  EXPECT_EQ(Value(series), 3);
}

TEST(MetricsTest, LatencyBucketsRiseFromHalfAMillisecondToTenSeconds) {
  const auto& buckets = LatencyBuckets();
  EXPECT_EQ(buckets.front(), 0.0005);
  EXPECT_EQ(buckets.back(), 10);
  EXPECT_TRUE(std::is_sorted(buckets.begin(), buckets.end()));
}

}  // namespace
}  // namespace lanting::obs
