#include "platform/redis/url.h"

#include <gtest/gtest.h>

#include "platform/redis/stream.h"

namespace lanting::redis {
namespace {

TEST(RedisUrl, TcpWithLoginAndDatabase) {
  auto a = ParseUrl("redis://lanting:p@ss@redis.internal:6380/3");
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->host, "redis.internal");
  EXPECT_EQ(a->port, 6380);
  EXPECT_EQ(a->db, 3);
  EXPECT_EQ(a->user, "lanting");
  EXPECT_EQ(a->password, "p@ss");
}

TEST(RedisUrl, HostAloneHasTheDefaults) {
  auto a = ParseUrl("redis://127.0.0.1");
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->port, 6379);
  EXPECT_EQ(a->db, 0);
}

TEST(RedisUrl, UnixSocket) {
  auto a = ParseUrl("unix:///run/lanting/redis.sock?db=2");
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->unix_path, "/run/lanting/redis.sock");
  EXPECT_EQ(a->db, 2);
}

TEST(RedisUrl, RefusesWhatItDoesNotUnderstandWithoutShowingThePassword) {
  for (const char* bad : {"", "http://x", "redis://", "redis://h:0", "redis://h:70000", "redis://h/x", "unix://rel",
                          "redis://:geheim@h:port"}) {
    auto a = ParseUrl(bad);
    ASSERT_FALSE(a.ok()) << bad;
    EXPECT_EQ(a.error().message.find("geheim"), std::string::npos);
  }
}

TEST(Stream, KeysCarryTheClusterHashTag) {
  EXPECT_EQ(StreamKey("membership", 3), "lanting:{membership.3}");
  EXPECT_EQ(DeadLetterKey("audit"), "lanting:dlq:{audit}");
}

TEST(Stream, BucketsNeverMove) {
  // These values are stored in running systems: a change would break the order per subject at an upgrade.
  EXPECT_EQ(BucketOf("communities/兰亭/members/王羲之", 4), BucketOf("communities/兰亭/members/王羲之", 4));
  EXPECT_EQ(BucketOf("", 4), 1);
  EXPECT_EQ(BucketOf("a", 1024), static_cast<int>(0xaf63dc4c8601ec8cull % 1024));
}

TEST(Stream, IdsOrderByNumberNotByText) {
  EXPECT_LT(*StreamId::Parse("999-9"), *StreamId::Parse("1000-0"));
  EXPECT_LT(*StreamId::Parse("5-9"), *StreamId::Parse("5-10"));
  EXPECT_FALSE(StreamId::Parse("5"));
  EXPECT_FALSE(StreamId::Parse("5-"));
  EXPECT_FALSE(StreamId::Parse("x-1"));
}

}  // namespace
}  // namespace lanting::redis
