// The walks that `make demo` and `make demo-communities` show: whatever they tell is so, against the whole suite.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/support/suite.h"

namespace lanting {
namespace {

class WalkTest : public ::testing::TestWithParam<const char*> {};

TEST_P(WalkTest, EverythingIsAsTold) {
  testing::Suite suite;
  const auto log = ::testing::TempDir() + "walk-" + std::to_string(suite.rest_port()) + ".log";
  testing::Child walk({"python3", std::string(LANTING_SOURCE_DIR "/infra/dev/") + GetParam()},
                      {{"LANTING_URL", "http://127.0.0.1:" + std::to_string(suite.rest_port())},
                       {"LANTING_KEY", suite.key()},
                       {"PYTHONIOENCODING", "utf-8"}},
                      log);
  EXPECT_TRUE(testing::Eventually([&] { return walk.Ended(); }, 240)) << "still walking";
  std::stringstream told;
  told << std::ifstream(log).rdbuf();
  EXPECT_EQ(walk.ExitCode(), 0) << told.str();
}

INSTANTIATE_TEST_SUITE_P(Walks, WalkTest, ::testing::Values("demo", "demo_communities"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace lanting
