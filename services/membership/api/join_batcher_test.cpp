#include "membership/api/join_batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <future>

#include "membership/api/convert_member.h"
#include "membership/store/join_test_world.h"

namespace lanting::membership {
namespace {

namespace pb = lanting::membership::v1;

pg::BatcherOptions Options() { return {.name = "joins"}; }

std::string EncodeAll(const std::vector<Member>& members) {
  std::string bytes;
  for (const auto& m : members) bytes += convert::ToProto(m).SerializeAsString();  // one: a Member
  return bytes;
}

// Calls through a batcher, each with its own rpc::Call that lives until the answer.
class Caller {
 public:
  Caller(JoinWorld& world, JoinBatcher& batcher) : world_(world), batcher_(batcher) {}

  std::future<Result<std::string>> Submit(std::vector<JoinItem> items, const std::string& request_id = "",
                                          const std::string& request_hash = "hash") {
    rpc::Call call{.method = "/test/Join",
                   .principal = {.tenant = world_.tenant, .subject = "keys/k"},
                   .deadline = DeadlineIn(std::chrono::seconds(30)),
                   .now = world_.now,
                   .request_id = request_id,
                   .request_hash = request_hash};
    auto held = std::make_shared<rpc::Call>(std::move(call));
    auto answer = std::make_shared<std::promise<Result<std::string>>>();
    auto future = answer->get_future();
    batcher_.Submit(*held, std::move(items), EncodeAll, convert::RefuseBatch,
                    [held, answer](Result<std::string> reply) { answer->set_value(std::move(reply)); });
    return future;
  }

 private:
  JoinWorld& world_;
  JoinBatcher& batcher_;
};

pb::Member ParseMember(const Result<std::string>& reply) {
  pb::Member member;
  EXPECT_TRUE(reply.ok()) << reply.error().reason << " " << reply.error().internal;
  if (reply.ok()) {
    EXPECT_TRUE(member.ParseFromString(*reply));
  }
  return member;
}

std::string ReasonOf(const Result<std::string>& r) { return r.ok() ? "" : r.error().reason; }

// `blocked` goes into a flush that waits for the community; what is submitted meanwhile is one batch afterwards.
template <typename F>
void InOneBatch(JoinWorld& w, Caller& caller, F&& submit) {
  RowLock lock(w, "community", w.community);
  auto blocked = caller.Submit({w.Person("先到")});
  w.AwaitBlocked(1);
  submit();
  lock.Release();
  EXPECT_TRUE(blocked.get().ok());
}

class JoinRace : public ::testing::TestWithParam<int> {};

TEST_P(JoinRace, TheLastPlacesGoToExactlyAsManyPeople) {
  JoinWorld w;
  const int processes = GetParam();
  auto group = w.AddGroup(10);
  std::deque<pg::Pool> pools;
  std::deque<JoinBatcher> batchers;
  for (int i = 0; i < processes; ++i) {
    pools.emplace_back(pg::PoolOptions{.url = w.db.Url("membership", testing::PgRole::kApp)});
    batchers.emplace_back(pools.back(), Options());
  }
  std::vector<std::future<Result<std::string>>> answers(200);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Caller caller(w, batchers[t % processes]);
      for (int i = t; i < 200; i += 4) {
        answers[i] =
            caller.Submit({w.Person("成员" + std::to_string(i), "crm-" + std::to_string(i))}, "r" + std::to_string(i));
      }
    });
  }
  for (auto& t : threads) t.join();
  int in = 0;
  std::set<int> positions;
  for (auto& answer : answers) {
    auto member = ParseMember(answer.get());
    if (member.state() == pb::MEMBER_STATE_ACTIVE) {
      ++in;
    } else {
      EXPECT_TRUE(positions.insert(member.waiting_position()).second) << member.waiting_position();
    }
  }
  EXPECT_EQ(in, 10);
  EXPECT_EQ(positions.size(), 190u);
  EXPECT_EQ(*positions.begin(), 1);
  EXPECT_EQ(*positions.rbegin(), 190);
  EXPECT_EQ(w.MemberCount(group), 10);
  w.ExpectCountersTrue();
  EXPECT_EQ(w.Count("outbox WHERE type LIKE '%MemberJoined'"), 10);
  EXPECT_EQ(w.Count("outbox WHERE type LIKE '%MemberWaitlisted'"), 190);
  EXPECT_EQ(w.Count("outbox WHERE type LIKE '%GroupFull'"), 1);
  EXPECT_EQ(w.Count("request_log"), 200);
}
INSTANTIATE_TEST_SUITE_P(Processes, JoinRace, ::testing::Values(1, 2));

TEST(JoinBatcher, OneTransactionForWhatHasQueued) {
  JoinWorld w;
  w.AddGroup(100);
  JoinBatcher batcher(w.pool, Options());
  Caller caller(w, batcher);
  std::vector<std::future<Result<std::string>>> answers;
  InOneBatch(w, caller, [&] {
    for (int i = 0; i < 30; ++i) answers.push_back(caller.Submit({w.Person("成员")}, "r" + std::to_string(i)));
  });
  for (auto& a : answers) EXPECT_EQ(ParseMember(a.get()).state(), pb::MEMBER_STATE_ACTIVE);
  EXPECT_EQ(w.One("SELECT count(DISTINCT xmin::text) FROM member"), "2");
}

TEST(JoinBatcher, RetriesAmongNewCallsGetTheirFirstReply) {
  JoinWorld w;
  w.AddGroup(100);
  JoinBatcher batcher(w.pool, Options());
  Caller caller(w, batcher);
  auto first = caller.Submit({w.Person("王芳", "crm-1")}, "r1").get();
  ASSERT_TRUE(first.ok());
  std::vector<std::future<Result<std::string>>> a;
  InOneBatch(w, caller, [&] {
    a.push_back(caller.Submit({w.Person("王芳", "crm-1")}, "r1"));
    a.push_back(caller.Submit({w.Person("李雷", "crm-2")}, "r2"));
    a.push_back(caller.Submit({w.Person("别人")}, "r1", "other hash"));
    a.push_back(caller.Submit({w.Person("王芳", "crm-1")}));
  });
  // Twins within a batch, and a retry alone.
  std::vector<Result<std::string>> r;
  for (auto& f : a) r.push_back(f.get());
  EXPECT_EQ(*r[0], *first);
  EXPECT_EQ(ParseMember(r[1]).external_id(), "crm-2");
  EXPECT_EQ(ReasonOf(r[2]), "REQUEST_ID_REUSED");
  EXPECT_EQ(ReasonOf(r[3]), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(*caller.Submit({w.Person("李雷", "crm-2")}, "r2").get(), *r[1]);
  EXPECT_EQ(w.Count("member"), 3);
}

TEST(JoinBatcher, TwinsInOneBatchHaveOneEffect) {
  JoinWorld w;
  w.AddGroup(100);
  JoinBatcher batcher(w.pool, Options());
  Caller caller(w, batcher);
  std::vector<std::future<Result<std::string>>> a;
  InOneBatch(w, caller, [&] {
    for (int i = 0; i < 3; ++i) a.push_back(caller.Submit({w.Person("韩梅梅")}, "same"));
    a.push_back(caller.Submit({w.Person("李雷")}, "other"));
  });
  auto first = a[0].get();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*a[1].get(), *first);
  EXPECT_EQ(*a[2].get(), *first);
  EXPECT_TRUE(a[3].get().ok());
  EXPECT_EQ(w.Count("member"), 3);
  EXPECT_EQ(w.Count("outbox"), 3);
}

TEST(JoinBatcher, ABadCallAmongGoodOnesFailsAlone) {
  JoinWorld w;
  w.AddGroup(3);
  JoinBatcher batcher(w.pool, Options());
  Caller caller(w, batcher);
  std::vector<std::future<Result<std::string>>> a;
  InOneBatch(w, caller, [&] {
    a.push_back(caller.Submit({w.Person("甲", "crm-1")}, "r1"));
    a.push_back(caller.Submit({w.Person("乙", "crm-2"), w.Person("丙", "crm-1"), w.Person("丁", "crm-2")}, "r2"));
    a.push_back(caller.Submit({w.Person("戊", "crm-3")}, "r3"));
  });
  EXPECT_TRUE(a[0].get().ok());
  auto refused = a[1].get();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason, "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(refused.error().metadata.at("index"), "1");
  ASSERT_EQ(refused.error().violations.size(), 2u);
  EXPECT_EQ(refused.error().violations[0].field, "members[1]");
  EXPECT_EQ(refused.error().violations[1].field, "members[2]");
  // The refused batch took no place: the third still comes in.
  EXPECT_EQ(ParseMember(a[2].get()).state(), pb::MEMBER_STATE_ACTIVE);
  EXPECT_EQ(w.Count("member WHERE external_id = 'crm-2'"), 0);
  EXPECT_EQ(w.Count("request_log WHERE request_id = 'r2'"), 0) << "failures are not remembered";
  EXPECT_EQ(w.Events(), "MemberJoined,MemberJoined,MemberJoined,GroupFull");
  w.ExpectCountersTrue();
  EXPECT_TRUE(caller.Submit({w.Person("乙", "crm-2")}, "r2").get().ok());
}

TEST(JoinBatcher, ABrokenConstraintFailsOnlyItsCall) {
  JoinWorld w;
  w.AddGroup(10);
  JoinBatcher batcher(w.pool, Options());
  Caller caller(w, batcher);
  std::vector<std::future<Result<std::string>>> a;
  auto twice = w.Person("甲");
  InOneBatch(w, caller, [&] {
    a.push_back(caller.Submit({twice}, "r1"));
    a.push_back(caller.Submit({twice}, "r2"));  // the same member id: the primary key refuses it
    a.push_back(caller.Submit({w.Person("乙")}, "r3"));
  });
  EXPECT_TRUE(a[0].get().ok());
  EXPECT_EQ(ReasonOf(a[1].get()), "INTERNAL");
  EXPECT_TRUE(a[2].get().ok());
  EXPECT_EQ(w.Count("member"), 3);
  w.ExpectCountersTrue();
}

}  // namespace
}  // namespace lanting::membership
