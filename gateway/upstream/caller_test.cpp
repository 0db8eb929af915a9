#include "gateway/upstream/caller.h"

#include <gtest/gtest.h>

#include <atomic>

namespace lanting::gateway {
namespace {

TEST(Upstream, MayEndWhileItsLastCallIsAnswered) {
  constexpr int kTimes = 300;
  std::atomic<int> answered{0};
  for (int i = 0; i < kTimes; ++i) {
    Upstream upstream("nowhere", "127.0.0.1:1", 1);
    upstream.Call({.method = "/grpc.health.v1.Health/Check", .timeout = std::chrono::milliseconds(500)},
                  [&](Result<std::string> reply) {
                    EXPECT_FALSE(reply.ok());
                    ++answered;
                  });
  }
  EXPECT_EQ(answered, kTimes) << "the end waits for the answers";
}

}  // namespace
}  // namespace lanting::gateway
