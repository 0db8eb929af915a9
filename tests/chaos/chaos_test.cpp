// Events through two real processes, a relay and a projector, while things go wrong. In every case each event must be
// in the projector's table exactly once: its primary key would turn a second effect into a dead letter, and there are
// none.
#include <gtest/gtest.h>

#include "audit/migrations.gen.h"
#include "chaos_source/migrations.gen.h"
#include "platform/outbox/event_source.h"
#include "platform/redis/stream.h"
#include "platform/testing/child.h"
#include "platform/testing/redis_fixture.h"

namespace lanting {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Child;
using testing::Eventually;

class Chaos : public ::testing::Test {
 protected:
  Child Relay(const std::string& fault = "") {
    std::map<std::string, std::string> env = {{"LANTING_SERVICE", "membership"},
                                              {"LANTING_PG_URL", db_.Url("membership", testing::PgRole::kRelay)},
                                              {"LANTING_REDIS_URL", redis_.url()}};
    if (!fault.empty()) env["LANTING_FAULT"] = fault;
    return Child({std::getenv("LANTING_RELAY_HOST")}, env, Log("relay"));
  }

  Child Projector(const std::string& fault = "", const std::string& instance = "projector-0") {
    std::map<std::string, std::string> env = {
        {"LANTING_PG_URL", db_.Url("audit", testing::PgRole::kApp)},
        {"LANTING_REDIS_URL", redis_.url()},
        {"LANTING_INSTANCE", instance},
        {"LANTING_CLAIM_IDLE_MS", "300"},
        // A frozen process holds its transaction, and with it the relay, this long.
        {"LANTING_HANDLE_TIMEOUT_MS", "1000"}};
    if (!fault.empty()) env["LANTING_FAULT"] = fault;
    return Child({std::getenv("LANTING_PROJECTOR")}, env, Log(instance));
  }

  std::string Log(const std::string& name) const {
    return (redis_.data_dir().parent_path() / (name + ".log")).string();
  }

  int Recorded() { return std::stoi(db_.Query("SELECT count(*) FROM audit.audit_entry")); }

  // Exactly the events of the outbox, each once, and nothing given up.
  void ExpectAll(int count, seconds limit = seconds(30)) {
    EXPECT_TRUE(Eventually([&] { return Recorded() >= count; }, limit)) << Recorded() << " of " << count;
    EXPECT_EQ(Recorded(), count);
    EXPECT_EQ(
        db_.Query("SELECT count(*) FROM membership.outbox o FULL JOIN audit.audit_entry a USING (tenant_id, event_id) "
                  "WHERE o.event_id IS NULL OR a.event_id IS NULL"),
        "0");
    redis::Client client({.url = redis_.url()});
    auto letters = client.Command({"XLEN", redis::DeadLetterKey("audit")});
    ASSERT_TRUE(letters.ok());
    EXPECT_EQ(letters->integer, 0);
  }

  testing::RedisFixture redis_{{.aof = true}};
  testing::PgDatabase db_{{{"membership", chaos_source::kMigrations}, {"audit", audit::kMigrations}}};
  testing::EventSource source_{db_, "membership"};
};

TEST_F(Chaos, RelayKilledBetweenCommitAndXadd) {
  auto projector = Projector();
  auto relay = Relay("relay.before_xadd:2");
  source_.AppendMany(700, 350);
  ASSERT_TRUE(Eventually([&] {
    source_.AppendMany(1);
    return relay.Ended();
  }));
  EXPECT_TRUE(relay.Killed());
  auto next = Relay();
  ExpectAll(std::stoi(db_.Query("SELECT count(DISTINCT event_id) FROM membership.outbox")));
}

TEST_F(Chaos, RelayKilledBetweenXaddAndItsCursor) {
  auto projector = Projector();
  auto relay = Relay("relay.after_xadd:1");
  source_.AppendMany(300);
  ASSERT_TRUE(Eventually([&] { return relay.Ended(); }));
  EXPECT_TRUE(relay.Killed());
  auto next = Relay();
  ExpectAll(300);
}

TEST_F(Chaos, ConsumerKilledBetweenHandlerCommitAndXack) {
  auto relay = Relay();
  source_.AppendMany(300);
  {
    auto projector = Projector("consumer.before_xack:1");
    ASSERT_TRUE(Eventually([&] { return projector.Ended(); }));
    EXPECT_TRUE(projector.Killed());
    EXPECT_GT(Recorded(), 0);  // committed, not acknowledged
  }
  auto again = Projector();
  ExpectAll(300);
}

TEST_F(Chaos, RedisWipedTwiceWhileTenThousandEventsFlow) {
  auto relay = Relay();
  auto projector = Projector();
  std::thread writer([&] { source_.AppendMany(10000, 50); });
  EXPECT_TRUE(Eventually([&] { return Recorded() >= 2000; }, seconds(30)));
  redis_.FlushAll();
  EXPECT_TRUE(Eventually([&] { return Recorded() >= 6000; }, seconds(30)));
  redis_.Kill();
  redis_.WipeData();
  redis_.Start();
  writer.join();
  ExpectAll(10000, seconds(60));
}

TEST_F(Chaos, RedisWipedWhileNothingHappensIsNoticed) {
  auto relay = Relay();
  {
    auto projector = Projector();
    source_.AppendMany(100);
    ExpectAll(100);
    projector.Signal(SIGTERM);
    ASSERT_TRUE(Eventually([&] { return projector.Ended(); }));
    EXPECT_EQ(projector.ExitCode(), 0);
  }
  redis_.FlushAll();
  redis::Client client({.url = redis_.url()});
  EXPECT_TRUE(Eventually(
      [&] {
        std::int64_t total = 0;
        for (const auto& key : redis::StreamKeys("membership", 4)) total += client.Command({"XLEN", key})->integer;
        return total == 100;
      },
      seconds(5)));
  auto again = Projector();
  source_.AppendMany(1);
  ExpectAll(101);
}

TEST_F(Chaos, TwoRelaysAtOnceAndTheLeaderDies) {
  auto projector = Projector();
  auto first = Relay();
  ASSERT_TRUE(Eventually([&] {
    return db_.Query(
               "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
               "WHERE l.locktype = 'advisory' AND d.datname = current_database()") == "1";
  }));
  auto second = Relay();
  std::thread writer([&] { source_.AppendMany(3000, 30); });
  EXPECT_TRUE(Eventually([&] { return Recorded() >= 1000; }));
  first.Signal(SIGKILL);
  writer.join();
  ExpectAll(3000);
}

TEST_F(Chaos, ConsumerStoppedInItsTracksIsOvertaken) {
  auto relay = Relay();
  auto first = Projector("", "projector-1");
  std::thread writer([&] { source_.AppendMany(3000, 20); });
  EXPECT_TRUE(Eventually([&] { return Recorded() >= 300; }));
  first.Signal(SIGSTOP);
  auto second = Projector("", "projector-2");
  writer.join();
  EXPECT_TRUE(Eventually([&] { return Recorded() >= 2800; }));
  first.Signal(SIGCONT);
  ExpectAll(3000);
}

TEST_F(Chaos, RedisComesLaterThanEverybodyElse) {
  redis_.Kill();
  redis_.WipeData();
  auto relay = Relay();
  auto projector = Projector();
  source_.AppendMany(200);
  redis_.Start();
  ExpectAll(200);
}

TEST_F(Chaos, PostgresCrashesWhileEventsFlow) {
  auto relay = Relay();
  auto projector = Projector();
  std::thread writer([&] { source_.AppendMany(3000, 30); });
  EXPECT_TRUE(Eventually([&] { return Recorded() >= 500; }));
  testing::PgServer::Get().Kill();
  testing::PgServer::Get().Start();
  writer.join();
  ExpectAll(std::stoi(db_.Query("SELECT count(DISTINCT event_id) FROM membership.outbox")));
}

}  // namespace
}  // namespace lanting
