#include "platform/resource/etag.h"

#include <gtest/gtest.h>

namespace lanting::resource {
namespace {

TEST(Etag, AbsentAgreesOtherIsRefused) {
  EXPECT_TRUE(CheckEtag("", 7).ok());
  EXPECT_TRUE(CheckEtag("\"7\"", 7).ok());
  EXPECT_TRUE(CheckEtag("*", 7).ok());
  EXPECT_TRUE(CheckEtag(Etag(7, {10'003, 1}), 7).ok()) << "who joined meanwhile does not matter";
  EXPECT_NE(Etag(7, {10'003, 1}), Etag(7, {10'004, 1}));
  for (const char* other : {"\"70\"", "\"6.7\"", "\"7.", "7", "\"7", "\"\"", "\".7\"", "W/\"7\""})
    EXPECT_FALSE(CheckEtag(other, 7).ok()) << other;
  auto refused = CheckEtag(Etag(6, {7}), 7);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason, "ETAG_MISMATCH");
  EXPECT_EQ(refused.error().code, Code::kAborted);
}

}  // namespace
}  // namespace lanting::resource
