#include "platform/outbox/relay.h"

#include <filesystem>
#include <set>

#include "lanting/common/v1/event_envelope.pb.h"
#include "platform/inbox/consumer.h"
#include "platform/obs/metrics.h"
#include "platform/outbox/event_source.h"
#include "platform/outbox/relay_store.h"
#include "platform/redis/stream.h"
#include "platform/testing/redis_fixture.h"
#include "platform_test/migrations.gen.h"

namespace lanting::outbox {
namespace {

using common::v1::EventEnvelope;
using std::chrono::milliseconds;
using testing::Eventually;

class RelayTest : public ::testing::Test {
 protected:
  RelayOptions Options() {
    return {.service = "membership",
            .pg_url = db_.Url("membership", testing::PgRole::kRelay),
            .redis_url = redis_.url(),
            .trim_every = milliseconds(100)};
  }

  // All entries of all streams, stream by stream.
  std::vector<EventEnvelope> Sent() {
    std::vector<EventEnvelope> out;
    for (const auto& key : redis::StreamKeys("membership", 4)) {
      auto reply = client_.Command({"XRANGE", key, "-", "+"});
      if (!reply.ok()) return {};
      for (const auto& entry : redis::ToEntries(*reply)) {
        EventEnvelope e;
        if (!e.ParseFromString(*entry.Field("e"))) ADD_FAILURE() << "an entry is no envelope";
        out.push_back(e);
      }
    }
    return out;
  }
  std::set<std::string> SentSubjects() {
    std::set<std::string> out;
    for (const auto& e : Sent()) out.insert(e.subject());
    return out;
  }
  std::int64_t Length() {
    std::int64_t n = 0;
    for (const auto& key : redis::StreamKeys("membership", 4))
      if (auto reply = client_.Command({"XLEN", key}); reply.ok()) n += reply->integer;
    return n;
  }
  void Run(const redis::Args& args) {
    auto reply = client_.Command(args);
    ASSERT_TRUE(reply.ok() && !reply->error()) << args[0] << " " << (reply.ok() ? reply->text : "");
  }

  // `old` remembered requests and five inbox rows that are to go, and one of each that is to stay.
  void AddOldRows(int old) {
    db_.Query(
        "INSERT INTO membership.request_log (tenant_id, subject, method, request_id, request_hash, response, "
        "created_at) SELECT gen_random_uuid(), 'keys/1', 'm', i::text, '', '', "
        "now() - CASE WHEN i = 0 THEN interval '20 hours' ELSE interval '30 hours' END FROM generate_series(0, " +
        std::to_string(old) + ") i");
    db_.Query(
        "INSERT INTO membership.inbox (tenant_id, consumer, event_id, received_at) SELECT gen_random_uuid(), 'c', "
        "gen_random_uuid(), now() - (29 + 2 * i) * interval '1 day' FROM generate_series(0, 5) i");
  }

  testing::RedisFixture redis_{{.aof = true}};
  redis::Client client_{{.url = redis_.url()}};
  testing::PgDatabase db_{{{"membership", platform_test::kMigrations}}};
  testing::EventSource source_{db_, "membership"};
};

TEST_F(RelayTest, AnEntryIsTheWholeFact) {
  Event event = testing::Joined("谢安", 7);
  event.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  event.occurred_time = Time(std::chrono::microseconds(1700000000123456));
  event.payload = std::string("\0\x01\xff兰", 6);
  source_.Append({event});
  Relay relay(Options());
  relay.Start();
  ASSERT_TRUE(Eventually([&] { return Length() == 1; }));
  const auto sent = Sent().front();
  EXPECT_EQ(sent.event_id(), event.event_id.ToString());
  EXPECT_EQ(sent.tenant_id(), source_.tenant().ToString());
  EXPECT_EQ(sent.type(), "lanting.membership.v1.MemberJoined");
  EXPECT_EQ(sent.subject(), "communities/lanting/members/谢安");
  EXPECT_EQ(sent.aggregate_version(), 7);
  EXPECT_EQ(sent.occurred_time().seconds(), 1700000000);
  EXPECT_EQ(sent.occurred_time().nanos(), 123456000);
  EXPECT_EQ(sent.payload(), event.payload);
}

TEST_F(RelayTest, EventsOfASubjectKeepTheirOrder) {
  for (int version = 1; version <= 40; ++version)
    source_.Append({testing::Joined("王献之", version), testing::Joined("孙绰", version)});
  Relay relay(Options());
  relay.Start();
  ASSERT_TRUE(Eventually([&] { return Length() == 80; }));
  std::map<std::string, std::int64_t> last;
  for (const auto& e : Sent()) {
    EXPECT_EQ(e.aggregate_version(), last[e.subject()] + 1);
    last[e.subject()] = e.aggregate_version();
  }
}

// The classic bug: a transaction takes xid and id early and commits after others with higher ones were relayed.
TEST_F(RelayTest, ATransactionThatCommitsLateIsNotLost) {
  Relay relay(Options());
  relay.Start();
  pqxx::connection early(db_.Url("membership", testing::PgRole::kApp));
  pqxx::work tx(early);
  tx.exec("SELECT set_config('lanting.tenant_id', '" + source_.tenant().ToUuid() + "', true)");
  tx.exec(
      "INSERT INTO outbox (event_id, tenant_id, subject, aggregate_version, type, payload, traceparent, occurred_at) "
      "VALUES (gen_random_uuid(), current_tenant(), 'communities/lanting/members/late', 1, 't', '', '', now())");
  source_.AppendMany(50);
  ASSERT_EQ(db_.Query("SELECT count(*) FROM membership.outbox"), "50");  // committed, with higher ids
  ASSERT_TRUE(Eventually([&] { return relay.leader(); }));
  std::this_thread::sleep_for(milliseconds(300));  // several polls, in which a careless relay would pass it by
  tx.commit();
  ASSERT_TRUE(Eventually([&] { return Length() >= 51; }));
  EXPECT_TRUE(SentSubjects().contains("communities/lanting/members/late"));
  EXPECT_EQ(Length(), 51);
}

// Transaction ids are ordered as numbers, also where they gain a digit.
TEST_F(RelayTest, NothingIsSkippedWhereTransactionIdsGainADigit) {
  for (const char* xid : {"98", "99", "100", "101"})
    db_.Query(std::string("INSERT INTO membership.outbox (xid, event_id, tenant_id, subject, aggregate_version, type, "
                          "payload, traceparent, occurred_at) VALUES ('") +
              xid + "', gen_random_uuid(), gen_random_uuid(), 's" + xid + "', 1, 't', '', '', now())");
  auto options = Options();
  options.batch = 2;
  Relay relay(options);
  relay.Start();
  EXPECT_TRUE(Eventually([&] { return SentSubjects().size() == 4; }, milliseconds(5000)));
}

TEST_F(RelayTest, OneOfTwoLeadsAndTheOtherTakesOver) {
  Relay first(Options()), second(Options());
  first.Start();
  ASSERT_TRUE(Eventually([&] { return first.leader(); }));
  second.Start();
  source_.AppendMany(100);
  ASSERT_TRUE(Eventually([&] { return Length() == 100; }));
  EXPECT_FALSE(second.leader());
  first.Stop();
  ASSERT_TRUE(Eventually([&] { return second.leader(); }));
  source_.AppendMany(100);
  ASSERT_TRUE(Eventually([&] { return Length() == 200; }));
}

TEST_F(RelayTest, ALeaderThatCannotReachRedisGivesWay) {
  auto cut_off = Options();
  cut_off.redis_url += ".elsewhere";
  Relay first(cut_off), second(Options());
  first.Start();
  ASSERT_TRUE(Eventually([&] { return first.leader(); }));
  second.Start();
  source_.AppendMany(10);
  EXPECT_TRUE(Eventually([&] { return second.leader() && Length() == 10; }));
  EXPECT_FALSE(first.leader());
}

TEST_F(RelayTest, ALostLeaderSessionIsTakenUpAgain) {
  Relay relay(Options());
  relay.Start();
  source_.AppendMany(10);
  ASSERT_TRUE(Eventually([&] { return Length() == 10; }));
  db_.Query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'lanting-relay%'");
  source_.AppendMany(10);
  EXPECT_TRUE(Eventually([&] { return SentSubjects().size() == 20; }));
}

TEST_F(RelayTest, FlushedStreamsAreFilledAgain) {
  Relay relay(Options());
  relay.Start();
  source_.AppendMany(200);
  ASSERT_TRUE(Eventually([&] { return Length() == 200; }));
  redis_.FlushAll();
  EXPECT_TRUE(Eventually([&] { return SentSubjects().size() == 200; }, milliseconds(5000)));
}

// A consumer makes the streams anew before the relay has looked: they exist, but are not those it knew.
TEST_F(RelayTest, StreamsMadeAnewByAConsumerAreNoticed) {
  Relay relay(Options());
  relay.Start();
  source_.AppendMany(200);
  ASSERT_TRUE(Eventually([&] { return Length() == 200; }));
  std::vector<redis::Args> wipe = {{"MULTI"}, {"FLUSHALL"}};
  for (const auto& key : redis::StreamKeys("membership", 4))
    wipe.push_back({"XGROUP", "CREATE", key, "audit", "0", "MKSTREAM"});
  wipe.push_back({"EXEC"});
  ASSERT_TRUE(client_.Pipeline(wipe).ok());
  source_.AppendMany(1);
  EXPECT_TRUE(Eventually([&] { return SentSubjects().size() == 201; }, milliseconds(5000)));
}

// What a crash with appendfsync everysec, or a failover to a late replica, does: the streams are there, without their
// end.
TEST_F(RelayTest, ALostTailIsSentAgainBeforeAnythingNew) {
  Relay relay(Options());
  relay.Start();
  source_.Append({testing::Joined("庾亮", 1)});
  ASSERT_TRUE(Eventually([&] { return Length() == 1; }));
  redis_.Stop();  // orderly: the file is complete
  const auto backup = redis_.data_dir().parent_path() / "backup";
  std::filesystem::copy(redis_.data_dir(), backup, std::filesystem::copy_options::recursive);
  redis_.Start();
  for (int version = 2; version <= 5; ++version) source_.Append({testing::Joined("庾亮", version)});
  ASSERT_TRUE(Eventually([&] { return Length() == 5; }));
  redis_.Kill();
  source_.Append({testing::Joined("庾亮", 6)});
  redis_.WipeData();
  std::filesystem::copy(backup, redis_.data_dir(), std::filesystem::copy_options::recursive);
  redis_.Start();
  ASSERT_TRUE(Eventually([&] { return Length() >= 7; }));
  std::int64_t newest = 0;
  for (const auto& e : Sent()) {
    EXPECT_LE(e.aggregate_version(), newest + 1) << "an event overtook one that was lost";
    newest = std::max(newest, e.aggregate_version());
  }
  EXPECT_EQ(newest, 6);
}

TEST_F(RelayTest, TrimsWhatEveryGroupHasAcknowledged) {
  for (const auto& key : redis::StreamKeys("membership", 4)) {
    Run({"XGROUP", "CREATE", key, "audit", "0", "MKSTREAM"});
    Run({"XGROUP", "CREATE", key, "incentives", "0", "MKSTREAM"});
  }
  Relay relay(Options());
  relay.Start();
  source_.AppendMany(400);
  ASSERT_TRUE(Eventually([&] { return Length() == 400; }));
  for (const auto& key : redis::StreamKeys("membership", 4)) {
    auto all = client_.Command({"XREADGROUP", "GROUP", "audit", "a", "NOACK", "STREAMS", key, ">"});
    ASSERT_TRUE(all.ok() && !all->error());
  }
  // The other group has one entry pending in one stream, and has read nothing of the others.
  const auto key = redis::StreamKey("membership", 0);
  auto read = client_.Command({"XREADGROUP", "GROUP", "incentives", "i", "COUNT", "6", "STREAMS", key, ">"});
  ASSERT_TRUE(read.ok() && read->items.size() == 1);
  auto entries = redis::ToEntries(read->items[0].items[1]);
  ASSERT_EQ(entries.size(), 6u);
  for (int i = 0; i < 5; ++i) Run({"XACK", key, "incentives", entries[i].id});
  EXPECT_TRUE(Eventually([&] { return Length() == 395; }));
  auto first = client_.Command({"XRANGE", key, "-", "+", "COUNT", "1"});
  EXPECT_EQ(redis::ToEntries(*first).front().id, entries[5].id);
}

TEST_F(RelayTest, AConsumerThatComesAfterTheTrimmingGetsAllThatIsRetained) {
  const auto keys = redis::StreamKeys("membership", 4);
  for (const auto& key : keys) Run({"XGROUP", "CREATE", key, "incentives", "0", "MKSTREAM"});
  Relay relay(Options());
  relay.Start();
  source_.AppendMany(200);
  ASSERT_TRUE(Eventually([&] { return Length() == 200; }));
  for (const auto& key : keys)
    ASSERT_TRUE(client_.Command({"XREADGROUP", "GROUP", "incentives", "i", "NOACK", "STREAMS", key, ">"}).ok());
  ASSERT_TRUE(Eventually([&] { return Length() <= 4; }));  // the last of each stream stays
  db_.Query(
      "CREATE TABLE membership.effect (event_id uuid);"
      "GRANT ALL ON membership.effect TO membership_app");
  const inbox::Handler note{[](pg::Tx& tx, const EventEnvelope& e) -> Result<void> {
    tx.Run({"note_effect", "INSERT INTO effect VALUES ($1::uuid)"}, Id::Parse(e.event_id()));
    return {};
  }};
  inbox::Consumer audit({.name = "audit", .instance = "audit-0", .sources = {"membership"}, .redis_url = redis_.url()},
                        {{"lanting.membership.v1.MemberJoined", note}}, source_.pool());
  audit.Start();
  EXPECT_TRUE(Eventually([&] { return db_.Query("SELECT count(*) FROM membership.effect") == "200"; }));
  source_.AppendMany(1);
  EXPECT_TRUE(Eventually([&] { return db_.Query("SELECT count(*) FROM membership.effect") == "201"; }));
  audit.Stop();
  EXPECT_EQ(db_.Query("SELECT count(DISTINCT event_id) FROM membership.effect"), "201");
}

TEST_F(RelayTest, NothingIsTrimmedWhileAKnownGroupIsMissing) {
  const auto keys = redis::StreamKeys("membership", 4);
  for (const auto& key : keys)
    for (const char* group : {"audit", "incentives"}) Run({"XGROUP", "CREATE", key, group, "0", "MKSTREAM"});
  Relay relay(Options());
  relay.Start();
  source_.AppendMany(100);
  ASSERT_TRUE(Eventually([&] { return Length() == 100; }));
  ASSERT_TRUE(Eventually(
      [&] { return db_.Query("SELECT state->'groups' ? 'incentives' FROM membership.outbox_cursor") == "t"; }));
  // Redis is emptied; "audit" comes back and reads everything, "incentives" is still away.
  std::vector<redis::Args> wipe = {{"MULTI"}, {"FLUSHALL"}};
  for (const auto& key : keys) wipe.push_back({"XGROUP", "CREATE", key, "audit", "0", "MKSTREAM"});
  wipe.push_back({"EXEC"});
  ASSERT_TRUE(client_.Pipeline(wipe).ok());
  ASSERT_TRUE(Eventually([&] { return Length() == 100; }));
  for (const auto& key : keys)
    ASSERT_TRUE(client_.Command({"XREADGROUP", "GROUP", "audit", "a", "NOACK", "STREAMS", key, ">"}).ok());
  std::this_thread::sleep_for(milliseconds(400));  // several rounds of trimming
  EXPECT_EQ(Length(), 100);
}

TEST_F(RelayTest, WaitsForWhatIsDownAndSaysHowOldTheOldestIs) {
  redis_.Kill();
  Relay relay(Options());
  relay.Start();
  source_.AppendMany(20);
  const std::string gauge = "lanting_outbox_oldest_age_seconds{service=\"membership\"} ";
  EXPECT_TRUE(Eventually([&] {
    const auto text = obs::MetricsText();
    const auto at = text.find(gauge);
    return at != text.npos && std::stod(text.substr(at + gauge.size())) > 1.0;
  }));
  redis_.Start();
  EXPECT_TRUE(Eventually([&] { return Length() == 20; }));
  EXPECT_TRUE(Eventually([&] { return obs::MetricsText().find(gauge + "0\n") != std::string::npos; }));
}

TEST_F(RelayTest, OldRequestsAndOldInboxRowsArePurgedTogether) {
  AddOldRows(2500);
  RelayStore store(Options().pg_url, "membership");
  ASSERT_TRUE(store.TryLead().ok());
  EXPECT_EQ(store.Purge(30).value(), true);
  EXPECT_EQ(db_.Query("SELECT count(*) FROM membership.request_log"), "501");
  EXPECT_EQ(db_.Query("SELECT count(*) FROM membership.inbox"), "1");
  EXPECT_EQ(store.Purge(30).value(), false);
  EXPECT_EQ(db_.Query("SELECT count(*) FROM membership.request_log"), "1");
}

TEST_F(RelayTest, WhatIsOldIsPurgedAlsoWhileRedisIsDown) {
  redis_.Kill();
  AddOldRows(10);
  source_.AppendMany(5);
  Relay relay(Options());
  relay.Start();
  EXPECT_TRUE(Eventually([&] {
    return db_.Query("SELECT count(*) FROM membership.request_log") == "1" &&
           db_.Query("SELECT count(*) FROM membership.inbox") == "1";
  }));
}

TEST_F(RelayTest, WakeSparesTheWait) {
  auto options = Options();
  options.idle_poll = options.busy_poll = std::chrono::seconds(20);
  Relay relay(options);
  relay.Start();
  ASSERT_TRUE(Eventually([&] { return relay.leader(); }));
  source_.AppendMany(5);
  EXPECT_TRUE(Eventually(
      [&] {
        relay.Wake();
        return Length() == 5;
      },
      milliseconds(5000)));
}

}  // namespace
}  // namespace lanting::outbox
