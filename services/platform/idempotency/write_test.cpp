#include "platform/idempotency/write.h"

#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "platform/base/strings.h"
#include "platform/pg/probe.h"

namespace lanting::idempotency {
namespace {

using google::protobuf::StringValue;
using probe::Probe;
using probe::Soon;

constexpr Effect kOpen{"account_open",
                       "a AS (INSERT INTO account (tenant_id, id, handle, balance) VALUES ($1, $2, $3, $4))", 4};
constexpr Effect kAdd{"account_add_balance", "a AS (UPDATE account SET balance = balance + $2 WHERE id = $1)", 2};
constexpr pg::Statement kLock{"account_lock", "SELECT balance FROM account WHERE id = $1 FOR UPDATE"};

rpc::Call CallOf(const Id& tenant, const std::string& request_id, const std::string& body = "body",
                 Deadline deadline = Soon()) {
  return {.method = "/lanting.probe.v1.Accounts/Open",
          .principal = {.tenant = tenant, .subject = "keys/1", .scopes = {"*"}},
          .deadline = deadline,
          .now = Clock::System().Now(),
          .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          .request_id = request_id,
          .request_hash = Sha256(body)};
}

outbox::Event EventOf(const std::string& subject, std::int64_t version) {
  StringValue payload;
  payload.set_value(std::string("开户\0x", 8));
  return outbox::MakeEvent(payload, subject, version, Clock::System().Now(), "00-trace");
}

// Opens an account; the reply names its id, so two effects can be told from one.
Result<StringValue> Open(pg::Pool& pool, const rpc::Call& call, const std::string& handle) {
  return Write<StringValue>(pool, call, [&](pg::Tx& tx, Work& work) -> Result<StringValue> {
    auto id = Id::New();
    work.Do(kOpen, tx.tenant(), id, handle, std::int64_t{100});
    work.OnConflict("account_handle_key", {.code = Code::kAlreadyExists, .reason = "HANDLE_TAKEN"});
    work.Publish(EventOf("accounts/" + id.ToString(), 1));
    StringValue reply;
    reply.set_value(id.ToString());
    return reply;
  });
}

std::string Counts(Probe& p) {
  return p.db.Query(
      "SELECT (SELECT count(*) FROM probe.account) || ' ' || (SELECT count(*) FROM probe.outbox) || ' ' ||"
      " (SELECT count(*) FROM probe.request_log)");
}

TEST(WriteTest, TheSameRequestGetsTheSameReply) {
  Probe p;
  pg::Pool pool(p.Options());
  Id tenant = Id::New();
  auto first = Open(pool, CallOf(tenant, "r-1"), "小明");
  ASSERT_TRUE(first.ok()) << first.error().internal;
  auto again = Open(pool, CallOf(tenant, "r-1"), "小明");
  ASSERT_TRUE(again.ok()) << again.error().internal;
  EXPECT_EQ(again->value(), first->value());
  EXPECT_EQ(Counts(p), "1 1 1");
  auto reused = Open(pool, CallOf(tenant, "r-1", "another body"), "小红");
  ASSERT_FALSE(reused.ok());
  EXPECT_EQ(reused.error().reason, "REQUEST_ID_REUSED");
  EXPECT_EQ(Counts(p), "1 1 1");
  // Another tenant, another subject and another method have request ids of their own.
  ASSERT_TRUE(Open(pool, CallOf(Id::New(), "r-1"), "小明").ok());
  auto other_key = CallOf(tenant, "r-1");
  other_key.principal.subject = "keys/2";
  ASSERT_TRUE(Open(pool, other_key, "小刚").ok());
  auto other_method = CallOf(tenant, "r-1");
  other_method.method = "/lanting.probe.v1.Accounts/Import";
  ASSERT_TRUE(Open(pool, other_method, "小丽").ok());
  EXPECT_EQ(Counts(p), "4 4 4");
}

TEST(WriteTest, ARefusalIsNotRemembered) {
  Probe p;
  pg::Pool pool(p.Options());
  Id tenant = Id::New();
  ASSERT_TRUE(Open(pool, CallOf(tenant, "r-1"), "小明").ok());
  auto taken = Open(pool, CallOf(tenant, "r-2"), "小明");
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().reason, "HANDLE_TAKEN");
  EXPECT_EQ(Counts(p), "1 1 1");
  EXPECT_TRUE(Open(pool, CallOf(tenant, "r-2"), "小红").ok());
}

// The body refuses a repetition only because the first call was done; the database goes away before that is found out.
TEST(WriteTest, ARefusalDoesNotStandWhileTheReplyCannotBeLookedFor) {
  Probe p;
  pg::Pool pool(p.Options());
  Id tenant = Id::New();
  auto first = Open(pool, CallOf(tenant, "r-1"), "小明");
  ASSERT_TRUE(first.ok());
  auto& server = testing::PgServer::Get();
  auto again = [&](bool restart) {
    return Write<StringValue>(pool, CallOf(tenant, "r-1"), [&](pg::Tx&, Work&) -> Result<StringValue> {
      if (restart) server.Stop();
      return Error{.code = Code::kAlreadyExists, .reason = "HANDLE_TAKEN"};
    });
  };
  auto unknown = again(true);
  server.Start();
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, Code::kUnavailable) << unknown.error().reason;
  auto known = again(false);
  ASSERT_TRUE(known.ok()) << known.error().reason;
  EXPECT_EQ(known->value(), first->value());
}

TEST(WriteTest, WithoutARequestIdEveryCallCounts) {
  Probe p;
  pg::Pool pool(p.Options());
  Id tenant = Id::New();
  ASSERT_TRUE(Open(pool, CallOf(tenant, ""), "甲").ok());
  ASSERT_TRUE(Open(pool, CallOf(tenant, ""), "乙").ok());
  EXPECT_EQ(Counts(p), "2 2 0");
}

TEST(WriteTest, EventsAreWrittenInOrderAndWhole) {
  Probe p;
  pg::Pool pool(p.Options());
  Id tenant = Id::New();
  int woken = 0;
  SetWakeRelay([&] { ++woken; });
  auto write = [&](const std::string& id, int events) {
    return Write<StringValue>(pool, CallOf(tenant, id), [&](pg::Tx&, Work& work) -> Result<StringValue> {
      for (int i = 0; i < events; ++i) work.Publish(EventOf("accounts/甲", i));
      return StringValue();
    });
  };
  ASSERT_TRUE(write("many", 50).ok());
  EXPECT_EQ(woken, 1);
  ASSERT_TRUE(write("none", 0).ok());
  SetWakeRelay(nullptr);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(Counts(p), "0 50 2");
  EXPECT_EQ(p.db.Query("SELECT string_agg(aggregate_version::text, ',' ORDER BY xid, id) = "
                       "(SELECT string_agg(i::text, ',' ORDER BY i) FROM generate_series(0, 49) i) FROM probe.outbox"),
            "t");
  EXPECT_EQ(p.db.Query("SELECT encode(payload, 'hex') FROM probe.outbox LIMIT 1"), HexEncode(EventOf("x", 0).payload));
  EXPECT_EQ(p.db.Query("SELECT DISTINCT tenant_id FROM probe.outbox"), tenant.ToUuid());
  EXPECT_EQ(p.db.Query("SELECT count(*) FROM probe.outbox_default"), "0");
}

TEST(WriteTest, AnOrdinaryWriteIsFourRoundTrips) {
  Probe p;
  pg::Pool pool(p.Options());
  Id tenant = Id::New();
  Id id = *Id::Parse(Open(pool, CallOf(tenant, "r-0"), "小明")->value());
  auto add = [&](const std::string& request) {
    return Write<StringValue>(pool, CallOf(tenant, request), [&](pg::Tx& tx, Work& work) -> Result<StringValue> {
      StringValue reply;
      reply.set_value(std::to_string(pg::GetInt(tx.Run(kLock, id)[0][0]) + 5));
      work.Do(kAdd, id, std::int64_t{5});
      work.Publish(EventOf("accounts/" + id.ToString(), 2));
      return reply;
    });
  };
  ASSERT_TRUE(add("prepares the statements").ok());
  auto before = pool.stats().round_trips;
  auto reply = add("r-1");
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->value(), "110");
  EXPECT_LE(pool.stats().round_trips - before, 4u);
  EXPECT_EQ(pool.stats().open, 1u);
}

TEST(WriteTest, ConcurrentTwinsHaveOneEffect) {
  Probe p;
  auto options = p.Options();
  options.size = 16;
  pg::Pool pool(options);
  Id tenant = Id::New();
  for (int round = 0; round < 10; ++round) {
    std::barrier start(16);
    std::vector<std::string> replies(16);
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        // Half of the rounds have nothing that is unique but the claim itself.
        std::string handle = round % 2 ? "小明" + std::to_string(round) : Id::New().ToString();
        auto reply = Open(pool, CallOf(tenant, "r-" + std::to_string(round)), handle);
        replies[i] = reply.ok() ? reply->value() : reply.error().reason + reply.error().internal;
      });
    }
    for (auto& t : threads) t.join();
    EXPECT_THAT(replies, ::testing::Each(replies[0]));
    EXPECT_TRUE(Id::Parse(replies[0])) << replies[0];
    auto n = std::to_string(round + 1);
    EXPECT_EQ(Counts(p), n + " " + n + " " + n);
  }
}

TEST(WriteTest, ATwinThatTakesTooLongIsInProgress) {
  Probe p;
  auto options = p.Options();
  options.lock_timeout = std::chrono::milliseconds(50);
  pg::Pool pool(options);
  Id tenant = Id::New();
  std::optional<Result<StringValue>> twin;
  auto first = Write<StringValue>(pool, CallOf(tenant, "r-1"), [&](pg::Tx& tx, Work&) -> Result<StringValue> {
    // The claim exists, uncommitted, while the twin runs.
    tx.RunDynamic(
        "INSERT INTO request_log (tenant_id, subject, method, request_id, request_hash, response) VALUES"
        " ($1, 'keys/1', '/lanting.probe.v1.Accounts/Open', 'r-2', '', '')",
        {pg::ToParam(tenant)});
    twin = Open(pool, CallOf(tenant, "r-2"), "小明");
    return StringValue();
  });
  EXPECT_TRUE(first.ok());
  ASSERT_FALSE(twin->ok());
  EXPECT_EQ(twin->error().reason, "REQUEST_IN_PROGRESS");
}

TEST(WriteTest, ARowThatIsHeldTooLongIsBusyNotATwin) {
  Probe p;
  auto options = p.Options();
  options.lock_timeout = std::chrono::milliseconds(50);
  pg::Pool pool(options);
  Id tenant = Id::New();
  Id id = *Id::Parse(Open(pool, CallOf(tenant, "r-0"), "小明")->value());
  std::optional<Result<StringValue>> other;
  auto first = Write<StringValue>(pool, CallOf(tenant, "r-1"), [&](pg::Tx& tx, Work&) -> Result<StringValue> {
    tx.Run(kLock, id);
    other = Write<StringValue>(pool, CallOf(tenant, "r-2"), [&](pg::Tx& inner, Work&) -> Result<StringValue> {
      inner.Run(kLock, id);
      return StringValue();
    });
    return StringValue();
  });
  EXPECT_TRUE(first.ok());
  ASSERT_FALSE(other->ok());
  EXPECT_EQ(other->error().code, Code::kResourceExhausted);
  EXPECT_EQ(other->error().reason, "RESOURCE_BUSY");
  EXPECT_TRUE(other->error().retry_after_ms);
}

TEST(WriteTest, SeveralClaimsOfABatchAreTakenTogether) {
  Probe p;
  pg::Pool pool(p.Options());
  Id tenant = Id::New();
  auto batch = [&](std::vector<std::string> ids) {
    return pg::InTenantTx(pool, tenant, Soon(), [&](pg::Tx& tx) -> Result<bool> {
      Work work;
      for (const auto& id : ids) work.Remember({"keys/1", "m", id, Sha256(id), "reply " + id});
      if (!work.Apply(tx)) return errors::ConcurrentWrite();
      return true;
    });
  };
  EXPECT_TRUE(batch({"1", "2", "3"}).ok());
  EXPECT_FALSE(batch({"4", "3"}).ok());
  EXPECT_EQ(Counts(p), "0 0 3");
  auto call = CallOf(tenant, "2", "2");
  call.method = "m";
  EXPECT_EQ(*FindReply(pool, call), std::optional<std::string>("reply 2"));
}

#ifdef LANTING_FAULTS
// Runs one write in a child process that a fault point kills.
void WriteAndDie(Probe& p, const Id& tenant, const char* fault) {
  setenv("LANTING_FAULT", fault, 1);
  pg::Pool pool(p.Options());
  (void)Open(pool, CallOf(tenant, "r-1"), "小明");
}

TEST(WriteDeathTest, AProcessKilledAroundItsCommitLeavesAllOrNothing) {
  Probe p;
  Id tenant = Id::New();
  EXPECT_EXIT(WriteAndDie(p, tenant, "write.before_commit"), ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_EQ(Counts(p), "0 0 0");
  EXPECT_EXIT(WriteAndDie(p, tenant, "write.after_commit"), ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_EQ(Counts(p), "1 1 1");
  pg::Pool pool(p.Options());
  EXPECT_TRUE(Open(pool, CallOf(tenant, "r-1"), "小明").ok());
  EXPECT_EQ(Counts(p), "1 1 1");
}
#endif

// The session is ended by the server in the middle of COMMIT, once.
TEST(WriteTest, ACommitInDoubtIsFoundOutAboutUnderARequestId) {
  Probe p;
  p.db.Query(
      "CREATE SEQUENCE probe.commits; GRANT ALL ON SEQUENCE probe.commits TO probe_app;"
      "CREATE FUNCTION probe.cut() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
      "  IF nextval('probe.commits') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END "
      "$$;"
      "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON probe.account DEFERRABLE INITIALLY DEFERRED"
      "  FOR EACH ROW EXECUTE FUNCTION probe.cut()");
  pg::Pool pool(p.Options());
  Id tenant = Id::New();
  auto unknown = Open(pool, CallOf(tenant, ""), "小明");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, Code::kUnavailable);
  EXPECT_TRUE(pg::CommitInDoubt(unknown.error())) << unknown.error().internal;
  EXPECT_EQ(Counts(p), "0 0 0");
  p.db.Query("SELECT setval('probe.commits', 1, false)");
  auto found_out = Open(pool, CallOf(tenant, "r-1"), "小明");
  ASSERT_TRUE(found_out.ok()) << found_out.error().internal;
  EXPECT_EQ(Counts(p), "1 1 1");
  EXPECT_EQ(p.db.Query("SELECT last_value FROM probe.commits"), "2");
}

// Clients write and, when told "unavailable", ask again under the same id, as real ones do; PostgreSQL is stopped,
// killed and started meanwhile.
TEST(WriteTest, ARestartLosesNoAcknowledgedWriteAndDoublesNone) {
  Probe p;
  pg::Pool pool(p.Options());
  Id tenant = Id::New();
  std::atomic<bool> stop = false;
  std::atomic<int> acknowledged = 0;
  std::mutex mutex;
  std::vector<std::string> ids;
  std::vector<std::thread> clients;
  for (int c = 0; c < 6; ++c) {
    clients.emplace_back([&, c] {
      for (int i = 0; !stop; ++i) {
        std::string request = std::to_string(c) + "-" + std::to_string(i);
        while (true) {
          auto reply = Open(pool, CallOf(tenant, request, request), request);
          if (reply.ok()) {
            std::lock_guard lock(mutex);
            ids.push_back(reply->value());
            ++acknowledged;
            break;
          }
          ASSERT_TRUE(reply.error().transient()) << reply.error().reason << reply.error().internal;
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
      }
    });
  }
  auto wait_for = [&](int more) {
    int goal = acknowledged + more;
    auto until = Soon();
    while (acknowledged < goal && Remaining(until).count() > 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_GE(acknowledged, goal);
  };
  auto& server = testing::PgServer::Get();
  for (int round = 0; round < 3; ++round) {
    wait_for(100);
    round % 2 ? server.Kill() : server.Stop();
    server.Start();
  }
  wait_for(100);
  stop = true;
  for (auto& t : clients) t.join();
  auto n = std::to_string(acknowledged.load());
  EXPECT_EQ(Counts(p), n + " " + n + " " + n);
  std::string uuids;
  for (const auto& id : ids) uuids += (uuids.empty() ? "{" : ",") + Id::Parse(id)->ToUuid();
  EXPECT_EQ(p.db.Query("SELECT count(*) FROM probe.account WHERE id = ANY ('" + uuids + "}')"), n);
}

}  // namespace
}  // namespace lanting::idempotency
