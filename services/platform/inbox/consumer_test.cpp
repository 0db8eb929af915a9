#include "platform/inbox/consumer_fixture.h"

namespace lanting::inbox {
namespace {

using std::chrono::milliseconds;
using testing::Eventually;

TEST_F(ConsumerTest, AThousandEventsWithAPoisonEntryAndAnUnknownType) {
  Consumer consumer(Options(), {{kJoined, {&Effect}}}, pool_);
  consumer.Start();
  for (int i = 0; i < 1000; ++i) {
    if (i == 200) SendRaw(redis::StreamKey("membership", 1), std::string("\xff\x00not an envelope", 17));
    if (i == 400) Send(Envelope("桓温", 1, "lanting.membership.v1.NotForUs"));
    Send(Envelope("member" + std::to_string(i), 1));
  }
  EXPECT_TRUE(Eventually([&] { return Effects() == 1000 && Pending() == 0 && Letters() == 1; }));
  EXPECT_EQ(DistinctEffects(), 1000);
  const auto letter = DeadLetters(client_, "incentives").List("", 10).value().front();
  EXPECT_EQ(letter.reason, "CANNOT_PARSE");
  EXPECT_EQ(letter.stream, redis::StreamKey("membership", 1));
  EXPECT_EQ(letter.envelope, std::string("\xff\x00not an envelope", 17));
}

TEST_F(ConsumerTest, OneHandlerMayTakeWhateverNoOtherTakesAndCommitsAreTold) {
  std::atomic<int> others = 0, commits = 0;
  const Handler any{[&](pg::Tx& tx, const EventEnvelope& e) -> Result<void> {
    ++others;
    return Effect(tx, e);
  }};
  auto options = Options();
  options.committed = [&] { ++commits; };
  Consumer consumer(options, {{kJoined, {&Effect}}, {kAnyType, any}}, pool_);
  consumer.Start();
  const auto unknown = Envelope("桓温", 1, "lanting.content.v1.NotEvenCompiledIn");
  Send(unknown);
  Send(Envelope("谢安", 1));
  ASSERT_TRUE(Eventually([&] { return Effects() == 2 && Pending() == 0; }));
  EXPECT_GE(others, 1);
  EXPECT_EQ(Effects("subject LIKE '%桓温'"), 1);
  EXPECT_GE(commits, 1);
  EXPECT_LE(commits, 2);
  EXPECT_EQ(Letters(), 0);
}

TEST_F(ConsumerTest, ARefusalByRedisIsNotMetInALoop) {
  ASSERT_TRUE(client_.Command({"ACL", "SETUSER", "default", "-xreadgroup"}).ok());
  Send(Envelope("桓玄", 1));
  Consumer consumer(Options(), {{kJoined, {&Effect}}}, pool_);
  consumer.Start();
  auto calls = [&] {
    const std::string name = "cmdstat_xgroup|create:calls=";
    const auto text = client_.Command({"INFO", "commandstats"}).value().text;
    const auto at = text.find(name);
    return at == text.npos ? 0 : std::stoi(text.substr(at + name.size()));
  };
  ASSERT_TRUE(Eventually([&] { return calls() >= 12; }));  // four streams, three tries
  const int before = calls();
  std::this_thread::sleep_for(milliseconds(1000));  // a loop would make thousands
  EXPECT_LE(calls() - before, 80);
  ASSERT_TRUE(client_.Command({"ACL", "SETUSER", "default", "+xreadgroup"}).ok());
  EXPECT_TRUE(Eventually([&] { return Effects() == 1; }));
}

TEST_F(ConsumerTest, DuplicatesHaveNoSecondEffect) {
  std::vector<EventEnvelope> events;
  for (int i = 0; i < 500; ++i) {
    events.push_back(Envelope("member" + std::to_string(i), 1));
    Send(events.back());
    if (i % 10 < 3) Send(events[static_cast<std::size_t>(i * 7 % (i + 1))]);  // of the same batch and of earlier ones
    if (i % 10 < 3) Send(events.back());
  }
  Consumer consumer(Options(), {{kJoined, {&Effect}}}, pool_);
  consumer.Start();
  EXPECT_TRUE(Eventually([&] { return DistinctEffects() == 500 && Pending() == 0; }));
  consumer.Stop();
  EXPECT_EQ(Effects(), 500);
  EXPECT_EQ(Letters(), 0);
}

TEST_F(ConsumerTest, AnOlderVersionIsIgnoredWhereOnlyTheNewestCounts) {
  for (int version : {1, 3, 2, 3, 5, 4}) Send(Envelope("许询", version));
  Send(Envelope("支遁", 1));
  Consumer consumer(Options(), {{kJoined, {&Effect, Versions::kNewest}}}, pool_);
  consumer.Start();
  ASSERT_TRUE(Eventually([&] { return Effects("subject LIKE '%支遁'") == 1 && Effects("version = 5") == 1; }));
  consumer.Stop();
  EXPECT_EQ(
      db_.Query("SELECT string_agg(version::text, ',' ORDER BY n) FROM incentives.effect WHERE subject LIKE '%许询'"),
      "1,3,3,5");
  EXPECT_EQ(Pending(), 0);
}

TEST_F(ConsumerTest, EveryFactCountsWhereEachIsWanted) {
  for (int version : {2, 1, 4, 3}) Send(Envelope("许询", version));
  Consumer consumer(Options(), {{kJoined, {&Effect}}}, pool_);
  consumer.Start();
  EXPECT_TRUE(Eventually([&] { return Effects() == 4; }));
}

TEST_F(ConsumerTest, ARefusalIsADeadLetterAtOnceAndHurtsNoNeighbour) {
  std::atomic<int> tries = 0;
  const Handler handler{[&](pg::Tx& tx, const EventEnvelope& e) -> Result<void> {
    if (e.subject().ends_with("王敦")) {
      RETURN_IF_ERROR(Effect(tx, e));  // must not stay
      ++tries;
      return Error{.code = Code::kFailedPrecondition, .reason = "ACCOUNT_CLOSED", .message = "The account is closed."};
    }
    return Effect(tx, e);
  }};
  for (int i = 0; i < 50; ++i) Send(Envelope(i == 25 ? "王敦" : "member" + std::to_string(i), 1));
  Consumer consumer(Options(), {{kJoined, handler}}, pool_);
  consumer.Start();
  EXPECT_TRUE(Eventually([&] { return Effects() == 49 && Letters() == 1 && Pending() == 0; }));
  EXPECT_LE(tries, 2);  // once with its batch, once alone
  const auto letter = DeadLetters(client_, "incentives").List("", 10).value().front();
  EXPECT_EQ(letter.reason, "ACCOUNT_CLOSED");
  EXPECT_EQ(letter.subject, "communities/lanting/members/王敦");
  EXPECT_EQ(letter.tenant_id, tenant_.ToString());
}

TEST_F(ConsumerTest, ATransientFaultHoldsBackItsSubjectOnly) {
  std::atomic<int> failures = 2;
  const Handler handler{[&](pg::Tx& tx, const EventEnvelope& e) -> Result<void> {
    if (e.subject().ends_with("郗鉴") && e.aggregate_version() == 1 && failures-- > 0)
      return Error{.code = Code::kAborted, .reason = "CONCURRENT_WRITE"};
    return Effect(tx, e);
  }};
  auto options = Options();
  options.max_attempts = 10;
  options.retry_first = options.retry_most = milliseconds(600);
  Consumer consumer(options, {{kJoined, handler}}, pool_);
  Send(Envelope("郗鉴", 1));
  Send(Envelope("郗鉴", 2));
  for (int i = 0; i < 20; ++i) Send(Envelope("member" + std::to_string(i), 1));
  consumer.Start();
  ASSERT_TRUE(Eventually([&] { return Effects("subject NOT LIKE '%郗鉴'") == 20; }));
  EXPECT_EQ(Effects("subject LIKE '%郗鉴'"), 0);
  ASSERT_TRUE(Eventually([&] { return Effects("subject LIKE '%郗鉴'") == 2 && Pending() == 0; }));
  EXPECT_EQ(
      db_.Query("SELECT string_agg(version::text, ',' ORDER BY n) FROM incentives.effect WHERE subject LIKE '%郗鉴'"),
      "1,2");
  EXPECT_EQ(Letters(), 0);
}

TEST_F(ConsumerTest, ATransientFaultThatDoesNotPassBecomesADeadLetter) {
  const Handler handler{[](pg::Tx& tx, const EventEnvelope& e) -> Result<void> {
    if (e.aggregate_version() == 1) tx.RunDynamic("SELECT 1 / 0", {});  // an SQL error, as from a constraint
    return Effect(tx, e);
  }};
  Send(Envelope("郗鉴", 1));
  Send(Envelope("郗鉴", 2));
  Consumer consumer(Options(), {{kJoined, handler}}, pool_);
  consumer.Start();
  EXPECT_TRUE(Eventually([&] { return Letters() == 1 && Effects() == 1 && Pending() == 0; }));
  const auto letter = DeadLetters(client_, "incentives").List("", 10).value().front();
  EXPECT_EQ(letter.attempts, 3);
  EXPECT_NE(letter.detail.find("22012"), std::string::npos) << letter.detail;
}

// A is in the middle of an event when B takes the entry over: B waits for A's inbox row and finds the work done.
TEST_F(ConsumerTest, OvertakenInTheMiddleOfAnEvent) {
  std::atomic<bool> inside = false, go_on = false;
  const Handler slow{[&](pg::Tx& tx, const EventEnvelope& e) -> Result<void> {
    RETURN_IF_ERROR(Effect(tx, e));
    inside = true;
    Eventually([&] { return go_on.load(); });
    return {};
  }};
  Consumer a(Options("a"), {{kJoined, slow}}, pool_);
  Send(Envelope("王凝之", 1));
  a.Start();
  ASSERT_TRUE(Eventually([&] { return inside.load(); }));
  auto options = Options("b");
  options.claim_idle = milliseconds(100);
  Consumer b(options, {{kJoined, {&Effect}}}, pool_);
  b.Start();
  auto owner_is_b = [&] {
    for (const auto& key : redis::StreamKeys("membership", 4)) {
      auto r = client_.Command({"XPENDING", key, "incentives", "-", "+", "1"});
      if (r.ok() && !r->items.empty() && r->items[0].items[1].text == "b") return true;
    }
    return false;
  };
  ASSERT_TRUE(Eventually(owner_is_b));
  go_on = true;
  EXPECT_TRUE(Eventually([&] { return Pending() == 0; }));
  a.Stop();
  b.Stop();
  EXPECT_EQ(Effects(), 1);
  EXPECT_EQ(Letters(), 0);
}

// Entries that a dead process left behind, one of which kills whoever handles it.
TEST_F(ConsumerTest, WhatKillsTheProcessIsGivenUpAndItsNeighboursAreNot) {
  std::vector<std::string> ids;
  const auto stream = StreamOf(Envelope("杀手", 1));
  for (int i = 0; i < 3; ++i) ids.push_back(Send(Envelope("杀手", i + 1)));
  ASSERT_TRUE(client_.Command({"XGROUP", "CREATE", stream, "incentives", "0"}).ok());
  ASSERT_TRUE(client_.Command({"XREADGROUP", "GROUP", "incentives", "incentives-0", "STREAMS", stream, ">"}).ok());
  for (const auto& id : ids)
    ASSERT_TRUE(client_.Command({"XCLAIM", stream, "incentives", "incentives-0", "0", id, "RETRYCOUNT", "3"}).ok());
  Consumer consumer(Options(), {{kJoined, {&Effect}}}, pool_);
  consumer.Start();
  EXPECT_TRUE(Eventually([&] { return Effects() == 2 && Letters() == 1 && Pending() == 0; }));
  const auto letter = DeadLetters(client_, "incentives").List("", 10).value().front();
  EXPECT_EQ(letter.reason, "DELIVERED_TOO_OFTEN");
  EXPECT_EQ(letter.entry_id, ids[0]);
}

TEST_F(ConsumerTest, WhilePostgresIsAwayNothingIsGivenUp) {
  auto options = Options();
  options.max_attempts = 1;
  Consumer consumer(options, {{kJoined, {&Effect}}}, pool_);
  consumer.Start();
  Send(Envelope("谢玄", 1));
  ASSERT_TRUE(Eventually([&] { return Effects() == 1; }));
  testing::PgServer::Get().Stop();
  for (int i = 0; i < 30; ++i) Send(Envelope("member" + std::to_string(i), 1));
  ASSERT_TRUE(Eventually([&] { return Pending() > 0; }));
  testing::PgServer::Get().Start();
  EXPECT_TRUE(Eventually([&] { return Effects() == 31 && Pending() == 0; }));
  EXPECT_EQ(Letters(), 0);
}

TEST_F(ConsumerTest, RedisLaterAndFlushedUnderneath) {
  redis_.Kill();
  Consumer consumer(Options(), {{kJoined, {&Effect}}}, pool_);
  consumer.Start();
  redis_.Start();
  const auto first = Envelope("谢道韫", 1);
  ASSERT_TRUE(client_.Command({"PING"}).ok() || client_.Command({"PING"}).ok());
  Send(first);
  ASSERT_TRUE(Eventually([&] { return Effects() == 1; }));
  redis_.FlushAll();
  Send(first);
  Send(Envelope("谢道韫", 2));
  EXPECT_TRUE(Eventually([&] { return Effects() == 2 && Pending() == 0; }));
}

TEST_F(ConsumerTest, LeavesNothingBehindAfterAGracefulStop) {
  Consumer consumer(Options("pod-7f9c"), {{kJoined, {&Effect}}}, pool_);
  consumer.Start();
  const auto event = Envelope("顾恺之", 1);
  Send(event);
  ASSERT_TRUE(Eventually([&] { return Effects() == 1 && Pending() == 0; }));
  consumer.Stop();
  auto consumers = client_.Command({"XINFO", "CONSUMERS", StreamOf(event), "incentives"});
  ASSERT_TRUE(consumers.ok());
  EXPECT_TRUE(consumers->items.empty());
  EXPECT_NE(obs::MetricsText().find("lanting_consumer_handled_total{consumer=\"incentives\",outcome=\"handled\"}"),
            std::string::npos);
}

}  // namespace
}  // namespace lanting::inbox
