#include "membership/workers/import_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "membership/store/join_test_world.h"
#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

constexpr int kSkip = 2, kRefuse = 1;

class ImportWorkerTest : public ::testing::Test {
 protected:
  JoinWorld world;

  Id AddImport(const std::string& csv, int rows, int bad_rows, bool validate_only = false) {
    auto id = Id::New();
    world.db.Query(
        "INSERT INTO membership.member_import (tenant_id, id, community_id, state, bad_rows, validate_only, csv, "
        "traceparent, row_count, version, create_time) VALUES ('" +
        world.tenant.ToUuid() + "', '" + id.ToUuid() + "', '" + world.community.ToUuid() + "', 1, " +
        std::to_string(bad_rows) + ", " + (validate_only ? "true" : "false") + ", decode('" + HexEncode(csv) +
        "', 'hex'), '', " + std::to_string(rows) + ", 1, now())");
    return id;
  }
  // People without ids: nothing but the worker keeps them from coming in twice.
  static std::string People(int count) {
    std::string csv = "昵称\n";
    for (int i = 0; i < count; ++i) csv += "书友" + std::to_string(i) + "\n";
    return csv;
  }
  std::string Get(const Id& import, const std::string& column) {
    return world.One("SELECT " + column + " FROM member_import WHERE id = '" + import.ToUuid() + "'");
  }
  bool AwaitNot(const Id& import, const std::string& column, const std::string& value) {
    for (auto deadline = DeadlineIn(std::chrono::seconds(30)); Remaining(deadline).count() > 0;) {
      if (Get(import, column) != value) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
};

TEST_F(ImportWorkerTest, TwoReplicasImportNobodyTwice) {
  pg::Pool other_pool{{.url = world.db.Url("membership", testing::PgRole::kApp)}};
  world.AddGroup(100'000);
  const int kRows = 60;
  for (int round = 1; round <= 8; ++round) {
    auto import = AddImport(People(kRows), kRows, kSkip);
    auto work = [&](pg::Pool& pool) {
      ImportWorker worker(pool, Clock::System(), {.chunk_rows = 1});
      for (auto deadline = DeadlineIn(std::chrono::seconds(30)); Remaining(deadline).count() > 0;) {
        worker.RunPending();
        if (Get(import, "state") != "1") return;
      }
    };
    std::thread replica([&] { work(other_pool); });
    work(world.pool);
    replica.join();
    ASSERT_EQ(Get(import, "state"), "2");
    EXPECT_EQ(Get(import, "imported_count"), std::to_string(kRows));
    ASSERT_EQ(world.Count("member"), round * kRows);
  }
  world.ExpectCountersTrue();
}

TEST_F(ImportWorkerTest, StopEndsAnImportInOneTransactionWhichBeginsAnewElsewhere) {
  world.AddGroup(100'000);
  const int kRows = 3000;
  auto import = AddImport(People(kRows), kRows, kRefuse);
  ImportWorker worker(world.pool, Clock::System(), {.chunk_rows = 1});
  worker.Start();
  ASSERT_TRUE(AwaitNot(import, "processed_count", "0"));
  worker.Stop();
  ASSERT_EQ(Get(import, "state"), "1");
  EXPECT_EQ(world.Count("member"), 0);
  EXPECT_EQ(ImportWorker(world.pool, Clock::System()).RunPending(), 1);
  EXPECT_EQ(Get(import, "imported_count"), std::to_string(kRows));
  EXPECT_EQ(world.Count("member"), kRows);
  world.ExpectCountersTrue();
}

TEST_F(ImportWorkerTest, ATrialWaitsForNobodyAndKeepsNobodyWaiting) {
  world.AddGroup(3);
  const auto dry = AddImport(People(5), 5, kRefuse, true);
  const auto bad = AddImport("昵称,external_id\n王羲之,lan-1\n谢安,lan-1\n", 2, kRefuse);
  ImportWorker worker(world.pool, Clock::System(), {.whole_timeout = std::chrono::milliseconds(3000)});
  // While somebody holds the lock that every join takes.
  auto held =
      pg::InTenantTx(world.pool, world.tenant, DeadlineIn(std::chrono::seconds(30)), [&](pg::Tx& tx) -> Result<int> {
        EXPECT_TRUE(LockCommunity(tx, world.community));
        return worker.RunPending();
      });
  ASSERT_TRUE(held.ok()) << held.error().internal;
  EXPECT_EQ(*held, 2);
  EXPECT_EQ(Get(dry, "state || ' ' || imported_count || ' ' || waiting_count || ' ' || bad_row_count"), "2 5 2 0");
  EXPECT_EQ(Get(bad, "state || ' ' || imported_count || ' ' || bad_row_count || ' ' || error_reason"),
            "3 0 1 IMPORT_HAS_BAD_ROWS");
  EXPECT_EQ(world.One("SELECT row_number || ' ' || reason FROM import_row_error"), "2 EXTERNAL_ID_TAKEN");
  EXPECT_EQ(world.Count("member"), 0);
  world.ExpectCountersTrue();
}

TEST_F(ImportWorkerTest, ATrialInChunksSaysWhatTheImportThenDoes) {
  world.AddGroup(2);
  world.AddGroup(3);
  const std::string csv =
      "昵称,external_id,渠道,user_id\n王羲之,lan-1,wecom,u1\n谢安,lan-2,qq,u1\n孙绰,lan-1,,\n支遁,lan-3,wecom,u1\n"
      "许询,,,\n王献之,lan-4,,\n郗昙,lan-5,,\n李充,lan-6,,\n";
  const auto dry = AddImport(csv, 8, kRefuse, true), real = AddImport(csv, 8, kSkip);
  ASSERT_EQ(ImportWorker(world.pool, Clock::System(), {.chunk_rows = 1}).RunPending(), 2);
  const auto counts = "state || ' ' || imported_count || ' ' || waiting_count || ' ' || bad_row_count";
  EXPECT_EQ(Get(dry, counts), "2 6 1 2");
  EXPECT_EQ(Get(real, counts), "2 6 1 2");
  const auto errors = [&](const Id& import) {
    return world.One(
        "SELECT string_agg(row_number || ' ' || column_name || ' ' || reason, ', ' ORDER BY row_number) "
        "FROM import_row_error WHERE import_id = '" +
        import.ToUuid() + "'");
  };
  EXPECT_EQ(errors(dry), "3 external_id EXTERNAL_ID_TAKEN, 4 user_id IDENTITY_TAKEN");
  EXPECT_EQ(errors(real), errors(dry));
  EXPECT_EQ(world.One("SELECT message FROM import_row_error WHERE row_number = 4 LIMIT 1"),
            "is the same as in row 1 of this file");
  EXPECT_EQ(world.Count("member"), 6);
}

TEST_F(ImportWorkerTest, AnImportTooSlowForItsDeadlineFailsInTheEnd) {
  world.AddGroup(10);
  auto import = AddImport(People(3), 3, kRefuse);
  ImportWorker worker(world.pool, Clock::System(), {.whole_timeout = std::chrono::milliseconds(0), .max_attempts = 2});
  EXPECT_EQ(worker.RunPending(), 0);
  EXPECT_EQ(Get(import, "state"), "1");
  EXPECT_EQ(worker.RunPending(), 1);
  EXPECT_EQ(Get(import, "state"), "3");
  EXPECT_EQ(Get(import, "error_reason"), "DEADLINE_EXCEEDED");
  EXPECT_EQ(world.Count("member"), 0);
}

TEST_F(ImportWorkerTest, ARowThatIsNotTextIsAFaultOfThatRowOnly) {
  world.AddGroup(10);
  const auto row = [](std::string_view name, std::string_view channel) {
    return std::string(name) + "," + std::string(channel) + ",u1\n";
  };
  using namespace std::string_view_literals;
  const std::string pigeons(100'000, 'p');
  auto import = AddImport("昵称,渠道,user_id\n" + row("小\0明"sv, "qq") + row("\xd0\xd0", "qq") +
                              row("小红", "q\0q"sv) + row("小蓝", pigeons) + row("Rita", "qq"),
                          5, kSkip);
  EXPECT_EQ(ImportWorker(world.pool, Clock::System()).RunPending(), 1);
  EXPECT_EQ(Get(import, "imported_count"), "1");
  EXPECT_EQ(world.One("SELECT string_agg(row_number || ' ' || column_name || ' ' || reason, ', ' ORDER BY row_number) "
                      "FROM import_row_error"),
            "1 display_name INVALID_FORMAT, 2 display_name INVALID_FORMAT, 3 channel INVALID_FORMAT, "
            "4 channel UNKNOWN_VALUE");
  EXPECT_EQ(world.Count("import_row_error WHERE length(message) > 200"), 0);
}

}  // namespace
}  // namespace lanting::membership
