#include "platform/pg/migrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "platform/pg/probe.h"

namespace lanting::pg {
namespace {

using testing::PgRole;

// A schema with roles and no table.
struct Empty {
  testing::PgDatabase db{{{"probe", {}}}};
  std::string owner = db.Url("probe", PgRole::kOwner);
};

constexpr Migration kTwo[] = {{101, "0001_first", "CREATE TABLE first (id int); INSERT INTO first VALUES (1)"},
                              {102, "0002_second", "CREATE TABLE second (id int)"}};

TEST(MigrateTest, TwiceIsOnce) {
  Empty e;
  EXPECT_EQ(*SchemaVersion(e.owner, "probe"), 0);
  EXPECT_EQ(*Migrate(e.owner, "probe", kTwo), 2);
  EXPECT_EQ(*Migrate(e.owner, "probe", kTwo), 0);
  EXPECT_EQ(e.db.Query("SELECT count(*) FROM probe.first"), "1");
  for (auto role : {PgRole::kOwner, PgRole::kApp, PgRole::kRelay}) {
    EXPECT_EQ(*SchemaVersion(e.db.Url("probe", role), "probe"), 102);
  }
  // An old binary against a newer schema.
  EXPECT_EQ(*Migrate(e.owner, "probe", std::span(kTwo).first(1)), 0);
}

TEST(MigrateTest, AChangedMigrationIsRefused) {
  Empty e;
  ASSERT_TRUE(Migrate(e.owner, "probe", kTwo).ok());
  Migration changed[] = {
      kTwo[0], {102, "0002_second", "CREATE TABLE second (id bigint)"}, {103, "0003_third", "CREATE TABLE third ()"}};
  auto refused = Migrate(e.owner, "probe", changed);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason, "MIGRATION_CHANGED");
  EXPECT_EQ(refused.error().metadata.at("migration"), "0002_second");
  EXPECT_EQ(e.db.Query("SELECT to_regclass('probe.third') IS NULL"), "t");
}

TEST(MigrateTest, AFailedMigrationLeavesNothingBehindAndCanBeMended) {
  Empty e;
  Migration bad[] = {kTwo[0], {102, "0002_second", "CREATE TABLE second (id int); SELECT 1 / 0"}};
  auto failed = Migrate(e.owner, "probe", bad);
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().internal, ::testing::HasSubstr("0002_second"));
  EXPECT_EQ(*SchemaVersion(e.owner, "probe"), 101);
  EXPECT_EQ(*Migrate(e.owner, "probe", kTwo), 1);
}

TEST(MigrateTest, MigratorsAtOnceShareTheWork) {
  Empty e;
  std::vector<Result<int>> results(4, 0);
  std::vector<std::thread> threads;
  for (auto& r : results) threads.emplace_back([&] { r = Migrate(e.owner, "probe", probe::kMigrations); });
  for (auto& t : threads) t.join();
  int applied = 0;
  for (auto& r : results) {
    ASSERT_TRUE(r.ok()) << r.error().internal;
    applied += *r;
  }
  EXPECT_EQ(applied, 2);
}

TEST(MigrateTest, WaitsForAnotherMigratorOnlySoLong) {
  Empty e;
  constexpr Migration kSlow[] = {{101, "0001_slow", "SELECT pg_advisory_xact_lock(7)"}};
  Pool pool({.url = e.owner});
  Result<int> slow = 0;
  std::thread first;
  auto held = InTenantTx(pool, Id(), probe::Soon(), [&](Tx& tx) -> Result<bool> {
    tx.RunDynamic("SELECT pg_advisory_xact_lock(7)", {});
    first = std::thread([&] { slow = Migrate(e.owner, "probe", kSlow); });
    auto until = probe::Soon();
    while (e.db.Query("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0" && Remaining(until).count() > 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    auto second = Migrate(e.owner, "probe", kSlow, {.wait_for_other = std::chrono::milliseconds(50)});
    EXPECT_EQ(second.error().reason, "RESOURCE_BUSY");
    return true;
  });
  first.join();
  EXPECT_TRUE(held.ok());
  EXPECT_EQ(*slow, 1);
}

// The maintenance functions of the platform's own schema, as the relay runs them.
TEST(PlatformSchemaTest, TheRelaySeesAllTenantsOutboxAndPurgesWhatIsOld) {
  probe::Probe p;
  auto row = [](const std::string& at) {
    return "INSERT INTO probe.outbox (event_id, tenant_id, subject, aggregate_version, type, payload, traceparent,"
           " occurred_at, created_at) VALUES (gen_random_uuid(), gen_random_uuid(), 's', 1, 't', '', '', now(), " +
           at + ");";
  };
  p.db.Query(row("now()") + row("now()") + row("now() - interval '9 days'") + row("now() - interval '2 days'"));
  for (const char* table :
       {"inbox (tenant_id, consumer, event_id, received_at) SELECT gen_random_uuid(), 'c', gen_random_uuid(),",
        "request_log (tenant_id, subject, method, request_id, request_hash, response, created_at)"
        " SELECT gen_random_uuid(), '', '', i::text, '', '',"}) {
    p.db.Query("INSERT INTO probe." + std::string(table) +
               " now() - i * interval '1 day' FROM generate_series(0, 9) i");
  }
  Pool relay({.url = p.Url(PgRole::kRelay)}), app(p.Options());
  auto ask = [](Pool& pool, const std::string& sql) {
    auto r = InTenantTx(pool, Id(), probe::Soon(),
                        [&](Tx& tx) -> Result<std::string> { return GetString(tx.RunDynamic(sql, {})[0][0]); });
    return r.ok() ? *r : r.error().internal;
  };
  EXPECT_EQ(ask(relay, "SELECT count(*) FROM outbox"), "4");
  EXPECT_EQ(ask(app, "SELECT count(*) FROM outbox"), "0");
  EXPECT_THAT(ask(relay, "DELETE FROM outbox RETURNING 1"), ::testing::HasSubstr("42501"));
  EXPECT_THAT(ask(relay, "SELECT count(*) FROM request_log"), ::testing::HasSubstr("42501"));
  EXPECT_THAT(ask(app, "SELECT count(*) FROM outbox_cursor"), ::testing::HasSubstr("42501"));
  for (const char* call : {"outbox_maintain(7)", "request_log_purge('1 day', 10)", "inbox_purge('1 day', 10)"}) {
    EXPECT_THAT(ask(app, std::string("SELECT ") + call), ::testing::HasSubstr("42501")) << call;
  }
  ask(relay, "SELECT outbox_maintain(7)");
  EXPECT_EQ(ask(relay, "SELECT count(*) FROM outbox"), "3");
  EXPECT_EQ(ask(relay, "SELECT request_log_purge('4 days 12 hours', 3)"), "3");
  EXPECT_EQ(ask(relay, "SELECT request_log_purge('4 days 12 hours', 3)"), "2");
  EXPECT_EQ(ask(relay, "SELECT inbox_purge('4 days 12 hours', 100)"), "5");
  EXPECT_EQ(p.db.Query("SELECT count(*) FROM probe.inbox"), "5");
}

// A temporary table of the caller must not stand in for the owner's.
TEST(PlatformSchemaTest, FunctionsOfTheOwnerLookIntoTemporarySchemasLast) {
  probe::Probe p;
  EXPECT_EQ(p.db.Query("SELECT count(*) FROM pg_proc WHERE prosecdef AND pronamespace = 'probe'::regnamespace"), "3");
  EXPECT_EQ(p.db.Query("SELECT count(*) FROM pg_proc WHERE prosecdef AND pronamespace = 'probe'::regnamespace"
                       " AND 'search_path=probe, pg_temp' = ANY (proconfig)"),
            "3");
  for (auto role : {PgRole::kApp, PgRole::kRelay}) {
    Pool pool({.url = p.Url(role)});
    auto made = InTenantTx(pool, Id(), probe::Soon(), [](Tx& tx) -> Result<bool> {
      tx.RunDynamic("CREATE TEMPORARY TABLE request_log (created_at timestamptz)", {});
      return true;
    });
    ASSERT_FALSE(made.ok());
    EXPECT_THAT(made.error().internal, ::testing::HasSubstr("42501"));
  }
  p.db.Query("GRANT TEMPORARY ON DATABASE " + p.db.name() + " TO probe_relay");
  p.db.Query(
      "INSERT INTO probe.request_log (tenant_id, subject, method, request_id, request_hash, response, created_at)"
      " VALUES (gen_random_uuid(), '', '', '1', '', '', now() - interval '2 days')");
  Pool relay({.url = p.Url(PgRole::kRelay)});
  auto purged = InTenantTx(relay, Id(), probe::Soon(), [](Tx& tx) -> Result<std::string> {
    tx.RunDynamic("CREATE TEMPORARY TABLE request_log (created_at timestamptz)", {});
    return GetString(tx.RunDynamic("SELECT request_log_purge('1 day', 10)", {})[0][0]);
  });
  ASSERT_TRUE(purged.ok()) << purged.error().internal;
  EXPECT_EQ(*purged, "1");
}

TEST(PlatformSchemaTest, OldPartitionsAreDroppedAndNewOnesMade) {
  probe::Probe p;
  p.db.Query(
      "SET ROLE probe_owner; CREATE TABLE probe.outbox_p20200101 PARTITION OF probe.outbox"
      " FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-01-02 00:00+00');"
      "DROP TABLE probe.outbox_p" +
      p.db.Query("SELECT to_char(now() AT TIME ZONE 'UTC' + interval '2 days', 'YYYYMMDD')"));
  Pool relay({.url = p.Url(PgRole::kRelay)});
  auto run = InTenantTx(relay, Id(), probe::Soon(), [](Tx& tx) -> Result<bool> {
    tx.RunDynamic("SELECT outbox_maintain(7)", {});
    tx.RunDynamic("SELECT outbox_maintain(7)", {});
    return true;
  });
  ASSERT_TRUE(run.ok()) << run.error().internal;
  EXPECT_EQ(p.db.Query("SELECT count(*) FROM pg_inherits WHERE inhparent = 'probe.outbox'::regclass"), "4");
  EXPECT_TRUE(testing::TablesWithoutRls(p.db, "probe").empty());
}

}  // namespace
}  // namespace lanting::pg
