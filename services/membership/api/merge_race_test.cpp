// Merges and their undo while others tag, place, note, update, join and leave: nothing is lost, and every counter is
// true.
#include <atomic>
#include <random>
#include <thread>

#include "membership/api/person_test_world.h"
#include "membership/store/history.h"
#include "membership/store/join_store.h"

namespace lanting::membership {
namespace {

// Writers as other calls are: who changes places holds the community, who changes a member holds its row, and neither
// writes to somebody who is not there any more.
constexpr pg::Statement kLockMember{"race_lock_member",
                                    "SELECT state FROM member WHERE tenant_id = $1 AND id = $2 FOR UPDATE"};
constexpr pg::Statement kTag{"race_tag",
                             "INSERT INTO member_tag (tenant_id, community_id, tag, member_id, create_time)"
                             " VALUES ($1, $2, $3, $4, now())"};
constexpr pg::Statement kPlace{
    "race_place",
    "WITH p AS (INSERT INTO group_place (tenant_id, community_id, group_id, member_id, join_time)"
    "  VALUES ($1, $2, $3, $4, now()) ON CONFLICT DO NOTHING RETURNING group_id)"
    " UPDATE chat_group SET member_count = member_count + 1 WHERE tenant_id = $1 AND id IN (SELECT group_id FROM p)"};
constexpr pg::Statement kAttribute{
    "race_attribute",
    "UPDATE member SET attributes = attributes || jsonb_build_object($3::text, $4::text), version = version + 1"
    " WHERE tenant_id = $1 AND id = $2"};

class MergeRaceTest : public PersonTest {
 protected:
  // Runs `write` on a member that is in or waits, whatever it takes; false if the member is not.
  template <typename F>
  bool WriteTo(pg::Pool& pool, const Id& member, bool lock_community, F write) {
    for (;;) {
      auto done = pg::InTenantTx(pool, tenant_, DeadlineIn(std::chrono::seconds(30)), [&](pg::Tx& tx) -> Result<bool> {
        if (lock_community) LockCommunity(tx, community_);
        const auto state = static_cast<MemberState>(pg::GetInt(tx.Run(kLockMember, tx.tenant(), member)[0]["state"]));
        if (state == MemberState::kLeft || state == MemberState::kMerged) return false;
        write(tx);
        return true;
      });
      if (done.ok()) return *done;
      if (!done.error().transient()) ADD_FAILURE() << done.error().reason << done.error().internal;
    }
  }

  Id community_;
};

TEST_F(MergeRaceTest, NothingIsLostOrDoubledBetweenMergesAndUndos) {
  const auto community_name = Open().name();
  community_ = names::Parse(community_name).first;
  AddGroup(community_name, 6);
  AddGroup(community_name, 6);
  const std::vector<Id> topics = {names::Parse(AddTopicGroup(community_name, 400)).second,
                                  names::Parse(AddTopicGroup(community_name, 400)).second};
  std::vector<std::string> people;
  for (int i = 0; i < 8; ++i) {
    const auto n = std::to_string(i);
    people.push_back(Join(community_name, Named("王小明" + n, "crm-" + n,
                                                {{pb::CHANNEL_WECOM, "wm_" + n},
                                                 {i % 2 ? pb::CHANNEL_WECHAT : pb::CHANNEL_QQ, "x_" + n}}))
                         .name());
  }
  pg::Pool pool({.url = db_.Url("membership", testing::PgRole::kApp), .size = 12});
  PersonService persons(pool);
  std::atomic<bool> stop = false;
  std::atomic<int> tags = 0, notes = 0, attributes = 0, merges = 0, undos = 0, joined = 0;
  std::vector<std::thread> writers, mergers;
  for (int t = 0; t < 3; ++t) {
    writers.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int i = 0; !stop; ++i) {
        const auto id = names::Parse(people[random() % people.size()]).second;
        const auto unique = std::to_string(t) + "-" + std::to_string(i);
        switch (random() % 4) {
          case 0:
            tags += WriteTo(pool, id, false,
                            [&](pg::Tx& tx) { tx.Run(kTag, tx.tenant(), community_, "标签" + unique, id); });
            break;
          case 1:
            notes += WriteTo(pool, id, false, [&](pg::Tx& tx) {
              AddHistory(tx, community_, id, HistoryKind::kUpdated, {{"text", "race " + unique}}, "keys/t", Time());
            });
            break;
          case 2:
            attributes += WriteTo(pool, id, false,
                                  [&](pg::Tx& tx) { tx.Run(kAttribute, tx.tenant(), id, "k" + unique, "v" + unique); });
            break;
          default:
            WriteTo(pool, id, true,
                    [&](pg::Tx& tx) { tx.Run(kPlace, tx.tenant(), community_, topics[random() % 2], id); });
        }
      }
    });
  }
  writers.emplace_back([&] {  // others come and go, so that places are taken between a merge and its undo
    for (int i = 0; !stop; ++i) {
      auto guest = TryJoin(community_name, Named("客人" + std::to_string(i)));
      if (!guest.ok()) continue;
      ++joined;
      if (i % 2) Remove(guest->name());
    }
  });
  for (int t = 0; t < 2; ++t) {
    mergers.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(100 + t));
      std::vector<std::string> done;
      for (int i = 0; i < 60; ++i) {
        if (done.empty() || random() % 2) {
          pb::MergeMembersRequest request;
          request.set_name(people[random() % people.size()]);
          request.set_source(people[random() % people.size()]);
          const auto merge = persons.MergeMembers(As("PersonService/MergeMembers", request), request);
          if (merge.ok()) done.push_back(merge->name()), ++merges;
          if (!merge.ok() && !merge.error().transient()) {
            EXPECT_THAT(merge.error().reason, ::testing::AnyOf("MEMBER_GONE", "INVALID_FIELDS"))
                << merge.error().internal;
          }
          continue;
        }
        pb::UndoMergeRequest request;
        request.set_name(done.back());
        done.pop_back();
        const auto undone = persons.UndoMerge(As("PersonService/UndoMerge", request), request);
        undos += undone.ok();
        if (!undone.ok() && !undone.error().transient()) {
          EXPECT_EQ(undone.error().reason, "MERGE_NOT_UNDOABLE") << undone.error().internal;
        }
      }
    });
  }
  for (auto& t : mergers) t.join();
  stop = true;
  for (auto& t : writers) t.join();
  EXPECT_GT(merges, 10);
  EXPECT_GT(undos, 5);
  EXPECT_GT(joined, 0);
  const auto state = "merges " + std::to_string(merges) + ", undos " + std::to_string(undos) + ", tags " +
                     std::to_string(tags) + ", notes " + std::to_string(notes);
  RecordProperty("work", state);

  const auto check = [&](const std::string& when) {
    SCOPED_TRACE(when + ": " + state);
    ExpectTrueCounters();
    // Each identity, tag, note and attribute belongs to exactly one.
    EXPECT_EQ(One("SELECT count(*) || ' ' || count(DISTINCT user_id) FROM member_identity"), "16 16");
    EXPECT_EQ(One("SELECT count(*) || ' ' || count(DISTINCT tag) FROM member_tag"),
              std::to_string(tags) + " " + std::to_string(tags));
    EXPECT_EQ(One("SELECT count(*) FROM member_tag t JOIN member m ON m.id = t.member_id WHERE m.state IN (3, 5)"),
              "0");
    EXPECT_EQ(One("SELECT count(*) || ' ' || count(DISTINCT detail ->> 'text') FROM member_history WHERE kind = 16"),
              std::to_string(notes) + " " + std::to_string(notes));
    EXPECT_EQ(One("SELECT count(*) FROM member_history h JOIN member m ON m.id = h.member_id WHERE m.state = 5"), "0");
    EXPECT_EQ(One("SELECT count(DISTINCT external_id) FROM member WHERE external_id LIKE 'crm-%'"), "8");
    EXPECT_EQ(One("SELECT count(DISTINCT a.key) FROM member m CROSS JOIN LATERAL jsonb_each(attributes) a"),
              std::to_string(attributes));
    // Who is part of somebody is part of somebody who is there.
    EXPECT_EQ(One("SELECT count(*) FROM member m JOIN member t ON t.id = m.merged_into WHERE t.state IN (3, 5)"), "0");
  };
  check("after the race");

  // And all of it can be taken apart again, though what was merged further only after that.
  const auto open =
      "SELECT coalesce(string_agg(id::text, ',' ORDER BY create_time DESC), '') FROM member_merge WHERE"
      " state = 1";
  for (bool any = true; any;) {
    any = false;
    const auto ids = One(open);
    for (auto id : Split(ids, ',')) {
      if (!id.empty()) any |= Undo(names::Child(community_, "merges", *Id::ParseUuid(id))).ok();
    }
  }
  EXPECT_EQ(One(open), "");
  check("all undone");
  EXPECT_EQ(One("SELECT count(*) FROM member WHERE state = 5"), "0");
}

}  // namespace
}  // namespace lanting::membership
