// What the suite must survive, end to end over HTTP: processes killed in the middle of a write, Redis wiped, PostgreSQL
// restarted, the last places fought over.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "platform/base/id.h"
#include "platform/base/strings.h"
#include "tests/support/suite.h"

namespace lanting {
namespace {

using testing::Answer;
using testing::Suite;

void AddGroup(Suite& suite, const std::string& community, int capacity) {
  auto group = suite.Call(
      "POST", "/v1/" + community + "/groups",
      R"({"displayName": "跑团", "channel": "CHANNEL_WECOM", "capacity": )" + std::to_string(capacity) + "}");
  EXPECT_EQ(group.status, 200) << boost::json::serialize(group.body);
}

std::string OpenWithGroup(Suite& suite, int capacity) {
  auto community =
      suite.Call("POST", "/v1/communities?gateKind=GATE_KIND_QUESTIONS",
                 R"({"displayName": "同城跑团", "template": "TEMPLATE_SOCIAL_RING", "purpose": "周末一起跑步"})");
  EXPECT_EQ(community.status, 200) << boost::json::serialize(community.body);
  AddGroup(suite, community.text("name"), capacity);
  return community.text("name");
}

// Sends a write again and again under the same key until an answer comes, as a careful client does.
Answer WriteUntilAnswered(Suite& suite, const std::string& path, const std::string& body, const std::string& key,
                          int gateway = 0, int seconds = 60) {
  Answer answer;
  testing::Eventually(
      [&] {
        answer = suite.Call("POST", path, body, {{"Idempotency-Key", key}}, gateway);
        return answer.status == 200 ||
               (answer.status >= 400 && answer.status < 500 && answer.status != 409 && answer.status != 429);
      },
      seconds);
  return answer;
}

// Joins person `n`.
Answer JoinUntilAnswered(Suite& suite, const std::string& community, int n, int gateway = 0) {
  const auto body =
      R"({"displayName": "跑者)" + std::to_string(n) + R"(", "externalId": "runner-)" + std::to_string(n) + "\"}";
  return WriteUntilAnswered(suite, "/v1/" + community + "/members", body, "join-" + std::to_string(n), gateway);
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

// How often the place changes from one join to the next, in the order of their commits, the waiting list a place of its
// own; counted from 1.
int InOrderOfJoining(Suite& suite) {
  std::map<std::string, std::string> group_of;
  const auto rows =
      suite.db().Query("SELECT string_agg(id || ' ' || coalesce(group_id::text, ''), chr(10)) FROM membership.member");
  for (auto row : Split(rows, '\n')) {
    const auto space = row.find(' ');
    group_of[std::string(row.substr(0, space))] = row.substr(space + 1);
  }
  int changes = 0;
  std::string last = "none";
  const auto subjects = suite.db().Query(
      "SELECT string_agg(subject, chr(10) ORDER BY id) FROM membership.outbox "
      "WHERE type LIKE '%.MemberJoined' OR type LIKE '%.MemberWaitlisted'");
  for (auto subject : Split(subjects, '\n')) {
    const auto id = lanting::Id::Parse(subject.substr(subject.rfind('/') + 1));
    const auto& group = group_of.at(id->ToUuid());
    changes += group != last;
    last = group;
  }
  return changes;
}

// An entry link without an end leads to the main groups one after the other; while two thousand people come by it, each
// of the three processes is killed.
TEST(FailuresTest, TwoThousandJoinRollingGroupsWhileProcessesDie) {
  constexpr int kPeople = 2000, kGroups = 5, kCapacity = 380, kProcesses = 3;
  Suite suite({.memberships = kProcesses});
  const auto community = OpenWithGroup(suite, kCapacity);
  for (int i = 1; i < kGroups; ++i) AddGroup(suite, community, kCapacity);
  auto gate = suite.Call("POST", "/v1/" + community + "/gates",
                         R"({"displayName": "扫码进群", "kind": "GATE_KIND_INVITE_LINK"})");
  auto link = suite.Call("POST", "/v1/" + community + "/inviteLinks", R"({"gate": ")" + gate.text("name") + "\"}");
  ASSERT_EQ(link.status, 200) << boost::json::serialize(link.body);

  std::atomic<int> answered{0};
  std::mutex mutex;
  std::map<std::string, int> people_of;  // group -> how many were told so; "": the waiting list
  InThreads(
      64, kPeople,
      [&](int n) {
        const auto body = R"({"code": ")" + link.text("code") + R"(", "member": {"displayName": "跑者)" +
                          std::to_string(n) + R"(", "externalId": "runner-)" + std::to_string(n) +
                          R"(", "acceptedRulesVersion": 1}})";
        auto answer = WriteUntilAnswered(suite, "/v1/" + community + "/inviteLinks:join", body,
                                         "roll-" + std::to_string(n), n % kProcesses);
        std::lock_guard lock(mutex);
        ASSERT_EQ(answer.status, 200) << boost::json::serialize(answer.body);
        ++people_of[answer.text("group")];
        ++answered;
      },
      [&] {
        for (int i = 0; i < kProcesses; ++i) {
          EXPECT_TRUE(testing::Eventually([&] { return answered >= 300 * (i + 1); }, 120));
          suite.membership(i).End(SIGKILL);
          suite.StartMembership(i);
        }
      });

  ASSERT_EQ(people_of.size(), kGroups + 1u);
  for (const auto& [group, people] : people_of) {
    EXPECT_EQ(people, group.empty() ? kPeople - kGroups * kCapacity : kCapacity) << group;
  }
  EXPECT_EQ(Count(suite, "SELECT count(DISTINCT external_id) FROM membership.member"), kPeople);
  EXPECT_EQ(Count(suite, "SELECT count(*) FROM membership.member"), kPeople);
  EXPECT_EQ(Count(suite, "SELECT count(*) FROM membership.chat_group WHERE member_count <> capacity"), 0);
  EXPECT_EQ(Count(suite, "SELECT uses FROM membership.invite_link"), kPeople);
  // In order: a group takes nobody before the one before it is full, and nobody waits before the last is.
  EXPECT_EQ(InOrderOfJoining(suite), kGroups + 1);
  EXPECT_EQ(Count(suite, "SELECT max(waiting_ticket) FROM membership.member"), kPeople - kGroups * kCapacity);
}

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
