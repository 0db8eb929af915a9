#include "platform/pg/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "platform/pg/probe.h"
#include "platform/pg/role_check.h"

namespace lanting::pg {
namespace {

using namespace std::chrono_literals;
using probe::Probe;
using probe::Soon;
using testing::PgRole;
using testing::PgServer;

Result<std::int64_t> SelectOne(Pool& pool, Deadline deadline) {
  return ReadTenant(pool, Id::New(), deadline, [](Tx& tx) -> Result<std::int64_t> {
    return GetInt(tx.Run({"one", "SELECT 1"})[0][0]);
  });
}

Result<bool> Execute(Pool& pool, const std::string& sql, Deadline deadline) {
  return InTenantTx(pool, Id::New(), deadline, [&](Tx& tx) -> Result<bool> {
    tx.RunDynamic(sql, {});
    return true;
  });
}

std::chrono::milliseconds Took(const std::function<void()>& f) {
  auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
}

TEST(PoolTest, APassedDeadlineTouchesNothing) {
  Pool pool({.url = "host=/nonexistent"});
  EXPECT_EQ(SelectOne(pool, DeadlineIn(-1ms)).error().code, Code::kDeadlineExceeded);
  auto down = SelectOne(pool, Soon());
  EXPECT_EQ(down.error().code, Code::kUnavailable);
  EXPECT_EQ(down.error().metadata.at("dependency"), "postgres");
  EXPECT_EQ(pool.stats().open, 0u);
}

TEST(PoolTest, ACallerWaitsForAConnectionUntilItsDeadline) {
  Probe p;
  auto options = p.Options();
  options.size = 1;
  Pool pool(options);
  auto outer = ReadTenant(pool, Id::New(), Soon(), [&](Tx&) -> Result<bool> {
    EXPECT_EQ(pool.stats().in_use, 1u);
    EXPECT_EQ(SelectOne(pool, DeadlineIn(30ms)).error().code, Code::kDeadlineExceeded);
    return true;
  });
  EXPECT_TRUE(outer.ok());
  std::vector<std::thread> threads;
  std::atomic<int> ok = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) ok += SelectOne(pool, Soon()).ok();
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(ok, 160);
  EXPECT_EQ(pool.stats().open, 1u);
  EXPECT_EQ(pool.stats().in_use, 0u);
}

TEST(PoolTest, ACallerWithoutADeadlineIsServed) {
  Probe p;
  Pool pool(p.Options());
  EXPECT_TRUE(SelectOne(pool, Deadline::max()).ok());
}

TEST(PoolTest, TimeoutsOfTheServerAreTold) {
  Probe p;
  auto options = p.Options();
  options.lock_timeout = 50ms;
  Pool pool(options);
  EXPECT_EQ(Execute(pool, "SELECT pg_sleep(20)", DeadlineIn(100ms)).error().code, Code::kDeadlineExceeded);
  auto holder = InTenantTx(pool, Id::New(), Soon(), [&](Tx& tx) -> Result<bool> {
    tx.RunDynamic("SELECT pg_advisory_xact_lock(1)", {});
    auto busy = Execute(pool, "SELECT pg_advisory_xact_lock(1)", Soon());
    EXPECT_EQ(busy.error().code, Code::kResourceExhausted);
    EXPECT_EQ(busy.error().reason, "RESOURCE_BUSY");
    EXPECT_GT(busy.error().retry_after_ms.value_or(0), 0);
    return true;
  });
  EXPECT_TRUE(holder.ok());
  // A body that is late between two statements does not send the second.
  auto late = InTenantTx(pool, Id::New(), DeadlineIn(200ms), [&](Tx& tx) -> Result<bool> {
    std::this_thread::sleep_until(tx.deadline());
    tx.RunDynamic("SELECT 1", {});
    return true;
  });
  EXPECT_EQ(late.error().code, Code::kDeadlineExceeded);
  EXPECT_TRUE(SelectOne(pool, Soon()).ok());
}

TEST(PoolTest, SerializationFailuresAreRetriedThreeTimes) {
  Probe p;
  Pool pool(p.Options());
  for (const char* state : {"40001", "40P01"}) {
    int runs = 0;
    auto failing = [&](int failures) {
      runs = 0;
      return InTenantTx(pool, Id::New(), Soon(), [&](Tx& tx) -> Result<int> {
        if (++runs <= failures) {
          tx.RunDynamic(std::string("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '") + state + "'; END $$", {});
        }
        return runs;
      });
    };
    EXPECT_EQ(*failing(2), 3);
    EXPECT_EQ(failing(5).error().reason, "CONCURRENT_WRITE");
    EXPECT_EQ(runs, 3);
  }
}

TEST(PoolTest, DeadlockedTransactionsBothSucceed) {
  Probe p;
  p.db.Query("ALTER DATABASE " + p.db.name() + " SET deadlock_timeout = '20ms'");
  Pool pool(p.Options());
  std::barrier both(2);
  auto cross = [&](int first, int second) {
    bool met = false;
    return InTenantTx(pool, Id::New(), Soon(), [&](Tx& tx) -> Result<bool> {
      tx.RunDynamic("SELECT pg_advisory_xact_lock($1)", {ToParam(first)});
      if (!std::exchange(met, true)) both.arrive_and_wait();
      tx.RunDynamic("SELECT pg_advisory_xact_lock($1)", {ToParam(second)});
      return true;
    });
  };
  Result<bool> other = false;
  std::thread thread([&] { other = cross(2, 1); });
  auto mine = cross(1, 2);
  thread.join();
  EXPECT_TRUE(mine.ok()) << mine.error().internal;
  EXPECT_TRUE(other.ok()) << other.error().internal;
}

TEST(PoolTest, SessionsThatDiedWhileIdleAreReplacedUnnoticed) {
  Probe p;
  Pool pool(p.Options());
  auto warm = [&] {
    std::barrier all(4);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        auto held = ReadTenant(pool, Id(), Soon(), [&](Tx&) -> Result<bool> {
          all.arrive_and_wait();
          return true;
        });
        EXPECT_TRUE(held.ok());
      });
    }
    for (auto& t : threads) t.join();
  };
  warm();
  ASSERT_EQ(pool.stats().open, 4u);
  PgServer::Get().Restart();
  EXPECT_TRUE(SelectOne(pool, Soon()).ok());
  EXPECT_EQ(pool.stats().open, 1u);
  PgServer::Get().Stop();
  EXPECT_EQ(SelectOne(pool, Soon()).error().code, Code::kUnavailable);
  PgServer::Get().Start();
  EXPECT_TRUE(SelectOne(pool, Soon()).ok());
}

TEST(PoolTest, ASessionLostInTheMiddleIsUnavailable) {
  Probe p;
  Pool pool(p.Options());
  auto lost = InTenantTx(pool, Id::New(), Soon(), [&](Tx& tx) -> Result<bool> {
    auto pid = GetString(tx.RunDynamic("SELECT pg_backend_pid()", {})[0][0]);
    p.db.Query("SELECT pg_terminate_backend(" + pid + ", 5000)");
    tx.RunDynamic("SELECT 1", {});
    return true;
  });
  EXPECT_EQ(lost.error().code, Code::kUnavailable);
  EXPECT_FALSE(CommitInDoubt(lost.error()));
  EXPECT_EQ(pool.stats().open, 0u);
  EXPECT_TRUE(SelectOne(pool, Soon()).ok());
}

// A server that hangs answers neither queries nor connection attempts.
TEST(PoolTest, AHangingServerDoesNotHoldACallerPastItsDeadline) {
  Probe p;
  Pool pool(p.Options());
  ASSERT_TRUE(SelectOne(pool, Soon()).ok());
  auto& server = PgServer::Get();
  server.Pause();
  for (const char* which : {"pooled session", "new session"}) {
    auto took = Took([&] { EXPECT_EQ(SelectOne(pool, DeadlineIn(300ms)).error().transient(), true) << which; });
    EXPECT_GE(took, 250ms) << which;
    EXPECT_LT(took, 2s) << which;
  }
  server.Resume();
  EXPECT_TRUE(SelectOne(pool, Soon()).ok());
}

TEST(RoleCheckTest, OnlyARoleThatTheWallBindsIsAccepted) {
  Probe p;
  auto check = [&](const std::string& url) {
    Pool pool({.url = url});
    return CheckRole(pool, "probe", Soon());
  };
  EXPECT_TRUE(check(p.Url(PgRole::kApp)).ok());
  EXPECT_TRUE(check(p.Url(PgRole::kRelay)).ok());
  for (auto role : {PgRole::kOwner, PgRole::kSuperuser}) {
    auto refused = check(p.Url(role));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().reason, "UNSAFE_ROLE");
  }
  auto& server = PgServer::Get();
  p.db.Query(
      "DROP ROLE IF EXISTS bypasser, heir; CREATE ROLE bypasser LOGIN BYPASSRLS; CREATE ROLE heir LOGIN IN ROLE "
      "probe_owner");
  EXPECT_EQ(check(server.Url(p.db.name(), "bypasser")).error().reason, "UNSAFE_ROLE");
  EXPECT_EQ(check(server.Url(p.db.name(), "heir")).error().reason, "UNSAFE_ROLE");
  p.db.Query("DROP ROLE bypasser, heir");
  EXPECT_EQ(check("host=/nonexistent").error().code, Code::kUnavailable);
}

TEST(RoleCheckTest, AnOldSchemaIsRefused) {
  Probe p;
  Pool pool(p.Options());
  EXPECT_EQ(*CheckSchema(pool, "probe", 101, Soon()), 101);
  EXPECT_EQ(*CheckSchema(pool, "probe", 1, Soon()), 101);
  EXPECT_EQ(CheckSchema(pool, "probe", 102, Soon()).error().reason, "SCHEMA_TOO_OLD");
  p.db.Query("DROP TABLE probe.schema_migrations");
  EXPECT_EQ(CheckSchema(pool, "probe", 1, Soon()).error().reason, "SCHEMA_TOO_OLD");
}

}  // namespace
}  // namespace lanting::pg
