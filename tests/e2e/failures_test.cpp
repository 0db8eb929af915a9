// What the suite must survive, end to end over HTTP: processes killed in the middle of a write, Redis wiped, PostgreSQL
// restarted, the last places fought over.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/suite.h"

namespace lanting {
namespace {

using testing::Answer;
using testing::Suite;

std::string OpenWithGroup(Suite& suite, int capacity) {
  auto community =
      suite.Call("POST", "/v1/communities?gateKind=GATE_KIND_QUESTIONS",
                 R"({"displayName": "同城跑团", "template": "TEMPLATE_SOCIAL_RING", "purpose": "周末一起跑步"})");
  EXPECT_EQ(community.status, 200) << boost::json::serialize(community.body);
  auto group = suite.Call(
      "POST", "/v1/" + community.text("name") + "/groups",
      R"({"displayName": "跑团一群", "channel": "CHANNEL_WECOM", "capacity": )" + std::to_string(capacity) + "}");
  EXPECT_EQ(group.status, 200) << boost::json::serialize(group.body);
  return community.text("name");
}

// Joins person `n`, again and again under the same key until an answer comes, as a careful client does.
Answer JoinUntilAnswered(Suite& suite, const std::string& community, int n, int gateway = 0, int seconds = 60) {
  const auto body =
      R"({"displayName": "跑者)" + std::to_string(n) + R"(", "externalId": "runner-)" + std::to_string(n) + "\"}";
  Answer answer;
  testing::Eventually(
      [&] {
        answer = suite.Call("POST", "/v1/" + community + "/members", body,
                            {{"Idempotency-Key", "join-" + std::to_string(n)}}, gateway);
        return answer.status == 200 ||
               (answer.status >= 400 && answer.status < 500 && answer.status != 409 && answer.status != 429);
      },
      seconds);
  return answer;
}

// Runs body(0) ... body(count - 1) in threads while `meanwhile` runs in this one. Servers are started here and not in
// a thread of their own: they die with the thread that started them.
void InThreads(
    int threads, int count, const std::function<void(int)>& body, const std::function<void()>& meanwhile = [] {}) {
  std::atomic<int> next{0};
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&] {
      for (int n; (n = next++) < count;) body(n);
    });
  }
  meanwhile();
  for (auto& worker : workers) worker.join();
}

int Count(Suite& suite, const std::string& sql) { return std::stoi(suite.db().Query(sql)); }

TEST(FailuresTest, TenPlacesTwoHundredPeople) {
  Suite suite({.memberships = 2});
  const auto community = OpenWithGroup(suite, 10);
  std::mutex mutex;
  int active = 0;
  std::set<std::int64_t> positions;
  InThreads(32, 200, [&](int n) {
    auto answer = JoinUntilAnswered(suite, community, n, n % 2);
    std::lock_guard lock(mutex);
    ASSERT_EQ(answer.status, 200) << boost::json::serialize(answer.body);
    if (answer.text("state") == "MEMBER_STATE_ACTIVE") {
      ++active;
    } else {
      EXPECT_TRUE(positions.insert(answer.number("waitingPosition")).second) << "two people at one place in the queue";
    }
  });
  EXPECT_EQ(active, 10);
  ASSERT_EQ(positions.size(), 190u);
  EXPECT_EQ(*positions.begin(), 1);
  EXPECT_EQ(*positions.rbegin(), 190);
  EXPECT_EQ(suite.Call("GET", "/v1/" + community).number("memberCount"), 10);
}

class KilledTest : public ::testing::TestWithParam<const char*> {};

// The process dies at the point in the middle of joins; started again, every retried join is there exactly once and so
// is its event.
TEST_P(KilledTest, NoJoinIsLostOrDoubled) {
  Suite suite({.projector = true});
  const auto community = OpenWithGroup(suite, 1000);
  constexpr int kJoins = 60;
  suite.StartMembership(0, {{"LANTING_FAULT", GetParam()}});
  InThreads(
      8, kJoins, [&](int n) { EXPECT_EQ(JoinUntilAnswered(suite, community, n).status, 200); },
      [&] {
        EXPECT_TRUE(testing::Eventually([&] { return suite.membership().Ended(); }))
            << "the fault point was never reached";
        EXPECT_TRUE(suite.membership().Killed());
        suite.StartMembership(0);
      });
  EXPECT_EQ(Count(suite, "SELECT count(*) FROM membership.member"), kJoins);
  EXPECT_EQ(Count(suite, "SELECT count(DISTINCT external_id) FROM membership.member"), kJoins);
  EXPECT_EQ(suite.Call("GET", "/v1/" + community).number("memberCount"), kJoins);
  EXPECT_TRUE(testing::Eventually([&] { return Count(suite, "SELECT count(*) FROM audit.audit_entry") == kJoins; }));
  EXPECT_EQ(Count(suite, "SELECT count(DISTINCT subject) FROM audit.audit_entry"), kJoins);
}

INSTANTIATE_TEST_SUITE_P(Points, KilledTest,
                         ::testing::Values("write.before_commit:4", "write.after_commit:4", "relay.before_xadd:3",
                                           "relay.after_xadd:3"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

TEST(FailuresTest, RedisIsWipedWhileTenThousandJoin) {
  Suite suite({.projector = true});
  const auto community = OpenWithGroup(suite, 20'000);
  constexpr int kBatches = 100;
  std::atomic<int> done{0};
  auto join_a_hundred = [&](int batch) {
    std::string members;
    for (int i = 0; i < 100; ++i) {
      members += std::string(i ? "," : "") + R"({"displayName": "跑者", "externalId": "r-)" +
                 std::to_string(batch * 100 + i) + "\"}";
    }
    auto answer = suite.Call("POST", "/v1/" + community + "/members:batchCreate", "{\"members\": [" + members + "]}");
    EXPECT_EQ(answer.status, 200) << boost::json::serialize(answer.body);
    ++done;
  };
  InThreads(4, kBatches, join_a_hundred, [&] {
    for (int at : {15, 40, 70}) {
      EXPECT_TRUE(testing::Eventually([&] { return done >= at; }, 120));
      suite.redis().FlushAll();
    }
    suite.redis().Kill();
    suite.redis().WipeData();
    suite.redis().Start();
  });
  EXPECT_EQ(Count(suite, "SELECT count(*) FROM membership.member"), 10'000);
  EXPECT_TRUE(
      testing::Eventually([&] { return Count(suite, "SELECT count(*) FROM audit.audit_entry") >= 10'000; }, 90));
  EXPECT_EQ(Count(suite, "SELECT count(*) FROM audit.audit_entry"), 10'000);
  EXPECT_EQ(Count(suite, "SELECT count(DISTINCT subject) FROM audit.audit_entry"), 10'000);
}

TEST(FailuresTest, PostgresRestartsUnderLoad) {
  Suite suite;
  const auto community = OpenWithGroup(suite, 10'000);
  std::atomic<int> answered{0};
  constexpr int kJoins = 500;
  std::set<std::string> acknowledged;
  std::mutex mutex;
  auto join = [&](int n) {
    auto answer = JoinUntilAnswered(suite, community, n);
    EXPECT_EQ(answer.status, 200) << boost::json::serialize(answer.body);
    std::lock_guard lock(mutex);
    acknowledged.insert(answer.text("name"));
    ++answered;
  };
  InThreads(16, kJoins, join, [&] {
    for (int at : {100, 250}) {
      EXPECT_TRUE(testing::Eventually([&] { return answered >= at; }, 60));
      testing::PgServer::Get().Restart();
    }
    EXPECT_TRUE(testing::Eventually([&] { return answered >= 330; }, 60));
    testing::PgServer::Get().Kill();
    testing::PgServer::Get().Start();
  });
  EXPECT_EQ(acknowledged.size(), static_cast<std::size_t>(kJoins));
  EXPECT_EQ(Count(suite, "SELECT count(*) FROM membership.member"), kJoins);
  EXPECT_EQ(suite.Call("GET", "/v1/" + community).number("memberCount"), kJoins);
  for (const auto& name : acknowledged) EXPECT_EQ(suite.Call("GET", "/v1/" + name).status, 200) << name;
}

TEST(FailuresTest, AnImportGoesOnWhereTheProcessDied) {
  Suite suite({.projector = true});
  const auto community = OpenWithGroup(suite, 20'000);
  suite.StartMembership(0, {{"LANTING_FAULT", "import.after_chunk:3"}});
  suite.WaitReady(suite.admin_port());
  Answer import;
  EXPECT_TRUE(testing::Eventually([&] {
    import = suite.Call("POST", "/v1/" + community + "/memberImports?badRows=BAD_ROWS_SKIP",
                        testing::PeopleCsv(testing::Nicknames(10'000)),
                        {{"Content-Type", "text/csv"},
                         { "Idempotency-Key",
                           "the-import" }});
    return import.status == 200;
  }));
  EXPECT_TRUE(testing::Eventually([&] { return suite.membership().Ended(); }));
  EXPECT_EQ(Count(suite, "SELECT processed_count FROM membership.member_import"), 3000);
  suite.StartMembership(0);
  Answer finished;
  EXPECT_TRUE(testing::Eventually([&] {
    finished = suite.Call("GET", "/v1/" + import.text("name"));
    return finished.text("state") == "IMPORT_STATE_SUCCEEDED";
  }));
  EXPECT_EQ(finished.number("importedCount"), 10'000);
  EXPECT_EQ(finished.number("badRowCount"), 0);
  EXPECT_EQ(Count(suite, "SELECT count(*) FROM membership.member"), 10'000);
  EXPECT_TRUE(
      testing::Eventually([&] { return Count(suite, "SELECT count(*) FROM audit.audit_entry") >= 10'000; }, 60));
  EXPECT_EQ(Count(suite, "SELECT count(*) FROM audit.audit_entry"), 10'000);
}

TEST(FailuresTest, ASuperuserIsNotServedUnder) {
  Suite suite;
  suite.StartMembership(0, {{"LANTING_PG_URL", suite.db().Url("membership", testing::PgRole::kSuperuser)},
                            {"LANTING_FAULT", "never.reached"}});  // so that readiness is not waited for
  EXPECT_TRUE(testing::Eventually([&] { return suite.membership().Ended(); }, 15));
  EXPECT_EQ(suite.membership().ExitCode(), 78);
  EXPECT_NE(suite.MembershipLog(0).find("UNSAFE_ROLE"), std::string::npos) << suite.MembershipLog(0);
  EXPECT_EQ(suite.Call("GET", "/v1/communities").status, 503);
}

TEST(FailuresTest, StartsWithoutItsDependenciesAndHeals) {
  Suite suite({.projector = true});
  testing::PgServer::Get().Stop();
  suite.redis().Kill();
  suite.StartMembership(0, {{"LANTING_FAULT", "never.reached"}});
  EXPECT_TRUE(testing::Eventually([&] {
    auto answer =
        http::Fetch("127.0.0.1", suite.admin_port(), "GET", "/readyz", {}, "", DeadlineIn(std::chrono::seconds(2)));
    return answer.ok() && answer->status == 503;
  }));
  auto refused = suite.Call("GET", "/v1/communities");
  EXPECT_EQ(refused.status, 503);
  testing::PgServer::Get().Start();
  suite.WaitReady(suite.admin_port());
  const auto community = OpenWithGroup(suite, 10);  // Redis is still down: writes go on, events wait
  EXPECT_EQ(JoinUntilAnswered(suite, community, 1).status, 200);
  suite.redis().Start();
  EXPECT_TRUE(testing::Eventually([&] { return Count(suite, "SELECT count(*) FROM audit.audit_entry") == 1; }, 60));
}

TEST(FailuresTest, AFullQueueRefusesEarlyAndRecovers) {
  Suite suite({.membership_env = {{"LANTING_WORKERS", "1"}, {"LANTING_QUEUE", "2"}, {"LANTING_PG_POOL", "2"}}});
  const auto community = OpenWithGroup(suite, 100);
  testing::PgServer::Get().Pause();  // the one worker hangs
  std::atomic<int> refused{0}, other{0};
  InThreads(24, 24, [&](int) {
    auto answer = suite.Call("GET", "/v1/" + community, "", {{"Grpc-Timeout", "3S"}});
    if (answer.status == 429) {
      ++refused;
      EXPECT_FALSE(answer.header("Retry-After").empty());
    } else {
      ++other;
      EXPECT_TRUE(answer.status == 504 || answer.status == 503) << answer.status;
    }
  });
  testing::PgServer::Get().Resume();
  EXPECT_GE(refused, 15);
  EXPECT_GT(other, 0);
  EXPECT_TRUE(testing::Eventually([&] { return suite.Call("GET", "/v1/" + community).status == 200; }, 15));
}

}  // namespace
}  // namespace lanting
