#include "membership/domain/join.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace lanting::membership {
namespace {

const Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 3}};

Id MakeId() { return Id::New(kNow); }

// One open community with rules version 2.
struct World {
  Id community = MakeId();
  JoinView view;
  World() { view.communities[community] = {.open = true, .rules_version = 2}; }

  Id AddGroup(int capacity, int member_count, bool main = true) {
    auto id = MakeId();
    view.groups[id] = {.community = community, .capacity = capacity, .member_count = member_count, .version = 1};
    if (main) view.communities[community].main_groups.push_back(id);
    return id;
  }
  JoinItem Person(std::string name = "王芳", std::string external_id = "",
                  std::vector<ChannelIdentity> identities = {}) {
    JoinItem item{.community = community, .member_id = MakeId()};
    item.person.display_name = std::move(name);
    item.person.external_id = std::move(external_id);
    item.person.identities = std::move(identities);
    return item;
  }
  Result<Member> Join(JoinItem item) { return std::move(DecideJoin(view, {std::move(item)}, kNow).front()); }
  JoinCommunity& state() { return view.communities[community]; }
};

constexpr auto kWecom = static_cast<Channel>(1);
constexpr auto kQq = static_cast<Channel>(3);

TEST(DecideJoin, FillsMainGroupsInTheOrderOfTheirCreation) {
  World w;
  auto first = w.AddGroup(2, 1);
  auto second = w.AddGroup(1, 0);
  EXPECT_EQ(w.Join(w.Person())->group, first);
  EXPECT_EQ(w.Join(w.Person("Ada"))->group, second);
  auto third = w.Join(w.Person("李雷"));
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(third->state, MemberState::kWaiting);
  EXPECT_TRUE(third->group.IsNil());
  EXPECT_EQ(third->waiting_ticket, 1);
  EXPECT_EQ(third->waiting_position, 1);
  EXPECT_TRUE(w.view.groups[first].full());
  EXPECT_EQ(w.view.groups[second].new_members, 1);
  EXPECT_EQ(w.state().new_waiting, 1);
}

TEST(DecideJoin, WithoutAMainGroupPeopleWait) {
  World w;
  w.AddGroup(10, 0, /*main=*/false);
  EXPECT_EQ(w.Join(w.Person())->state, MemberState::kWaiting);
}

TEST(DecideJoin, NobodyOvertakesTheQueue) {
  World w;
  w.AddGroup(10, 0);
  w.state().waiting_count = 3;
  w.state().next_ticket = 9;
  auto member = w.Join(w.Person());
  EXPECT_EQ(member->state, MemberState::kWaiting);
  EXPECT_EQ(member->waiting_ticket, 9);
  EXPECT_EQ(member->waiting_position, 4);
}

TEST(DecideJoin, ACommunityMustExistAndBeOpen) {
  World w;
  w.AddGroup(10, 0);
  auto stranger = w.Person();
  stranger.community = MakeId();
  EXPECT_EQ(w.Join(stranger).error().reason, "COMMUNITY_NOT_FOUND");
  w.state().open = false;
  EXPECT_EQ(w.Join(w.Person()).error().reason, "COMMUNITY_ARCHIVED");
}

TEST(DecideJoin, ExternalIdsAndIdentitiesAreUnique) {
  World w;
  w.AddGroup(10, 0);
  w.view.external_ids.emplace(w.community, "crm-1");
  w.view.identities.emplace(w.community, kWecom, "wm_1");
  EXPECT_EQ(w.Join(w.Person("甲", "crm-1")).error().reason, "EXTERNAL_ID_TAKEN");
  auto taken = w.Join(w.Person("乙", "crm-2", {{kWecom, "wm_1"}}));
  EXPECT_EQ(taken.error().reason, "IDENTITY_TAKEN");
  EXPECT_EQ(taken.error().metadata.at("channel"), "WECOM");
  // The same id on another channel is another person; what was refused took nothing.
  EXPECT_TRUE(w.Join(w.Person("丙", "crm-2", {{kQq, "wm_1"}})).ok());
  // Also among those who came in a moment ago.
  EXPECT_EQ(w.Join(w.Person("丁", "crm-2")).error().reason, "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(w.Join(w.Person("戊", "", {{kQq, "wm_1"}})).error().reason, "IDENTITY_TAKEN");
}

TEST(DecideJoin, OneIdentityPerChannel) {
  World w;
  w.AddGroup(10, 0);
  auto refused = w.Join(w.Person("甲", "", {{kWecom, "a"}, {kQq, "b"}, {kWecom, "c"}}));
  ASSERT_FALSE(refused.ok());
  ASSERT_EQ(refused.error().violations.size(), 1u);
  EXPECT_EQ(refused.error().violations[0].field, "member.identities[2].channel");
  EXPECT_EQ(refused.error().violations[0].reason, "DUPLICATE_VALUE");
}

TEST(DecideJoin, HouseRules) {
  struct Case {
    bool required;
    int accepted;
    std::string reason;
  };
  for (const auto& c : std::vector<Case>{{false, 0, ""},
                                         {false, 1, ""},
                                         {false, 2, ""},
                                         {false, 3, "INVALID_FIELDS"},
                                         {true, 0, "HOUSE_RULES_NOT_ACCEPTED"},
                                         {true, 1, "HOUSE_RULES_NOT_ACCEPTED"},
                                         {true, 2, ""},
                                         {true, 3, "HOUSE_RULES_NOT_ACCEPTED"}}) {
    World w;
    w.AddGroup(10, 0);
    auto item = w.Person();
    item.rules_required = c.required;
    item.person.accepted_rules_version = c.accepted;
    auto result = w.Join(item);
    EXPECT_EQ(result.ok() ? "" : result.error().reason, c.reason) << c.required << " " << c.accepted;
    if (c.reason == "HOUSE_RULES_NOT_ACCEPTED") {
      EXPECT_EQ(result.error().metadata.at("current_version"), "2");
    }
  }
}

TEST(DecideJoin, InviteLinks) {
  World w;
  auto full = w.AddGroup(5, 5);
  w.AddGroup(5, 0);
  auto topic = w.AddGroup(2, 1, /*main=*/false);
  auto link = [&](std::string code, JoinLink l) {
    l.community = l.community.IsNil() ? w.community : l.community;
    w.view.links[code] = l;
  };
  link("main", {.max_uses = 2, .uses = 1});
  link("old", {.expire_time = kNow});
  link("topic", {.group = topic});
  link("full", {.group = full});
  link("foreign", {.community = MakeId()});
  auto by = [&](std::string code) {
    auto item = w.Person();
    item.invite_code = std::move(code);
    return w.Join(item);
  };
  EXPECT_EQ(by("nobody").error().reason, "INVITE_LINK_NOT_FOUND");
  EXPECT_EQ(by("foreign").error().reason, "INVITE_LINK_NOT_FOUND");
  EXPECT_EQ(by("old").error().reason, "INVITE_LINK_EXPIRED");
  EXPECT_EQ(by("main")->state, MemberState::kActive);
  EXPECT_EQ(by("main").error().reason, "INVITE_LINK_USED_UP");
  EXPECT_EQ(w.view.links["main"].new_uses, 1);
  // A full target does not spill into the main groups, and who waits has used the link.
  EXPECT_EQ(by("full")->state, MemberState::kWaiting);
  EXPECT_EQ(w.view.links["full"].uses, 1);
  // A targeted link is not bound by the queue for the main groups.
  EXPECT_EQ(by("topic")->group, topic);
  EXPECT_EQ(by("topic")->state, MemberState::kWaiting);
  EXPECT_EQ(w.state().waiting_count, 2);
}

TEST(DecideJoin, LinksOfClosedGatesAndGoneReferrersLetNobodyIn) {
  World w;
  w.AddGroup(5, 0);
  const auto referrer = MakeId();
  w.view.links["closed"] = {.community = w.community, .gate_open = false};
  w.view.links["gone"] = {.community = w.community, .referrer = referrer, .referrer_gone = true};
  w.view.links["revoked"] = {.community = w.community, .revoke_time = kNow};
  w.view.links["friend"] = {.community = w.community, .referrer = referrer};
  auto by = [&](std::string code) {
    auto item = w.Person();
    item.invite_code = std::move(code);
    return w.Join(item);
  };
  EXPECT_EQ(by("closed").error().reason, "GATE_CLOSED");
  EXPECT_EQ(by("gone").error().reason, "REFERRER_GONE");
  EXPECT_EQ(by("revoked").error().reason, "INVITE_LINK_REVOKED");
  auto joined = by("friend");
  EXPECT_EQ(joined->referrer, referrer);
  EXPECT_EQ(joined->source, JoinSource::kReferral);
}

TEST(DecideJoin, AGateMayLeadToOneGroup) {
  World w;
  w.AddGroup(5, 0);
  const auto topic = w.AddGroup(1, 0, /*main=*/false);
  w.view.groups[topic].tag = "绘画";
  auto painter = w.Person();
  painter.group = topic;
  auto joined = w.Join(painter);
  EXPECT_EQ(joined->group, topic);
  EXPECT_EQ(joined->person.tags, std::vector<std::string>{"绘画"});
  // A full one does not spill into the main groups.
  EXPECT_EQ(w.Join(painter)->state, MemberState::kWaiting);
}

TEST(DecideJoin, ARefusedRequestLeavesNoTrace) {
  World w;
  w.AddGroup(2, 0);
  w.view.external_ids.emplace(w.community, "crm-9");
  w.view.links["code"] = {.community = w.community, .max_uses = 5};
  auto with_link = w.Person("甲", "crm-1", {{kWecom, "a"}});
  with_link.invite_code = "code";
  auto groups = w.view.groups;
  auto result = DecideJoin(
      w.view,
      {with_link, w.Person("乙", "crm-2"), w.Person("丙", "crm-3"), w.Person("丁", "crm-9"), w.Person("戊", "crm-1")},
      kNow);
  EXPECT_TRUE(result[0].ok());
  EXPECT_EQ(result[3].error().reason, "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(result[4].error().reason, "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(w.state().waiting_count, 0);
  EXPECT_EQ(w.state().next_ticket, 1);
  EXPECT_EQ(w.state().new_waiting, 0);
  EXPECT_EQ(w.view.groups.begin()->second.member_count, 0);
  EXPECT_EQ(w.view.groups.begin()->second.new_members, 0);
  EXPECT_EQ(w.view.links["code"].uses, 0);
  EXPECT_EQ(w.view.external_ids.size(), 1u);
  EXPECT_TRUE(w.view.identities.empty());
  // The same people may come at once.
  for (const auto& one : DecideJoin(w.view, {with_link, w.Person("乙", "crm-2")}, kNow)) EXPECT_TRUE(one.ok());
}

TEST(DecideJoin, HoldsForAnyGroupsAndAnyPeople) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    auto upto = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n + 1)); };
    World w;
    std::vector<Id> main_groups;
    for (int i = upto(6); i > 0; --i) {
      int capacity = 1 + upto(8);
      main_groups.push_back(w.AddGroup(capacity, upto(capacity)));
    }
    auto before = w.view;
    int active = 0, waiting = 0;
    std::size_t cursor = 0;
    std::int64_t last_ticket = 0;
    std::set<std::string> ids;
    for (int request = 0; request < 12; ++request) {
      std::vector<JoinItem> items;
      for (int i = 1 + upto(4); i > 0; --i) items.push_back(w.Person("名", "crm-" + std::to_string(upto(60))));
      auto decided = DecideJoin(w.view, items, kNow);
      ASSERT_EQ(decided.size(), items.size());
      bool all = std::all_of(decided.begin(), decided.end(), [](const auto& d) { return d.ok(); });
      if (!all) continue;
      for (std::size_t i = 0; i < items.size(); ++i) {
        EXPECT_EQ(decided[i]->id, items[i].member_id);
        EXPECT_TRUE(ids.insert(items[i].person.external_id).second);
        if (decided[i]->state == MemberState::kActive) {
          ++active;
          EXPECT_EQ(waiting, 0) << "nobody comes in past the queue";
          auto at = std::find(main_groups.begin(), main_groups.end(), decided[i]->group) - main_groups.begin();
          EXPECT_GE(static_cast<std::size_t>(at), cursor);
          cursor = static_cast<std::size_t>(at);
        } else {
          ++waiting;
          EXPECT_EQ(decided[i]->waiting_ticket, ++last_ticket);
          EXPECT_EQ(decided[i]->waiting_position, waiting);
        }
      }
    }
    int joined = 0, free_before = 0;
    for (const auto& [id, g] : w.view.groups) {
      EXPECT_LE(g.member_count, g.capacity);
      EXPECT_EQ(g.member_count, before.groups[id].member_count + g.new_members);
      joined += g.new_members;
      free_before += before.groups[id].capacity - before.groups[id].member_count;
    }
    EXPECT_EQ(joined, active);
    EXPECT_EQ(w.state().new_waiting, waiting);
    if (waiting > 0) {
      EXPECT_EQ(active, free_before) << "people wait only when there is no place";
    }
    EXPECT_EQ(w.view.external_ids.size(), ids.size());
  }
}

TEST(DecidePromotions, FillsTheGroupsInOrder) {
  auto a = MakeId(), b = MakeId();
  EXPECT_EQ(DecidePromotions({{a, 2}, {b, 5}}, 3), (std::vector<Id>{a, a, b}));
  EXPECT_EQ(DecidePromotions({{a, 1}}, 3), (std::vector<Id>{a}));
  EXPECT_TRUE(DecidePromotions({}, 3).empty());
}

}  // namespace
}  // namespace lanting::membership
