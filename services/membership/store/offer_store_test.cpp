#include "membership/store/offer_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include "membership/store/join_test_world.h"
#include "membership/store/member_store.h"
#include "membership/workers/promotion_worker.h"

namespace lanting::membership {
namespace {

using std::chrono::minutes;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr int kMinutes = 30;

// A community that offers the places that fall free.
class OfferWorld : public JoinWorld {
 public:
  OfferWorld() { db.Query("UPDATE membership.community SET offer_minutes = " + std::to_string(kMinutes)); }

  template <typename F>
  auto Write(F&& body) {
    std::optional<idempotency::Work> work;
    return pg::InTenantTx(
        pool, tenant, DeadlineIn(std::chrono::seconds(60)),
        [&](pg::Tx& tx) {
          auto result = body(tx, work.emplace());
          if (result.ok()) {
            EXPECT_TRUE(work->Apply(tx));
          }
          return result;
        },
        [&](std::string_view constraint) { return work->ConflictError(constraint); });
  }
  Id Join(const std::string& name) {
    auto item = Person(name);
    auto joined = Write([&](pg::Tx& tx, idempotency::Work& work) {
      return membership::Join(tx, work, {now, ""}, {item});
    });
    EXPECT_TRUE(joined.ok() && joined->front().ok());
    return item.member_id;
  }
  Result<Member> Accept(const Id& id) {
    return Write([&](pg::Tx& tx, idempotency::Work& work) { return AcceptOffer(tx, work, {now, ""}, community, id); });
  }
  Result<Member> Decline(const Id& id) {
    return Write([&](pg::Tx& tx, idempotency::Work& work) { return DeclineOffer(tx, work, {now, ""}, community, id); });
  }
  Result<Member> Remove(const Id& id) {
    return Write([&](pg::Tx& tx, idempotency::Work& work) { return RemoveMember(tx, work, {now, ""}, community, id); });
  }
  int Lapse() {
    auto lapsed = Write([&](pg::Tx& tx, idempotency::Work& work) {
      return LapseOffers(tx, work, {now, ""}, community);
    });
    EXPECT_TRUE(lapsed.ok()) << lapsed.error().internal;
    return lapsed.ok() ? *lapsed : -1;
  }
  Member Get(const Id& id) {
    return *pg::ReadTenant(pool, tenant, DeadlineIn(std::chrono::seconds(20)),
                           [&](pg::Tx& tx) { return GetMember(tx, community, id); });
  }
  // "A" active, "W2" second in the queue, "O" offered, "L" left.
  std::string Where(const Id& id) {
    auto m = Get(id);
    switch (m.state) {
      case MemberState::kActive:
        return "A";
      case MemberState::kWaiting:
        return "W" + std::to_string(m.waiting_position);
      case MemberState::kOffered:
        return "O";
      default:
        return "L";
    }
  }
  std::string Versions(const Id& id) {
    return One(
        "SELECT string_agg(split_part(type, '.', 4) || ':' || aggregate_version, ' ' ORDER BY id) FROM outbox "
        "WHERE subject LIKE '%" +
        id.ToString() + "'");
  }
};

std::string ReasonOf(const Result<Member>& r) { return r.ok() ? "OK" : r.error().reason; }

TEST(OfferStore, APlaceThatFallsFreeIsKeptForTheFirst) {
  OfferWorld w;
  const auto group = w.AddGroup(2);
  w.db.Query("UPDATE membership.chat_group SET tag = '书法'");
  auto a = w.Join("甲"), b = w.Join("乙"), c = w.Join("丙"), d = w.Join("丁");
  EXPECT_EQ(w.Where(a) + w.Where(b) + w.Where(c) + w.Where(d), "AAW1W2") << "with a free place and no queue at once";
  ASSERT_TRUE(w.Remove(a).ok());
  EXPECT_EQ(w.Where(c) + w.Where(d), "OW1");
  auto offered = w.Get(c);
  EXPECT_EQ(offered.group, group);
  EXPECT_EQ(offered.offer_expire_time, w.now + minutes(kMinutes));
  EXPECT_EQ(w.MemberCount(group), 2) << "the place is taken";
  w.ExpectCountersTrue();
  EXPECT_THAT(w.Events(), EndsWith("MemberLeft,PlaceOffered,GroupFull"));
  EXPECT_EQ(w.Where(w.Join("戊")), "W2") << "nobody overtakes";

  w.now += minutes(kMinutes - 1);
  auto accepted = w.Accept(c);
  ASSERT_EQ(ReasonOf(accepted), "OK");
  auto stored = w.Get(c);
  EXPECT_EQ(stored.state, MemberState::kActive);
  EXPECT_EQ(stored.join_time, w.now);
  EXPECT_FALSE(stored.offer_expire_time);
  EXPECT_EQ(stored.version, accepted->version);
  EXPECT_EQ(stored.person.tags, accepted->person.tags);
  EXPECT_EQ(stored.person.tags, std::vector<std::string>{"书法"});
  EXPECT_EQ(w.Versions(c), "MemberWaitlisted:1 PlaceOffered:2 MemberJoined:3");
  EXPECT_EQ(ReasonOf(w.Accept(c)), "NOT_OFFERED");
  EXPECT_EQ(ReasonOf(w.Decline(c)), "NOT_OFFERED");
  EXPECT_EQ(ReasonOf(w.Accept(d)), "NOT_OFFERED");
  EXPECT_EQ(ReasonOf(w.Accept(Id::New())), "MEMBER_NOT_FOUND");
  w.ExpectCountersTrue();
  EXPECT_EQ(w.One("SELECT string_agg(kind || detail::text, ',' ORDER BY id) FROM member_history").substr(0, 2), "13");
}

TEST(OfferStore, WhoDeclinesLeavesAndTheNextIsAsked) {
  OfferWorld w;
  const auto group = w.AddGroup(1);
  auto a = w.Join("甲"), b = w.Join("乙"), c = w.Join("丙");
  ASSERT_TRUE(w.Remove(a).ok());
  auto declined = w.Decline(b);
  ASSERT_EQ(ReasonOf(declined), "OK");
  EXPECT_EQ(w.Where(b) + w.Where(c), "LO");
  EXPECT_EQ(w.Get(b).leave_reason, "谢绝了候补名额。");
  EXPECT_EQ(w.Get(b).version, declined->version);
  EXPECT_EQ(w.Versions(b), "MemberWaitlisted:1 PlaceOffered:2 OfferLapsed:3 MemberLeft:4");
  EXPECT_EQ(w.MemberCount(group), 1);
  w.ExpectCountersTrue();
  // Staff may remove who was offered a place: it goes on as well.
  auto d = w.Join("丁");
  ASSERT_TRUE(w.Remove(c).ok());
  EXPECT_EQ(w.Where(d), "O");
  w.ExpectCountersTrue();
}

TEST(OfferStore, AnOfferRunsOutAndThePersonGoesToTheEnd) {
  OfferWorld w;
  w.AddGroup(1);
  auto a = w.Join("甲"), b = w.Join("乙"), c = w.Join("丙"), d = w.Join("丁");
  ASSERT_TRUE(w.Remove(a).ok());
  EXPECT_EQ(w.Lapse(), 0) << "not yet";
  w.now += minutes(kMinutes);
  EXPECT_EQ(ReasonOf(w.Accept(b)), "OFFER_EXPIRED") << "though nobody has noticed yet";
  EXPECT_EQ(w.Lapse(), 1);
  EXPECT_EQ(w.Where(b) + w.Where(c) + w.Where(d), "W2OW1");
  EXPECT_EQ(w.Get(b).missed_offers, 1);
  EXPECT_TRUE(w.Get(b).group.IsNil());
  EXPECT_EQ(w.Versions(b), "MemberWaitlisted:1 PlaceOffered:2 OfferLapsed:3");
  EXPECT_EQ(ReasonOf(w.Accept(b)), "NOT_OFFERED");
  w.ExpectCountersTrue();
  // Accepting makes good for what was missed.
  w.now += minutes(kMinutes);
  EXPECT_EQ(w.Lapse(), 1);
  w.now += minutes(kMinutes);
  EXPECT_EQ(w.Lapse(), 1);
  EXPECT_EQ(w.Where(b), "O");
  ASSERT_EQ(ReasonOf(w.Accept(b)), "OK");
  EXPECT_EQ(w.Get(b).missed_offers, 0);
}

TEST(OfferStore, WhoNeverAnswersIsAskedThreeTimes) {
  OfferWorld w;
  const auto group = w.AddGroup(1);
  auto a = w.Join("甲"), b = w.Join("乙");
  ASSERT_TRUE(w.Remove(a).ok());
  for (int i = 0; i < 2; ++i) {
    w.now += minutes(kMinutes);
    EXPECT_EQ(w.Lapse(), 1);
    EXPECT_EQ(w.Where(b), "O") << "nobody else waits: asked again at once";
    w.ExpectCountersTrue();
  }
  w.now += minutes(kMinutes);
  EXPECT_EQ(w.Lapse(), 1);
  EXPECT_EQ(w.Where(b), "L");
  EXPECT_EQ(w.Get(b).leave_reason, "三次未回应候补名额。");
  EXPECT_EQ(w.Versions(b),
            "MemberWaitlisted:1 PlaceOffered:2 OfferLapsed:3 PlaceOffered:4 OfferLapsed:5 PlaceOffered:6 OfferLapsed:7 "
            "MemberLeft:8");
  EXPECT_EQ(w.Get(b).version, 8);
  EXPECT_EQ(w.MemberCount(group), 0);
  EXPECT_EQ(w.Count("community WHERE waiting_count = 0"), 1);
  w.ExpectCountersTrue();
}

TEST(OfferStore, WithoutOffersPeopleComeInAtOnceAndGetTheTagOfTheGroup) {
  OfferWorld w;
  w.db.Query("UPDATE membership.community SET offer_minutes = 0");
  w.AddGroup(10);
  w.db.Query("UPDATE membership.chat_group SET tag = '书法'");
  std::vector<Id> ids;
  for (int i = 0; i < 12; ++i) ids.push_back(w.Join("书友" + std::to_string(i)));
  ASSERT_TRUE(w.Remove(ids[0]).ok());
  EXPECT_EQ(w.Where(ids[10]) + w.Where(ids[11]), "AW1");
  EXPECT_EQ(w.Get(ids[10]).person.tags, std::vector<std::string>{"书法"});
  // A new group that is nearly filled says so.
  w.db.Query("UPDATE membership.chat_group SET capacity = 20, member_count = 10");
  for (int i = 0; i < 7; ++i) w.Join("候补" + std::to_string(i));
  auto promoted = w.Write([&](pg::Tx& tx, idempotency::Work& work) {
    return PromoteWaiting(tx, work, {w.now, ""}, w.community);
  });
  EXPECT_EQ(*promoted, 8);
  EXPECT_THAT(w.Events(), EndsWith("MemberJoined,GroupNearFull"));
  w.ExpectCountersTrue();
}

TEST(OfferStore, AcceptedOrLapsedNeverBoth) {
  OfferWorld w;
  const auto group = w.AddGroup(1);
  auto first = w.Join("甲");
  int accepted = 0, lapsed = 0;
  for (int round = 0; round < 30; ++round) {
    const auto person = w.Join("第" + std::to_string(round)), next = w.Join("其后" + std::to_string(round));
    ASSERT_TRUE(w.Remove(first).ok());
    ASSERT_EQ(w.Where(person) + w.Where(next), "OW1");
    // One clock is a moment before the end, the other at it.
    const auto before = w.now + minutes(kMinutes) - std::chrono::microseconds(1), after = w.now + minutes(kMinutes);
    Result<Member> answer = lanting::errors::Cancelled();
    Result<int> sweep = 0;
    std::thread accepting([&] {
      answer = w.Write([&](pg::Tx& tx, idempotency::Work& work) {
        return AcceptOffer(tx, work, {before, ""}, w.community, person);
      });
    });
    std::thread sweeping([&] {
      sweep = w.Write([&](pg::Tx& tx, idempotency::Work& work) {
        return LapseOffers(tx, work, {after, ""}, w.community);
      });
    });
    accepting.join();
    sweeping.join();
    ASSERT_TRUE(sweep.ok());
    const auto joined = w.One("SELECT count(*) FROM outbox WHERE type LIKE '%MemberJoined' AND subject LIKE '%" +
                              person.ToString() + "'");
    EXPECT_EQ(joined, answer.ok() ? "1" : "0");
    EXPECT_EQ(*sweep, answer.ok() ? 0 : 1);
    EXPECT_EQ(w.Where(person) + w.Where(next), answer.ok() ? "AW1" : "W1O");
    ++(answer.ok() ? accepted : lapsed);
    if (!answer.ok()) {
      ASSERT_EQ(ReasonOf(w.Accept(next)), "OK");
    }
    ASSERT_TRUE(w.Remove(answer.ok() ? next : person).ok());
    first = answer.ok() ? person : next;
    EXPECT_EQ(w.MemberCount(group), 1);
    w.ExpectCountersTrue();
  }
  EXPECT_EQ(accepted + lapsed, 30);
}

// Joins, departures, answers and sweeps by a hundred threads at once: nobody is lost, no place is taken twice, and what
// the counters say is what there is.
TEST(OfferStore, AHundredAtOnce) {
  OfferWorld w;
  const auto a = w.AddGroup(5), b = w.AddGroup(7);
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::vector<Id> people;
  std::atomic<int> joins = 0;
  auto somebody = [&](std::mt19937& random) {
    std::lock_guard lock(mutex);
    return people.empty() ? Id::New() : people[random() % people.size()];
  };
  for (int t = 0; t < 100; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      const JoinContext at{w.now + minutes(t), ""};
      for (int i = 0; i < 3; ++i) {
        auto item = w.Person("书友");
        auto joined =
            w.Write([&](pg::Tx& tx, idempotency::Work& work) { return membership::Join(tx, work, at, {item}); });
        ASSERT_TRUE(joined.ok() && joined->front().ok());
        ++joins;
        {
          std::lock_guard lock(mutex);
          people.push_back(item.member_id);
        }
        const auto id = somebody(random);
        switch (random() % 4) {
          case 0:
            (void)w.Write(
                [&](pg::Tx& tx, idempotency::Work& work) { return RemoveMember(tx, work, at, w.community, id); });
            break;
          case 1:
            (void)w.Write(
                [&](pg::Tx& tx, idempotency::Work& work) { return AcceptOffer(tx, work, at, w.community, id); });
            break;
          case 2:
            (void)w.Write(
                [&](pg::Tx& tx, idempotency::Work& work) { return DeclineOffer(tx, work, at, w.community, id); });
            break;
          default:
            (void)w.Write([&](pg::Tx& tx, idempotency::Work& work) { return LapseOffers(tx, work, at, w.community); });
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(w.Count("member"), joins);
  w.ExpectCountersTrue();
  EXPECT_LE(w.MemberCount(a), 5);
  EXPECT_LE(w.MemberCount(b), 7);
  EXPECT_EQ(
      w.Count("community WHERE waiting_count > 0 AND EXISTS (SELECT FROM membership.chat_group WHERE member_count "
              "< capacity)"),
      0)
      << "somebody waits beside a free place";
  EXPECT_EQ(
      w.One("SELECT count(*) FROM (SELECT 1 FROM outbox GROUP BY subject, aggregate_version HAVING count(*) > 1) x"),
      "0")
      << "two facts of one version";
  // Each fact of a member has the next version.
  EXPECT_EQ(w.One("SELECT count(*) FROM (SELECT subject FROM outbox WHERE subject LIKE '%/members/%' GROUP BY subject "
                  "HAVING max(aggregate_version) <> count(*)) x"),
            "0");
  // In the end everybody who waits is asked, and all lapse or are in.
  w.now += minutes(1000);
  while (w.Lapse() > 0) w.now += minutes(kMinutes);
  w.ExpectCountersTrue();
  EXPECT_EQ(w.Count("member WHERE state IN (2, 4)"), 0);
}

class ManualClock : public Clock {
 public:
  explicit ManualClock(Time now) : now_(now) {}
  Time Now() const override { return now_.load(); }
  void Set(Time now) { now_ = now; }

 private:
  std::atomic<Time> now_;
};

TEST(OfferWorker, SweepsWhatRanOutOfAllTenants) {
  OfferWorld w;
  w.AddGroup(1);
  auto a = w.Join("甲"), b = w.Join("乙"), c = w.Join("丙");
  ASSERT_TRUE(w.Remove(a).ok());
  ManualClock clock(w.now);
  PromotionWorker worker(w.pool, clock);
  worker.RunOnce();
  EXPECT_EQ(w.Where(b) + w.Where(c), "OW1");
  clock.Set(w.now + minutes(kMinutes));
  worker.RunOnce();
  EXPECT_EQ(w.Where(b) + w.Where(c), "W1O");
  w.ExpectCountersTrue();
}

TEST(OfferWorker, WakesWhenTheNextOfferRunsOut) {
  OfferWorld w;
  w.AddGroup(1);
  auto a = w.Join("甲"), b = w.Join("乙"), c = w.Join("丙");
  ASSERT_TRUE(w.Remove(a).ok());
  w.db.Query("UPDATE membership.member SET offer_expire_time = now() + interval '200 milliseconds' WHERE state = 4");
  // It polls once an hour, but the offer runs out sooner.
  PromotionWorker worker(w.pool, Clock::System(), {.poll = std::chrono::hours(1)});
  worker.Start();
  for (auto deadline = DeadlineIn(std::chrono::seconds(20)); Remaining(deadline).count() > 0;) {
    if (w.Where(c) == "O") break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  worker.Stop();
  EXPECT_EQ(w.Where(b) + w.Where(c), "W1O");
}

}  // namespace
}  // namespace lanting::membership
