#include "membership/store/join_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "lanting/membership/v1/events.pb.h"
#include "membership/domain/names.h"
#include "membership/store/join_test_world.h"
#include "membership/store/member_store.h"

namespace lanting::membership {
namespace {

namespace pb = lanting::membership::v1;

constexpr auto kWecom = static_cast<Channel>(1);
constexpr auto kQq = static_cast<Channel>(3);

// body(tx, work) in one transaction, then Apply.
template <typename F>
auto Write(JoinWorld& w, const Id& tenant, F&& body) {
  std::optional<idempotency::Work> work;
  return pg::InTenantTx(
      w.pool, tenant, DeadlineIn(std::chrono::seconds(10)),
      [&](pg::Tx& tx) {
        auto result = body(tx, work.emplace());
        if (result.ok()) {
          EXPECT_TRUE(work->Apply(tx));
        }
        return result;
      },
      [&](std::string_view constraint) { return work->ConflictError(constraint); });
}

auto JoinAll(JoinWorld& w, const std::vector<JoinItem>& items, std::optional<Id> tenant = {}) {
  return Write(w, tenant.value_or(w.tenant), [&](pg::Tx& tx, idempotency::Work& work) {
    return Join(tx, work, {w.now, "00-trace"}, items);
  });
}

auto Remove(JoinWorld& w, const Id& member) {
  return Write(w, w.tenant, [&](pg::Tx& tx, idempotency::Work& work) {
    return RemoveMember(tx, work, {w.now, "00-trace"}, w.community, member);
  });
}

Result<Member> Get(JoinWorld& w, const Id& member, std::optional<Id> tenant = {}) {
  return pg::ReadTenant(w.pool, tenant.value_or(w.tenant), DeadlineIn(std::chrono::seconds(10)),
                        [&](pg::Tx& tx) { return GetMember(tx, w.community, member); });
}

std::string ReasonOf(const Result<Member>& r) { return r.ok() ? "" : r.error().reason; }

TEST(JoinStore, WritesMembersPlacesQueueAndEventsTogether) {
  JoinWorld w;
  auto first = w.AddGroup(1), second = w.AddGroup(1);
  w.AddGroup(100, 2);  // a topic group takes nobody who was not sent there
  auto ada = w.Person("Ada Lovelace", "crm-1", {{kWecom, "wm:1"}, {kQq, "10001"}});
  ada.person.expectation = "一起读《兰亭集序》";
  ada.person.accepted_rules_version = 2;
  auto joined = JoinAll(w, {ada, w.Person("王芳"), w.Person("李雷", "crm-3")});
  ASSERT_TRUE(joined.ok()) << joined.error().internal;
  EXPECT_EQ((*joined)[0]->group, first);
  EXPECT_EQ((*joined)[1]->group, second);
  EXPECT_EQ((*joined)[2]->waiting_position, 1);

  auto stored = Get(w, ada.member_id);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->person.display_name, "Ada Lovelace");
  EXPECT_EQ(stored->person.external_id, "crm-1");
  EXPECT_EQ(stored->person.expectation, "一起读《兰亭集序》");
  EXPECT_EQ(stored->person.accepted_rules_version, 2);
  EXPECT_EQ(stored->person.identities, (std::vector<ChannelIdentity>{{kWecom, "wm:1"}, {kQq, "10001"}}));
  EXPECT_EQ(stored->state, MemberState::kActive);
  EXPECT_EQ(stored->group, first);
  EXPECT_EQ(stored->join_time, w.now);
  EXPECT_EQ(stored->version, 1);
  EXPECT_EQ(Get(w, (*joined)[2]->id)->waiting_position, 1);
  w.ExpectCountersTrue();
  EXPECT_EQ(w.MemberCount(first), 1);

  EXPECT_EQ(w.Events(), "MemberJoined,MemberJoined,MemberWaitlisted,GroupFull,GroupFull");
  EXPECT_EQ(w.One("SELECT subject || ' ' || aggregate_version || ' ' || traceparent FROM outbox ORDER BY id LIMIT 1"),
            names::Member(w.community, ada.member_id) + " 1 00-trace");
  EXPECT_EQ(w.One("SELECT aggregate_version FROM outbox WHERE subject = '" + names::Group(w.community, first) + "'"),
            "2");
  EXPECT_EQ(w.One("SELECT version FROM chat_group WHERE id = '" + first.ToUuid() + "'"), "2");
}

TEST(JoinStore, ARefusedItemDoesNotHurtTheOthers) {
  JoinWorld w;
  w.AddGroup(10);
  ASSERT_TRUE(JoinAll(w, {w.Person("甲", "crm-1", {{kWecom, "a"}})}).ok());
  auto stranger = w.Person("无名");
  stranger.community = Id::New();
  auto no_link = w.Person("乙");
  no_link.invite_code = "nosuchcode";
  auto result =
      JoinAll(w, {w.Person("乙", "crm-2"), w.Person("丙", "crm-1"), stranger, no_link, w.Person("丁", "crm-2"),
                  w.Person("戊", "", {{kWecom, "a"}}), w.Person("己", "crm-3", {{kQq, "a"}})});
  ASSERT_TRUE(result.ok());
  std::vector<std::string> reasons;
  for (const auto& r : *result) reasons.push_back(ReasonOf(r));
  EXPECT_THAT(reasons, ::testing::ElementsAre("", "EXTERNAL_ID_TAKEN", "COMMUNITY_NOT_FOUND", "INVITE_LINK_NOT_FOUND",
                                              "EXTERNAL_ID_TAKEN", "IDENTITY_TAKEN", ""));
  EXPECT_EQ(w.Count("member"), 3);
  EXPECT_EQ(w.Events(), "MemberJoined,MemberJoined,MemberJoined");
  w.ExpectCountersTrue();
}

TEST(JoinStore, SeveralCommunitiesInOneCall) {
  JoinWorld w;
  w.AddGroup(10);
  auto other = w.AddCommunity(w.tenant);
  auto there = w.Person("乙", "crm-1");
  there.community = other;
  auto result = JoinAll(w, {w.Person("甲", "crm-1"), there});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ((*result)[0]->state, MemberState::kActive);
  EXPECT_EQ((*result)[1]->state, MemberState::kWaiting);
  EXPECT_EQ((*result)[1]->waiting_position, 1);
  w.ExpectCountersTrue();
}

TEST(JoinStore, LinksAreUsedUp) {
  JoinWorld w;
  w.AddGroup(10);
  auto topic = w.AddGroup(1, 2);
  w.AddLink("spring", 2);
  w.AddLink("topic", 0, topic);
  auto by = [&](const std::string& code) {
    auto item = w.Person("访客");
    item.invite_code = code;
    item.source = JoinSource::kInviteLink;
    item.rules_required = true;
    item.person.accepted_rules_version = 2;
    return item;
  };
  auto result = JoinAll(w, {by("spring"), by("topic"), by("topic"), by("spring"), by("spring")});
  ASSERT_TRUE(result.ok()) << result.error().internal;
  EXPECT_EQ((*result)[0]->state, MemberState::kActive);
  EXPECT_EQ((*result)[1]->group, topic);
  EXPECT_EQ((*result)[2]->waiting_position, 1);
  EXPECT_EQ((*result)[3]->waiting_position, 2) << "somebody waits already";
  EXPECT_EQ(ReasonOf((*result)[4]), "INVITE_LINK_USED_UP");
  EXPECT_EQ(w.One("SELECT uses FROM invite_link WHERE code = 'spring'"), "2");
  EXPECT_EQ(w.One("SELECT uses FROM invite_link WHERE code = 'topic'"), "2");
  EXPECT_EQ(ReasonOf((*JoinAll(w, {by("spring")}))[0]), "INVITE_LINK_USED_UP");
  w.ExpectCountersTrue();
}

TEST(JoinStore, ForeignTenantsSeeNothing) {
  JoinWorld w;
  w.AddGroup(10);
  w.AddLink("spring", 0);
  auto ada = w.Person("Ada", "crm-1", {{kWecom, "a"}});
  ASSERT_TRUE(JoinAll(w, {ada}).ok());
  auto stranger = w.AddTenant();
  auto refused = JoinAll(w, {w.Person("Eve", "crm-2")}, stranger);
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(ReasonOf(refused->front()), "COMMUNITY_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Get(w, ada.member_id, stranger)), "MEMBER_NOT_FOUND");
  auto by_code = w.Person("Eve");
  by_code.community = w.AddCommunity(stranger);
  by_code.invite_code = "spring";
  EXPECT_EQ(ReasonOf(JoinAll(w, {by_code}, stranger)->front()), "INVITE_LINK_NOT_FOUND");
  // The same ids are free in another tenant.
  auto twin = w.Person("Ada", "crm-1", {{kWecom, "a"}});
  twin.community = by_code.community;
  EXPECT_EQ(ReasonOf(JoinAll(w, {twin}, stranger)->front()), "");
}

TEST(JoinStore, AfterWaitingForTheLockTheViewIsFresh) {
  JoinWorld w;
  RowLock lock(w, "community", w.community);
  auto joining = std::async(std::launch::async, [&] { return JoinAll(w, {w.Person("王芳", "crm-1")}); });
  w.AwaitBlocked(1);
  // Meanwhile the holder of the lock opens the first group: who waited for it must not end on the waiting list.
  auto group = Id::New();
  lock.tx().exec(JoinWorld::GroupSql(w.tenant, w.community, group, 5));
  lock.Release();
  auto result = joining.get();
  ASSERT_TRUE(result.ok()) << result.error().internal;
  EXPECT_EQ(result->front()->group, group);
}

TEST(JoinStore, AWriterWithoutTheLockIsCaughtByTheIndex) {
  JoinWorld w;
  w.AddGroup(10);
  pqxx::connection connection(w.db.Url("membership", testing::PgRole::kSuperuser));
  pqxx::work rogue(connection);
  rogue.exec(
      "INSERT INTO membership.member (tenant_id, id, community_id, external_id, display_name, expectation, state,"
      " source, accepted_rules_version, waiting_ticket, join_time, create_time, update_time, version) VALUES ('" +
      w.tenant.ToUuid() + "', gen_random_uuid(), '" + w.community.ToUuid() +
      "', 'crm-1', '甲', '', 2, 1, 0, 77, now(), now(), now(), 1)");
  auto joining = std::async(std::launch::async, [&] { return JoinAll(w, {w.Person("乙", "crm-1")}); });
  w.AwaitBlocked(1);
  rogue.commit();
  auto result = joining.get();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(w.Count("member"), 1);
}

TEST(JoinStore, WhoLeavesMakesPlaceForTheFirstInTheQueue) {
  JoinWorld w;
  auto group = w.AddGroup(2);
  auto result = JoinAll(
      w, {w.Person("甲", "crm-1", {{kWecom, "a"}}), w.Person("乙"), w.Person("丙"), w.Person("丁"), w.Person("戊")});
  ASSERT_TRUE(result.ok());
  auto id = [&](int i) { return (*result)[i]->id; };
  // A person who gives up waiting frees no place, but the ones behind move up.
  auto gave_up = Remove(w, id(2));
  ASSERT_TRUE(gave_up.ok()) << gave_up.error().internal;
  EXPECT_EQ(Get(w, id(3))->waiting_position, 1);

  w.now += std::chrono::hours(1);
  auto left = Remove(w, id(0));
  ASSERT_TRUE(left.ok()) << left.error().internal;
  EXPECT_EQ(left->state, MemberState::kLeft);
  EXPECT_EQ(left->version, 2);
  EXPECT_TRUE(left->person.identities.empty());
  EXPECT_EQ(Get(w, id(0))->state, MemberState::kLeft);
  EXPECT_EQ(Get(w, id(0))->group, group) << "kept when the person left";
  auto promoted = Get(w, id(3));
  EXPECT_EQ(promoted->state, MemberState::kActive);
  EXPECT_EQ(promoted->group, group);
  EXPECT_EQ(promoted->version, 2);
  EXPECT_EQ(promoted->join_time, w.now);
  EXPECT_EQ(Get(w, id(4))->waiting_position, 1);
  w.ExpectCountersTrue();
  EXPECT_EQ(w.MemberCount(group), 2);
  EXPECT_EQ(w.Events(),
            "MemberJoined,MemberJoined,MemberWaitlisted,MemberWaitlisted,MemberWaitlisted,GroupFull,"
            "MemberLeft,MemberLeft,MemberJoined,GroupFull");
  EXPECT_EQ(w.One("SELECT max(aggregate_version) FROM outbox WHERE type LIKE '%GroupFull'"), "3");
  pb::MemberJoined fact;
  pqxx::connection connection(w.db.Url("membership", testing::PgRole::kSuperuser));
  pqxx::work read(connection);
  auto row = read.exec1(
      "SELECT payload, aggregate_version FROM membership.outbox WHERE type LIKE '%MemberJoined' ORDER BY id DESC LIMIT "
      "1");
  ASSERT_TRUE(fact.ParseFromString(pg::GetBytes(row[0])));
  EXPECT_EQ(fact.member(), names::Member(w.community, id(3)));
  EXPECT_TRUE(fact.from_waiting_list());
  EXPECT_EQ(row[1].as<int>(), 2);

  EXPECT_EQ(ReasonOf(Remove(w, id(0))), "MEMBER_GONE");
  EXPECT_EQ(ReasonOf(Remove(w, Id::New())), "MEMBER_NOT_FOUND");
  // Who left may come back with the same ids, as a new member.
  auto back = JoinAll(w, {w.Person("甲", "crm-1", {{kWecom, "a"}})});
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->front()->waiting_position, 2);
}

TEST(JoinStore, ANewGroupLetsTheQueueInUpToItsPlaces) {
  JoinWorld w;
  std::vector<JoinItem> people;
  for (int i = 0; i < 5; ++i) people.push_back(w.Person("第" + std::to_string(i)));
  ASSERT_TRUE(JoinAll(w, people).ok());
  auto group = Id::New();
  auto promoted = Write(w, w.tenant, [&](pg::Tx& tx, idempotency::Work& work) {
    EXPECT_TRUE(LockCommunity(tx, w.community));
    tx.RunDynamic(JoinWorld::GroupSql(w.tenant, w.community, group, 3), {});
    return PromoteWaiting(tx, work, {w.now, ""}, w.community);
  });
  ASSERT_TRUE(promoted.ok()) << promoted.error().internal;
  EXPECT_EQ(*promoted, 3);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Get(w, people[i].member_id)->state, i < 3 ? MemberState::kActive : MemberState::kWaiting) << i;
  }
  w.ExpectCountersTrue();
  auto nobody = Write(w, w.tenant, [&](pg::Tx& tx, idempotency::Work& work) {
    auto n = PromoteWaiting(tx, work, {w.now, ""}, w.community);
    EXPECT_TRUE(work.empty());
    return n;
  });
  EXPECT_EQ(*nobody, 0);
}

TEST(JoinStore, AThousandAtOnce) {
  JoinWorld w;
  w.AddGroup(300);
  w.AddGroup(300);
  std::vector<JoinItem> people;
  for (int i = 0; i < 1000; ++i) {
    people.push_back(w.Person("成员" + std::to_string(i), "crm-" + std::to_string(i), {{kWecom, std::to_string(i)}}));
  }
  ASSERT_TRUE(JoinAll(w, people).ok());
  EXPECT_EQ(w.Count("member WHERE state = 1"), 600);
  EXPECT_EQ(w.Count("member_identity"), 1000);
  EXPECT_EQ(w.One("SELECT waiting_count || ' ' || next_ticket FROM community"), "400 401");
  w.ExpectCountersTrue();
}

}  // namespace
}  // namespace lanting::membership
