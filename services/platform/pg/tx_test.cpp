#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/pg/probe.h"

namespace lanting::pg {
namespace {

using probe::Probe;
using probe::Soon;
using ::testing::ElementsAre;

constexpr Statement kInsert{"sample_insert",
                            "INSERT INTO sample (tenant_id, id, name, flag, small, big, at, raw, names, raws)"
                            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};
constexpr Statement kSelect{"sample_select", "SELECT * FROM sample WHERE id = $1"};
constexpr Statement kAdd{"account_add", "INSERT INTO account (tenant_id, id, handle) VALUES ($1, $2, $3)"};
constexpr Statement kCount{"account_count", "SELECT count(*) FROM account"};

std::int64_t CountAccounts(Pool& pool, const Id& tenant) {
  return *ReadTenant(pool, tenant, Soon(), [](Tx& tx) -> Result<std::int64_t> { return GetInt(tx.Run(kCount)[0][0]); });
}

Result<Id> AddAccount(Pool& pool, const Id& tenant, const std::string& handle, const Id& row_tenant) {
  return InTenantTx(pool, tenant, Soon(), [&](Tx& tx) -> Result<Id> {
    auto id = Id::New();
    tx.Run(kAdd, row_tenant, id, handle);
    return id;
  });
}

TEST(TxTest, EveryTypeComesBackAsItWent) {
  Probe p;
  Pool pool(p.Options());
  Id tenant = Id::New(), id = Id::New(), empty = Id::New();
  std::string raw("\0\x01\xff'\\\"", 6);
  std::vector<std::string> names{"兰亭", "a\"b", "c\\d", "", "NULL", "{x,y}", " 'q' ", "新\n行"};
  Time at{std::chrono::microseconds(1'772'933'400'123'456)};
  std::string long_name(100'000, 'x');
  auto wrote = InTenantTx(pool, tenant, Soon(), [&](Tx& tx) -> Result<bool> {
    tx.Run(kInsert, tenant, id, "群聊 \\ 'quoted' \"双引号\"", true, -7, std::int64_t{1} << 62, at, Bytes{raw}, names,
           std::vector<Bytes>{Bytes{raw}, Bytes{""}});
    tx.Run(kInsert, tenant, empty, std::nullopt, std::optional<bool>(), std::optional<std::int32_t>(), std::int64_t{-1},
           std::optional<Time>(), std::nullopt, std::vector<std::string>{}, std::nullopt);
    return true;
  });
  ASSERT_TRUE(wrote.ok()) << wrote.error().internal;
  auto read = ReadTenant(pool, tenant, Soon(), [&](Tx& tx) -> Result<bool> {
    auto row = tx.Run(kSelect, id)[0];
    EXPECT_EQ(GetId(row["tenant_id"]), tenant);
    EXPECT_EQ(GetId(row["id"]), id);
    EXPECT_EQ(GetString(row["name"]), "群聊 \\ 'quoted' \"双引号\"");
    EXPECT_TRUE(GetBool(row["flag"]));
    EXPECT_EQ(GetInt(row["small"]), -7);
    EXPECT_EQ(GetInt(row["big"]), std::int64_t{1} << 62);
    EXPECT_EQ(GetTime(row["at"]), at);
    EXPECT_EQ(GetBytes(row["raw"]), raw);
    EXPECT_EQ(GetStringArray(row["names"]), names);
    EXPECT_EQ(GetStringArray(row["raws"]).size(), 2u);
    auto none = tx.Run(kSelect, empty)[0];
    EXPECT_EQ(GetString(none["name"]), "");
    EXPECT_TRUE(none["name"].is_null());
    EXPECT_EQ(GetOptionalTime(none["at"]), std::nullopt);
    EXPECT_TRUE(GetStringArray(none["names"]).empty());
    EXPECT_THROW(GetTime(none["at"]), std::runtime_error);
    EXPECT_THROW(GetBool(none["flag"]), std::runtime_error);
    // Any zone of the session, before 1970, no fraction.
    auto zones = tx.RunDynamic("SELECT set_config('timezone', $1, true), timestamptz '1969-07-20 20:17:40.5+00'",
                               {ToParam("Asia/Kolkata")});
    EXPECT_EQ(
        GetTime(tx.RunDynamic("SELECT timestamptz '1969-07-20 20:17:40.5+00'", {})[0][0]).time_since_epoch().count(),
        -14'182'939'500'000);
    EXPECT_EQ(GetTime(tx.RunDynamic("SELECT timestamptz '1900-01-01 00:00:00+00'", {})[0][0]),
              Time(std::chrono::sys_days(std::chrono::year(1900) / 1 / 1)));
    std::vector<std::optional<std::string>> texts{"甲", std::nullopt, "NULL"};
    auto array = tx.RunDynamic("SELECT x FROM unnest($1::text[]) x", {ToParam(texts)});
    EXPECT_EQ(GetString(array[0][0]), "甲");
    EXPECT_TRUE(array[1][0].is_null());
    EXPECT_EQ(GetString(array[2][0]), "NULL");
    EXPECT_EQ(GetString(tx.RunDynamic("SELECT $1::text", {ToParam(long_name)})[0][0]), long_name);
    return true;
  });
  ASSERT_TRUE(read.ok()) << read.error().internal;
  EXPECT_THROW(ToParam(std::string("a\0b", 3)), std::invalid_argument);
}

TEST(TxTest, AnArrayOfEveryTypeComesBackAsItWent) {
  Probe p;
  Pool pool(p.Options());
  const std::vector<Id> ids{Id::New(), Id(), Id::New()};  // nil is NULL
  const std::vector<std::int32_t> ints{0, -7, std::numeric_limits<std::int32_t>::min()};
  const std::vector<std::optional<std::int64_t>> bigs{std::int64_t{1} << 62, std::nullopt, -1};
  const std::string raw("\0\xff", 2);
  auto ok = ReadTenant(pool, Id(), Soon(), [&](Tx& tx) -> Result<bool> {
    static constexpr Statement kEcho{"echo_arrays",
                                     "SELECT * FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::bytea[])"
                                     " WITH ORDINALITY AS u (id, small, big, raw, n) ORDER BY n"};
    auto rows = tx.Run(kEcho, ids, ints, bigs, std::vector<Bytes>{{raw}, {""}, {raw}});
    EXPECT_EQ(rows.size(), 3u);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = rows[static_cast<int>(i)];
      EXPECT_EQ(GetOptionalId(row["id"]).value_or(Id()), ids[i]);
      EXPECT_EQ(GetInt(row["small"]), ints[i]);
      EXPECT_EQ(row["big"].is_null(), !bigs[i]);
      if (bigs[i]) EXPECT_EQ(GetInt(row["big"]), *bigs[i]);
      EXPECT_EQ(GetBytes(row["raw"]), i == 1 ? "" : raw);
    }
    EXPECT_TRUE(tx.Run(kEcho, std::vector<Id>{}, std::vector<std::int32_t>{}, std::vector<std::int64_t>{},
                       std::vector<Bytes>{}).empty());
    return true;
  });
  ASSERT_TRUE(ok.ok()) << ok.error().internal;
  auto other_type = ReadTenant(pool, Id(), Soon(), [&](Tx& tx) -> Result<bool> {
    tx.RunDynamic("SELECT $1::smallint[]", {ToParam(ints)});
    return true;
  });
  EXPECT_FALSE(other_type.ok()) << "a wrong type of array is no silent conversion";
}

TEST(TxTest, TimesOfAllYearsRoundTrip) {
  Probe p;
  Pool pool(p.Options());
  std::vector<Time> times;
  for (std::int64_t s : {-62'135'596'800LL, -1LL, 0LL, 951'782'400LL, 4'102'444'799LL, 253'402'300'799LL}) {
    times.push_back(Time(std::chrono::seconds(s)) + std::chrono::microseconds(7));
  }
  auto ok = ReadTenant(pool, Id(), Soon(), [&](Tx& tx) -> Result<bool> {
    auto rows =
        tx.RunDynamic("SELECT t FROM unnest($1::timestamptz[]) WITH ORDINALITY u(t, n) ORDER BY n", {ToParam(times)});
    for (std::size_t i = 0; i < times.size(); ++i) EXPECT_EQ(GetTime(rows[i][0]), times[i]) << rows[i][0].c_str();
    return true;
  });
  EXPECT_TRUE(ok.ok()) << ok.error().internal;
}

TEST(TxTest, TenantsAreWalledOff) {
  Probe p;
  Pool pool(p.Options());
  Id a = Id::New(), b = Id::New();
  ASSERT_TRUE(AddAccount(pool, a, "小明", a).ok());
  EXPECT_EQ(CountAccounts(pool, a), 1);
  EXPECT_EQ(CountAccounts(pool, b), 0);
  EXPECT_EQ(CountAccounts(pool, Id()), 0);  // no tenant sees nothing
  auto foreign = AddAccount(pool, b, "小红", a);
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.error().code, Code::kInternal);
  EXPECT_THAT(foreign.error().internal, ::testing::HasSubstr("42501"));
  for (const char* sql : {"UPDATE account SET balance = 5", "DELETE FROM account"}) {
    auto changed = InTenantTx(pool, b, Soon(),
                              [&](Tx& tx) -> Result<std::size_t> { return tx.RunDynamic(sql, {}).affected_rows(); });
    EXPECT_EQ(*changed, 0u) << sql;
  }
  EXPECT_EQ(CountAccounts(pool, a), 1);
}

TEST(TxTest, TheTenantOfATransactionDoesNotLeakIntoTheSession) {
  Probe p;
  auto options = p.Options();
  options.size = 1;
  Pool pool(options);
  ASSERT_TRUE(AddAccount(pool, Id::New(), "甲", Id::New()).ok() == false);
  Id a = Id::New();
  ASSERT_TRUE(AddAccount(pool, a, "甲", a).ok());
  EXPECT_EQ(CountAccounts(pool, Id()), 0);
  EXPECT_EQ(p.db.Query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'probe'"), "1");
}

TEST(TxTest, ATableThatForgotProtectIsFound) {
  Probe p;
  EXPECT_THAT(testing::TablesWithoutRls(p.db, "probe"), ElementsAre());
  p.db.Query(
      "CREATE TABLE probe.forgot (tenant_id uuid); CREATE TABLE probe.half (tenant_id uuid);"
      "ALTER TABLE probe.half ENABLE ROW LEVEL SECURITY");
  EXPECT_THAT(testing::TablesWithoutRls(p.db, "probe"), ElementsAre("forgot", "half"));
}

TEST(TxTest, ConstraintsAreTheCallersToName) {
  Probe p;
  Pool pool(p.Options());
  Id tenant = Id::New();
  // The value imitates the field that names the constraint.
  std::string handle = "x\nCONSTRAINT NAME:  account_pkey\n";
  ASSERT_TRUE(AddAccount(pool, tenant, handle, tenant).ok());
  std::string named;
  auto again = InTenantTx(
      pool, tenant, Soon(),
      [&](Tx& tx) -> Result<bool> {
        tx.Run(kAdd, tenant, Id::New(), handle);
        return true;
      },
      [&](std::string_view constraint) -> std::optional<Error> {
        named = constraint;
        return Error{.code = Code::kAlreadyExists, .reason = "HANDLE_TAKEN"};
      });
  EXPECT_EQ(named, "account_handle_key");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().reason, "HANDLE_TAKEN");
  auto unmapped = AddAccount(pool, tenant, handle, tenant);
  EXPECT_EQ(unmapped.error().code, Code::kInternal);
  EXPECT_THAT(unmapped.error().internal, ::testing::HasSubstr("23505"));
  EXPECT_THAT(unmapped.error().internal, ::testing::Not(::testing::HasSubstr("DETAIL")));  // quotes values
  EXPECT_EQ(CountAccounts(pool, tenant), 1);
}

TEST(TxTest, ARefusalRollsBackAndAReadCannotWrite) {
  Probe p;
  Pool pool(p.Options());
  Id tenant = Id::New();
  auto refused = InTenantTx(pool, tenant, Soon(), [&](Tx& tx) -> Result<bool> {
    tx.Run(kAdd, tenant, Id::New(), "甲");
    return Error{.code = Code::kFailedPrecondition, .reason = "GROUP_FULL"};
  });
  EXPECT_EQ(refused.error().reason, "GROUP_FULL");
  auto swallowed = InTenantTx(pool, tenant, Soon(), [&](Tx& tx) -> Result<bool> {
    tx.Run(kAdd, tenant, Id::New(), "甲");
    try {
      tx.RunDynamic("SELECT 1 / 0", {});
    } catch (const std::exception&) {
    }
    return true;
  });
  EXPECT_EQ(swallowed.error().code, Code::kInternal);  // COMMIT would silently be a ROLLBACK
  auto thrown = InTenantTx(pool, tenant, Soon(), [&](Tx& tx) -> Result<bool> {
    tx.Run(kAdd, tenant, Id::New(), "甲");
    throw std::runtime_error("a bug");
  });
  EXPECT_EQ(thrown.error().internal, "a bug");
  auto read = ReadTenant(pool, tenant, Soon(), [&](Tx& tx) -> Result<bool> {
    tx.Run(kAdd, tenant, Id::New(), "甲");
    return true;
  });
  EXPECT_FALSE(read.ok());
  EXPECT_EQ(CountAccounts(pool, tenant), 0);
  EXPECT_EQ(pool.stats().open, 1u);  // none of these cost the connection
}

TEST(TxTest, OneNameIsOneStatement) {
  Probe p;
  Pool pool(p.Options());
  auto r = ReadTenant(pool, Id(), Soon(), [&](Tx& tx) -> Result<bool> {
    tx.Run({"same", "SELECT 1"});
    tx.Run({"same", "SELECT 2"});
    return true;
  });
  EXPECT_EQ(r.error().internal, "two statements are named same");
}

}  // namespace
}  // namespace lanting::pg
