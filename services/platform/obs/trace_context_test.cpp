#include "platform/obs/trace_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lanting::obs {
namespace {

using ::testing::MatchesRegex;

constexpr const char* kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

TEST(TraceContextTest, AChildKeepsTraceAndFlagsAndHasASpanOfItsOwn) {
  std::string child = ChildTraceparent(kParent);
  EXPECT_THAT(child, MatchesRegex("00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]+-00"));
  EXPECT_EQ(child.size(), 55u);
  EXPECT_NE(child.substr(36, 16), "00f067aa0ba902b7");
  EXPECT_NE(child, ChildTraceparent(kParent));
  EXPECT_EQ(TraceId(child), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(TraceContextTest, AMalformedParentStartsANewTrace) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736", span = "00f067aa0ba902b7";
  for (const std::string& bad :
       {std::string(), std::string("garbage"), std::string(55, '0'), std::string(kParent) + "-extra",
        std::string(kParent).substr(0, 54), "ff-" + trace + "-" + span + "-01",
        "00-00000000000000000000000000000000-" + span + "-01", "00-" + trace + "-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + span + "-01", "00_" + trace + "-" + span + "-01",
        "01-" + trace + "-" + span + "-01x", "0g-" + trace + "-" + span + "-01"}) {
    EXPECT_EQ(TraceId(bad), "") << bad;
    std::string fresh = ChildTraceparent(bad);
    EXPECT_EQ(TraceId(fresh).size(), 32u) << bad;
    EXPECT_NE(TraceId(fresh), trace) << bad;
    EXPECT_EQ(fresh.substr(53), "01") << bad;
  }
}

TEST(TraceContextTest, ALaterVersionIsReadByItsFirstFields) {
  std::string later = "01" + std::string(kParent).substr(2) + "-what-the-future-brings";
  EXPECT_EQ(TraceId(later), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(ChildTraceparent(later).size(), 55u);
}

}  // namespace
}  // namespace lanting::obs
