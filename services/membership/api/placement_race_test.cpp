// Everybody at once: joins, leaves, moves, further places, routing, splits, and groups that close and change their
// size. Whatever the order, no place is given twice and every counter is true.
#include <random>
#include <thread>

#include "membership/api/placement_test_world.h"

namespace lanting::membership {
namespace {

class PlacementRaceTest : public PlacementTest {
 protected:
  // Runs each of `bodies` in a thread of its own.
  static void AtOnce(const std::vector<std::function<void()>>& bodies) {
    std::vector<std::thread> threads;
    for (const auto& body : bodies) threads.emplace_back(body);
    for (auto& thread : threads) thread.join();
  }
  // What a call may answer while others change what it is about.
  template <typename T>
  void Expect(const Result<T>& result, std::initializer_list<std::string> allowed) {
    const auto reason = Reason(result);
    const bool known = reason == "OK" || std::find(allowed.begin(), allowed.end(), reason) != allowed.end();
    EXPECT_TRUE(known) << reason << (result.ok() ? "" : " " + result.error().internal);
  }
};

TEST_F(PlacementRaceTest, JoinsRaceWithSplitsClosingAndCapacity) {
  const auto community = Open().name();
  const auto main = AddGroup(community, 120).name();
  const auto draw = [](int i) {
    return i % 2 == 0 ? std::vector<std::string>{"绘画"} : std::vector<std::string>{"码字"};
  };
  Join(community, 100, draw);
  AtOnce({[&] {
            for (int i = 0; i < 20; ++i) Join(community, 6, draw);
          },
          [&] {
            for (int i = 0; i < 20; ++i) Join(community, 5, draw);
          },
          [&] {
            for (int i = 0; i < 3; ++i) {
              pb::SplitGroupRequest request;
              request.set_name(main);
              request.set_move(i != 1);
              for (auto* tag : {"绘画", "码字"}) {
                auto* spec = request.add_groups();
                spec->set_display_name(std::string(tag) + "分群");
                spec->set_from_tag(tag);
                spec->set_tag(tag);
                spec->set_capacity(30);
              }
              Expect(placements_.SplitGroup(Mine("SplitGroup", request), request), {});
            }
          },
          [&] {
            for (int i = 0; i < 12; ++i) {
              Expect(Close(main), {});
              Expect(Reopen(main), {});
            }
          },
          [&] {
            std::mt19937 random(3);
            for (int i = 0; i < 20; ++i) {
              Expect(Resize(main, 90 + static_cast<int>(random() % 60)), {"CAPACITY_BELOW_MEMBER_COUNT"});
            }
          }});
  ExpectPlacesTrue();
  EXPECT_EQ(Count("member WHERE state IN (1, 2)"), 320) << "nobody is lost";
  // At rest nobody waits beside a free place.
  EXPECT_TRUE(Group(main).fill_state() == pb::FILL_STATE_FULL || Get(community).waiting_count() == 0);
}

TEST_F(PlacementRaceTest, PlacesAreGivenOnce) {
  const auto community = Open().name();
  const auto main = AddGroup(community, 60).name(), second = AddGroup(community, 60).name();
  const auto topic = AddTopic(community, "早起", 10).name(), other = AddTopic(community, "早起", 15).name();
  const auto people = Join(community, 80, [](int) { return std::vector<std::string>{"早起"}; });
  pb::CreateRoutingRuleRequest rule;
  rule.set_parent(community);
  rule.mutable_routing_rule()->set_tag("早起");
  rule.mutable_routing_rule()->set_group(topic);
  ASSERT_TRUE(placements_.CreateRoutingRule(Mine("CreateRoutingRule", rule), rule).ok());
  std::vector<std::function<void()>> bodies;
  for (unsigned seed = 0; seed < 4; ++seed) {
    bodies.push_back([&, seed] {
      std::mt19937 random(seed);
      auto any = [&]() -> const std::string& { return people[random() % people.size()]; };
      const std::string* groups[] = {&main, &second, &topic, &other};
      for (int i = 0; i < 60; ++i) {
        switch (random() % 5) {
          case 0:
            Expect(Add(random() % 2 == 0 ? topic : other, {any()}), {});
            break;
          case 1:
            Expect(Unplace(random() % 2 == 0 ? topic : other, any()), {"MEMBER_NOT_IN_GROUP"});
            break;
          case 2:
            Expect(Move(any(), *groups[random() % 4]), {"GROUP_FULL", "MEMBER_NOT_ACTIVE"});
            break;
          case 3:
            if (random() % 3 == 0) Expect(Remove(any()), {"MEMBER_GONE"});
            break;
          default: {
            pb::RouteMembersRequest request;
            request.set_parent(community);
            request.set_max_members(3);
            Expect(placements_.RouteMembers(Mine("RouteMembers", request), request), {});
          }
        }
      }
    });
  }
  AtOnce(bodies);
  ExpectPlacesTrue();
}

// Writers that change what is known of people do so without the lock of the community: versions of facts stay apart.
TEST_F(PlacementRaceTest, FactsKeepTheirVersionsBesideOtherWritersOfMembers) {
  const auto community = Open().name();
  AddGroup(community, 100);
  const auto topic = AddTopic(community, "绘画", 100).name();
  const auto people = Join(community, 5);
  db_.Query("CREATE TABLE written (id uuid, version bigint)");
  AtOnce({[&] {
            for (int i = 0; i < 40; ++i) {
              for (const auto& member : people) {
                if (i % 2 == 0) {
                  Expect(Add(topic, {member}), {});
                } else {
                  Expect(Unplace(topic, member), {});
                }
              }
            }
          },
          [&] {
            for (int i = 0; i < 200; ++i) {
              db_.Query(
                  "WITH w AS (UPDATE membership.member SET version = version + 1 RETURNING id, version)"
                  " INSERT INTO written SELECT id, version FROM w");
            }
          }});
  for (const auto& name : people) {
    const auto id = Id::Parse(name.substr(name.rfind('/') + 1))->ToUuid();
    EXPECT_EQ(
        db_.Query("SELECT count(DISTINCT version) FROM (SELECT version FROM written WHERE id = '" + id +
                  "' UNION ALL SELECT aggregate_version FROM membership.outbox WHERE subject = '" + name + "') v"),
        "241")
        << "joined, 40 changes of places, 200 others";
  }
  ExpectPlacesTrue();
}

TEST_F(PlacementRaceTest, ASplitThatIsSentTwiceIsDoneOnce) {
  const auto community = Open().name();
  const auto main = AddGroup(community, 200).name();
  Join(community, 150);
  pb::SplitGroupRequest request;
  request.set_name(main);
  request.set_move(true);
  request.set_assign_rest(pb::ASSIGN_REST_ROUND_ROBIN);
  for (auto* name : {"甲组", "乙组"}) request.add_groups()->set_display_name(name);
  std::vector<std::string> replies(4);
  std::vector<std::function<void()>> bodies;
  for (auto& reply : replies) {
    bodies.push_back([&] {
      auto made = placements_.SplitGroup(Mine("SplitGroup", request, "twice"), request);
      EXPECT_EQ(Reason(made), "OK");
      if (made.ok()) reply = made->SerializeAsString();
    });
  }
  AtOnce(bodies);
  for (const auto& reply : replies) EXPECT_EQ(reply, replies[0]);
  EXPECT_EQ(Count("group_split"), 1);
  EXPECT_EQ(Group(main).member_count(), 0);
  ExpectPlacesTrue();
}

}  // namespace
}  // namespace lanting::membership
