#include "gateway/upstream/timeout.h"

#include <gtest/gtest.h>

namespace lanting::gateway {
namespace {

using std::chrono::milliseconds;

TEST(GrpcTimeout, UnitsAndFaults) {
  EXPECT_EQ(ParseGrpcTimeout("10m"), milliseconds(10));
  EXPECT_EQ(ParseGrpcTimeout("2S"), milliseconds(2000));
  EXPECT_EQ(ParseGrpcTimeout("1M"), milliseconds(60'000));
  EXPECT_EQ(ParseGrpcTimeout("99999999H"), milliseconds(359'999'996'400'000));
  EXPECT_EQ(ParseGrpcTimeout("1n"), milliseconds(1)) << "never none at all";
  for (const char* bad : {"", "m", "10", "10x", "-1m", "1.5S", "123456789m", " 1m", "1 m"})
    EXPECT_FALSE(ParseGrpcTimeout(bad).has_value()) << bad;
}

}  // namespace
}  // namespace lanting::gateway
