#include "membership/workers/import_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
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

// A file in parts, as the API stores it, and its import.
class UploadedImportTest : public ImportWorkerTest {
 protected:
  Id AddUploaded(std::int64_t size, const std::vector<std::string>& parts, int bad_rows = kSkip) {
    const auto upload = Id::New(), id = Id::New();
    const auto of = "'" + world.tenant.ToUuid() + "', '";
    world.db.Query(
        "INSERT INTO membership.member_upload (tenant_id, id, community_id, size, sha256, received_bytes, import_id, "
        "create_time, expire_time) VALUES (" +
        of + upload.ToUuid() + "', '" + world.community.ToUuid() + "', " + std::to_string(size) + ", '', " +
        std::to_string(size) + ", '" + id.ToUuid() + "', now(), 'infinity')");
    std::int64_t offset = 0;
    for (const auto& part : parts) {
      auto stored = pg::InTenantTx(world.pool, world.tenant, DeadlineIn(std::chrono::seconds(20)),
                                   [&](pg::Tx& tx) -> Result<void> {
                                     tx.Run({"add_part", "INSERT INTO member_upload_part VALUES ($1, $2, $3, $4)"},
                                            world.tenant, upload, offset, pg::Bytes{part});
                                     return {};
                                   });
      EXPECT_TRUE(stored.ok()) << stored.error().internal;
      offset += static_cast<std::int64_t>(part.size());
    }
    world.db.Query(
        "INSERT INTO membership.member_import (tenant_id, id, community_id, state, bad_rows, validate_only, "
        "traceparent, ignore_unknown_columns, upload_id, total_bytes, version, create_time) VALUES (" +
        of + id.ToUuid() + "', '" + world.community.ToUuid() + "', 1, " + std::to_string(bad_rows) +
        ", false, '', true, '" + upload.ToUuid() + "', " + std::to_string(size) + ", 1, now())");
    return id;
  }
  static std::vector<std::string> Parts(const std::string& file, std::size_t bytes) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < file.size(); at += bytes) parts.push_back(file.substr(at, bytes));
    return parts;
  }
};

TEST_F(UploadedImportTest, StopsBetweenChunksAndGoesOnWithoutDoubles) {
  world.AddGroup(100'000);
  const int kRows = 300;
  const auto file = People(kRows);
  const auto import = AddUploaded(static_cast<std::int64_t>(file.size()), Parts(file, 17));
  for (int stops = 0; Get(import, "state") == "1"; ++stops) {
    ImportWorker worker(world.pool, Clock::System(), {.chunk_rows = 7});
    const auto before = Get(import, "processed_count");
    worker.Start();
    ASSERT_TRUE(AwaitNot(import, "processed_count", before));
    worker.Stop();
    ASSERT_LT(stops, kRows);
  }
  EXPECT_EQ(Get(import, "state || ' ' || row_count || ' ' || imported_count"), "2 300 300");
  EXPECT_EQ(world.Count("member"), kRows);
  EXPECT_EQ(std::stoi(world.One("SELECT count(DISTINCT display_name) FROM member")), kRows);
  world.ExpectCountersTrue();
}

TEST_F(UploadedImportTest, SmallFilesDoNotWaitForLargeOnes) {
  world.AddGroup(100);
  const auto file = People(3);
  const auto large = AddUploaded(static_cast<std::int64_t>(file.size()), {file});
  const auto small = AddImport(People(2), 2, kSkip);
  EXPECT_EQ(ImportWorker(world.pool, Clock::System(), {.of_uploads = false}).RunPending(), 1);
  EXPECT_EQ(Get(small, "state") + Get(large, "state"), "21");
  EXPECT_EQ(ImportWorker(world.pool, Clock::System(), {.of_uploads = true}).RunPending(), 1);
  EXPECT_EQ(Get(large, "state"), "2");
}

TEST_F(UploadedImportTest, TwoReplicasReadOneUpload) {
  pg::Pool other_pool{{.url = world.db.Url("membership", testing::PgRole::kApp)}};
  world.AddGroup(100'000);
  const auto file = People(200);
  const auto import = AddUploaded(static_cast<std::int64_t>(file.size()), Parts(file, 100));
  auto work = [&](pg::Pool& pool) {
    ImportWorker worker(pool, Clock::System(), {.chunk_rows = 3});
    for (auto deadline = DeadlineIn(std::chrono::seconds(30)); Remaining(deadline).count() > 0;) {
      worker.RunPending();
      if (Get(import, "state") != "1") return;
    }
  };
  std::thread replica([&] { work(other_pool); });
  work(world.pool);
  replica.join();
  EXPECT_EQ(Get(import, "state || ' ' || imported_count"), "2 200");
  EXPECT_EQ(world.Count("member"), 200);
}

long StatusKb(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":")) return std::stol(line.substr(key.size() + 1));
  }
  return 0;
}

// bench/import_large.py does the same with a gigabyte.
TEST_F(UploadedImportTest, AFileOf64MiBIsNeverInMemory) {
  world.AddGroup(100'000);
  const int kParts = 8, kRowsAPart = 200;
  const std::string note(40'000, 'n');
  std::int64_t size = 0;
  std::vector<std::string> parts(kParts);
  for (int p = 0; p < kParts; ++p) {
    if (p == 0) parts[p] = "昵称,备注一,备注二,外部编号\r\n";
    for (int r = 0; r < kRowsAPart; ++r) {
      const auto n = std::to_string(p * kRowsAPart + r);
      parts[p] += "书友" + n + ",\"" + note + "\n\"," + note.substr(0, 2000) + ",lan-" + n + "\r\n";
    }
    size += static_cast<std::int64_t>(parts[p].size());
  }
  ASSERT_GT(size, 64 << 20);
  const auto import = AddUploaded(size, parts);
  parts = {};
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
  const long before = StatusKb("VmRSS");
  ImportWorker worker(world.pool, Clock::System());
  EXPECT_EQ(worker.RunPending(), 1);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(StatusKb("VmHWM") - before, 24 * 1024);
#endif
  EXPECT_EQ(Get(import, "state || ' ' || row_count || ' ' || imported_count || ' ' || bad_row_count"), "2 1600 1600 0");
}

TEST_F(ImportWorkerTest, ColumnsOfWhatIsKnownOfAPerson) {
  world.AddGroup(10);
  const auto import = AddImport(
      "昵称;标签;客户分类;粉丝分;契合度;属性.city;同意声明;同意时间;user_id.wecom;user_id.qq\n"
      "小明;\"绘画；读书|绘画\";专家;85;0;绍兴;群里回复同意;2026-05-03T10:00:00Z;u1;q1\n"
      "Rita;;;;;;;;;\n"
      "坏;" +
          std::string(65, 'x') + ";vip;101;很高;" + std::string(1001, 'c') + ";;yesterday;u\xe5\x85\xb0;q2\n",
      3, kSkip);
  EXPECT_EQ(ImportWorker(world.pool, Clock::System()).RunPending(), 1);
  EXPECT_EQ(Get(import, "imported_count || ' ' || bad_row_count"), "2 1");
  EXPECT_EQ(
      world.One("SELECT concat_ws(' ', customer_class, fan_score, values_fit, attributes, consent_statement, "
                "extract(epoch FROM consent_time)::bigint, "
                "(SELECT string_agg(tag, '+' ORDER BY tag COLLATE \"C\") FROM member_tag t WHERE t.member_id = m.id), "
                "(SELECT string_agg(channel || user_id, '+' ORDER BY channel) FROM member_identity i WHERE "
                "i.member_id = m.id)) FROM member m WHERE display_name = '小明'"),
      "3 85 0 {\"city\": \"绍兴\"} 群里回复同意 1777802400 绘画+读书 1u1+3q1");
  EXPECT_EQ(world.One("SELECT concat_ws(' ', customer_class, coalesce(fan_score, -1), attributes, consent_time) FROM "
                      "member WHERE display_name = 'Rita'"),
            "0 -1 {}");
  EXPECT_EQ(world.One("SELECT string_agg(column_name || ' ' || reason, ', ' ORDER BY column_name) FROM "
                      "import_row_error"),
            "attributes.city TOO_LONG, consent_time INVALID_FORMAT, customer_class UNKNOWN_VALUE, fan_score "
            "OUT_OF_RANGE, tags TOO_LONG, user_id.wecom INVALID_FORMAT, values_fit INVALID_FORMAT");
}

TEST_F(ImportWorkerTest, AFileOfAChineseExcel) {
  world.AddGroup(10);
  // 昵称,渠道,渠道用户编号 / 小明,企业微信,u1 / a byte that is no text / 阿杰 over two lines, in GBK.
  const auto import = AddImport(
      "\xea\xc7\xb3\xc6,\xc7\xfe\xb5\xc0,\xc7\xfe\xb5\xc0\xd3\xc3\xbb\xa7\xb1\xe0\xba\xc5\r\n"
      "\xd0\xa1\xc3\xf7,\xc6\xf3\xd2\xb5\xce\xa2\xd0\xc5,u1\r\n\xff\xff,qq,u2\r\n\"\xb0\xa2\n\xbd\xdc\",qq,u3\r\n",
      3, kSkip);
  EXPECT_EQ(ImportWorker(world.pool, Clock::System()).RunPending(), 1);
  EXPECT_EQ(Get(import, "imported_count"), "1");
  EXPECT_EQ(world.One("SELECT m.display_name || i.channel FROM member m JOIN member_identity i ON i.member_id = m.id"),
            "小明1");
  EXPECT_EQ(world.One("SELECT string_agg(line || column_name || reason, ' ' ORDER BY line) FROM import_row_error"),
            "3display_nameINVALID_FORMAT 4display_nameINVALID_FORMAT");
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
