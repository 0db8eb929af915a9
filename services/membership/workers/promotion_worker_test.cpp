#include "membership/workers/promotion_worker.h"

#include <gtest/gtest.h>

#include "membership/store/join_store.h"
#include "membership/store/join_test_world.h"

namespace lanting::membership {
namespace {

TEST(PromotionWorkerTest, WhoWaitsBesideAFreePlaceComesIn) {
  JoinWorld world;
  const int kWaiting = kMaxPromotions + 30;
  auto joined =
      pg::InTenantTx(world.pool, world.tenant, DeadlineIn(std::chrono::seconds(20)), [&](pg::Tx& tx) -> Result<void> {
        std::vector<JoinItem> items;
        for (int i = 0; i < kWaiting; ++i) items.push_back(world.Person("书友" + std::to_string(i)));
        idempotency::Work work;
        RETURN_IF_ERROR(Join(tx, work, {world.now, ""}, items));
        work.Apply(tx);
        return {};
      });
  ASSERT_TRUE(joined.ok()) << joined.error().internal;
  ASSERT_EQ(world.Count("member WHERE state = 2"), kWaiting);

  PromotionWorker worker(world.pool, Clock::System());
  EXPECT_EQ(worker.RunOnce(), 0);
  // A group that was made by a process that died before it let anybody in; a topic group takes nobody from the queue.
  world.AddGroup(50, 2);
  EXPECT_EQ(worker.RunOnce(), 0);
  const auto group = world.AddGroup(kWaiting - 10);
  EXPECT_EQ(worker.RunOnce(), kWaiting - 10);
  EXPECT_EQ(world.MemberCount(group), kWaiting - 10);
  EXPECT_EQ(world.One("SELECT string_agg(display_name, ',' ORDER BY waiting_ticket) FROM member WHERE state = 2"),
            "书友1020,书友1021,书友1022,书友1023,书友1024,书友1025,书友1026,书友1027,书友1028,书友1029");
  world.ExpectCountersTrue();
  EXPECT_EQ(worker.RunOnce(), 0);
}

TEST(PromotionWorkerTest, ARunningWorkerSweepsByItself) {
  JoinWorld world;
  PromotionWorker worker(world.pool, Clock::System(), {.poll = std::chrono::milliseconds(5)});
  worker.Start();
  auto joined =
      pg::InTenantTx(world.pool, world.tenant, DeadlineIn(std::chrono::seconds(20)), [&](pg::Tx& tx) -> Result<void> {
        idempotency::Work work;
        RETURN_IF_ERROR(Join(tx, work, {world.now, ""}, {world.Person("Rita")}));
        work.Apply(tx);
        return {};
      });
  ASSERT_TRUE(joined.ok()) << joined.error().internal;
  const auto group = world.AddGroup(1);
  for (auto deadline = DeadlineIn(std::chrono::seconds(20)); Remaining(deadline).count() > 0;) {
    if (world.MemberCount(group) == 1) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  worker.Stop();
  EXPECT_EQ(world.MemberCount(group), 1);
  EXPECT_EQ(world.Count("member WHERE state = 1"), 1);
}

}  // namespace
}  // namespace lanting::membership
