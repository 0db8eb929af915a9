#include "membership/api/api_test_world.h"
#include "membership/domain/templates.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class CommunityServiceTest : public ApiTest {
 protected:
  Result<pb::Community> Update(const pb::Community& patch, const std::vector<std::string>& paths) {
    pb::UpdateCommunityRequest request;
    *request.mutable_community() = patch;
    for (const auto& path : paths) request.mutable_update_mask()->add_paths(path);
    return communities_.UpdateCommunity(Mine("UpdateCommunity", request), request);
  }
  void AddWaiting(const std::string& community, int count) {
    auto id = Id::Parse(community.substr(12))->ToUuid();
    for (int ticket = 1; ticket <= count; ++ticket) {
      db_.Query(
          "INSERT INTO membership.member (tenant_id, id, community_id, display_name, expectation, state, source, "
          "accepted_rules_version, waiting_ticket, join_time, create_time, update_time, version) VALUES ('" +
          tenant_.ToUuid() + "', '" + Id::New().ToUuid() + "', '" + id + "', '候补" + std::to_string(ticket) +
          "', '', 2, 1, 1, " + std::to_string(ticket) + ", now(), now(), now(), 1)");
    }
    db_.Query("UPDATE membership.community SET waiting_count = " + std::to_string(count) +
              ", next_ticket = " + std::to_string(count + 1) + " WHERE id = '" + id + "'");
  }
};

TEST_F(CommunityServiceTest, OpensWithRulesGateAndWhatTheTemplateSays) {
  pb::CreateCommunityRequest request;
  auto* c = request.mutable_community();
  c->set_display_name("晨读会");
  c->set_template_(pb::TEMPLATE_LEARNING_PYRAMID);
  c->set_purpose("一起把书读完");
  c->mutable_declarations()->mutable_cull_policy()->set_silent_days(0);
  c->mutable_declarations()->set_promo_percent_max(5);
  request.set_gate_kind(pb::GATE_KIND_QUESTIONS);
  auto made = communities_.CreateCommunity(Mine("CreateCommunity", request), request);
  ASSERT_EQ(Reason(made), "OK");

  const auto& defaults = DefaultsOf(Template::kLearningPyramid, "zh-CN");
  EXPECT_EQ(made->structure(), pb::STRUCTURE_PYRAMID);
  EXPECT_EQ(made->vision(), defaults.vision);
  EXPECT_EQ(made->time_zone(), "Asia/Shanghai");
  EXPECT_EQ(made->declarations().cull_policy().silent_days(), 0);
  EXPECT_EQ(made->declarations().cull_policy().grace_days(), 7);
  EXPECT_EQ(made->declarations().promo_percent_max(), 5);
  EXPECT_EQ(made->house_rules_version(), 1);
  EXPECT_EQ(Get(made->name()).SerializeAsString(), made->SerializeAsString());
  EXPECT_EQ(Events(), "CommunityOpened:1 HouseRulesPublished:2 GateCreated:1");

  pb::GetHouseRulesRequest rules;
  rules.set_name(made->name() + "/houseRules/current");
  EXPECT_EQ(communities_.GetHouseRules(Mine("GetHouseRules", rules), rules)->text(), defaults.house_rules);
  pb::ListGatesRequest gates;
  gates.set_parent(made->name());
  auto listed = gates_.ListGates(Mine("ListGates", gates), gates);
  ASSERT_EQ(listed->gates_size(), 1);
  EXPECT_EQ(listed->gates(0).questions(0).text(), defaults.question);
}

TEST_F(CommunityServiceTest, ARetryGetsTheSameReplyAndAnotherBodyIsRefused) {
  pb::CreateCommunityRequest request;
  request.mutable_community()->set_display_name("围炉夜话");
  request.mutable_community()->set_template_(pb::TEMPLATE_NETWORKING);
  request.mutable_community()->set_purpose("同行相识");
  request.set_gate_kind(pb::GATE_KIND_INVITE_LINK);
  auto first = communities_.CreateCommunity(Mine("CreateCommunity", request, "r-1"), request);
  auto second = communities_.CreateCommunity(Mine("CreateCommunity", request, "r-1"), request);
  ASSERT_EQ(Reason(second), "OK");
  EXPECT_EQ(first->SerializeAsString(), second->SerializeAsString());
  EXPECT_EQ(Count("community"), 1);
  EXPECT_EQ(Events(), "CommunityOpened:1 HouseRulesPublished:2 GateCreated:1");
  request.mutable_community()->set_purpose("别的");
  EXPECT_EQ(Reason(communities_.CreateCommunity(Mine("CreateCommunity", request, "r-1"), request)),
            "REQUEST_ID_REUSED");
}

TEST_F(CommunityServiceTest, AnExternalIdIsTakenOncePerTenant) {
  pb::CreateCommunityRequest request;
  request.mutable_community()->set_display_name("会员日");
  request.mutable_community()->set_external_id("crm-7");
  request.mutable_community()->set_template_(pb::TEMPLATE_MEMBER_BENEFITS);
  request.mutable_community()->set_purpose("回馈老客户");
  request.set_gate_kind(pb::GATE_KIND_QUESTIONS);
  EXPECT_EQ(Reason(communities_.CreateCommunity(Mine("CreateCommunity", request), request)), "OK");
  EXPECT_EQ(Reason(communities_.CreateCommunity(Mine("CreateCommunity", request), request)), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(Reason(communities_.CreateCommunity(Theirs("CreateCommunity", request), request)), "OK");
  EXPECT_EQ(Count("house_rules"), 2);
}

TEST_F(CommunityServiceTest, UpdatesWhatTheMaskNames) {
  auto before = Open();
  pb::Community patch;
  patch.set_name(before.name());
  patch.set_vision("写满一百张");
  patch.set_product("文房四宝");
  patch.mutable_declarations()->mutable_cadence()->set_shares_per_week(4);
  auto after = Update(patch, {"vision", "declarations.cadence.shares_per_week", "create_time", "etag"});
  ASSERT_EQ(Reason(after), "OK");
  EXPECT_EQ(after->vision(), "写满一百张");
  EXPECT_EQ(after->product(), "");
  EXPECT_EQ(after->declarations().cadence().shares_per_week(), 4);
  EXPECT_EQ(after->declarations().cadence().shares_per_day(), before.declarations().cadence().shares_per_day());
  EXPECT_EQ(after->create_time().seconds(), before.create_time().seconds());
  EXPECT_NE(after->etag(), before.etag());
  EXPECT_EQ(Get(before.name()).SerializeAsString(), after->SerializeAsString());
  EXPECT_THAT(Events(), ::testing::EndsWith("CommunityUpdated:3"));
}

TEST_F(CommunityServiceTest, WithoutAMaskWhatIsGivenCountsAndNothingIsNoChange) {
  auto before = Open();
  pb::Community patch;
  patch.set_name(before.name());
  EXPECT_EQ(Update(patch, {})->SerializeAsString(), before.SerializeAsString());
  patch.set_display_name("兰亭书法社");
  patch.set_etag(before.etag());
  EXPECT_EQ(Update(patch, {})->display_name(), "兰亭书法社");
  EXPECT_EQ(Reason(Update(patch, {})), "ETAG_MISMATCH");
}

TEST_F(CommunityServiceTest, ClearingGivesTheTemplatesTextBack) {
  auto before = Open();
  pb::Community patch;
  patch.set_name(before.name());
  patch.set_vision("另一个愿景");
  ASSERT_EQ(Update(patch, {"vision"})->vision(), "另一个愿景");
  patch.clear_vision();
  EXPECT_EQ(Update(patch, {"vision"})->vision(), before.vision());
}

TEST_F(CommunityServiceTest, RefusesWhatMayNotChangeAllAtOnce) {
  auto before = Open();
  pb::Community patch;
  patch.set_name(before.name());
  patch.set_template_(pb::TEMPLATE_NETWORKING);
  patch.set_external_id("new");
  auto refused = Update(patch, {"template", "external_id", "purpose", "vision.length", "colour"});
  EXPECT_EQ(Reason(refused), "INVALID_FIELDS");
  EXPECT_THAT(Faults(refused), ElementsAre("updateMask INVALID_UPDATE_MASK", "community.externalId IMMUTABLE",
                                           "community.purpose REQUIRED", "community.template IMMUTABLE",
                                           "updateMask INVALID_UPDATE_MASK"));
  patch.set_template_(before.template_());
  patch.clear_external_id();
  patch.set_purpose("换个目的也行");
  EXPECT_EQ(Reason(Update(patch, {"template", "external_id", "purpose"})), "OK");
}

TEST_F(CommunityServiceTest, AReplacementClearsWhatItLeavesOut) {
  auto before = Open();
  pb::Community patch;
  patch.set_name(before.name());
  patch.set_product("宣纸");
  ASSERT_EQ(Update(patch, {"product"})->product(), "宣纸");
  patch.clear_product();
  patch.set_display_name("新名字");
  patch.set_purpose("以书会友，切磋笔法");
  auto after = Update(patch, {"*"});
  ASSERT_EQ(Reason(after), "OK");
  EXPECT_EQ(after->product(), "");
  EXPECT_EQ(after->template_(), before.template_());
}

TEST_F(CommunityServiceTest, RulesAreVersioned) {
  auto community = Open();
  pb::PublishHouseRulesRequest request;
  request.set_parent(community.name());
  request.mutable_house_rules()->set_text("1. 先礼后兵");
  auto rules = communities_.PublishHouseRules(Mine("PublishHouseRules", request), request);
  ASSERT_EQ(Reason(rules), "OK");
  EXPECT_EQ(rules->name(), community.name() + "/houseRules/2");
  EXPECT_EQ(Get(community.name()).house_rules_version(), 2);
  auto get = [&](const std::string& version) {
    pb::GetHouseRulesRequest r;
    r.set_name(community.name() + "/houseRules/" + version);
    return communities_.GetHouseRules(Mine("GetHouseRules", r), r);
  };
  EXPECT_EQ(get("current")->text(), "1. 先礼后兵");
  EXPECT_THAT(get("1")->text(), StartsWith("1. 入群后"));
  for (auto* version : {"3", "0", "02", "-1", "1x", "latest", "99999999999"}) {
    EXPECT_EQ(Reason(get(version)), "HOUSE_RULES_NOT_FOUND") << version;
  }
}

TEST_F(CommunityServiceTest, ANewGroupTakesTheFirstOfTheWaitingList) {
  auto community = Open();
  AddWaiting(community.name(), 5);
  auto group = AddGroup(community.name(), 3);
  EXPECT_EQ(group.member_count(), 3);
  pb::GetGroupRequest get;
  get.set_name(group.name());
  EXPECT_EQ(communities_.GetGroup(Mine("GetGroup", get), get)->SerializeAsString(), group.SerializeAsString());
  EXPECT_EQ(Get(community.name()).waiting_count(), 2);
  EXPECT_EQ(Get(community.name()).member_count(), 3);
  EXPECT_EQ(db_.Query("SELECT string_agg(display_name, ',' ORDER BY waiting_ticket) FROM membership.member "
                      "WHERE state = 2"),
            "候补4,候补5");
  EXPECT_THAT(Events(), ::testing::HasSubstr("GroupCreated:1 MemberJoined:2 MemberJoined:2 MemberJoined:2"));
  auto second = AddGroup(community.name(), 10);
  EXPECT_EQ(second.member_count(), 2);
  EXPECT_EQ(Get(community.name()).waiting_count(), 0);
}

TEST_F(CommunityServiceTest, AGroupHasFiveHundredPlacesUnlessSaidOtherwise) {
  EXPECT_EQ(AddGroup(Open().name(), 0).capacity(), 500);
}

TEST_F(CommunityServiceTest, ListsInPages) {
  std::vector<std::string> names;
  for (int i = 0; i < 5; ++i) names.push_back(Open(pb::GATE_KIND_INVITE_LINK, "第" + std::to_string(i) + "社").name());
  pb::ListCommunitiesRequest request;
  request.set_page_size(2);
  std::vector<std::string> seen;
  int pages = 0;
  do {
    auto page = communities_.ListCommunities(Mine("ListCommunities", request), request);
    ASSERT_EQ(Reason(page), "OK");
    for (const auto& c : page->communities()) seen.push_back(c.name());
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(seen, names);
  EXPECT_EQ(pages, 3);

  request.Clear();
  request.set_filter("display_name = \"第3社\" AND template = TEMPLATE_SOCIAL_RING");
  auto filtered = communities_.ListCommunities(Mine("ListCommunities", request), request);
  ASSERT_EQ(Reason(filtered), "OK");
  ASSERT_EQ(filtered->communities_size(), 1);
  EXPECT_EQ(filtered->communities(0).name(), names[3]);
  for (auto* order : {"create_time desc", "display_name desc"}) {
    request.Clear();
    request.set_order_by(order);
    request.set_page_size(4);
    auto page = communities_.ListCommunities(Mine("ListCommunities", request), request);
    ASSERT_EQ(Reason(page), "OK") << order;
    EXPECT_EQ(page->communities(0).name(), names[4]) << order;
    request.set_page_token(page->next_page_token());
    page = communities_.ListCommunities(Mine("ListCommunities", request), request);
    ASSERT_EQ(Reason(page), "OK") << order;
    ASSERT_EQ(page->communities_size(), 1);
    EXPECT_EQ(page->communities(0).name(), names[0]) << order;
  }
}

// A foreign name and one that does not exist get the same answer but for the name itself.
TEST_F(CommunityServiceTest, AnotherTenantsNameDoesNotExist) {
  auto community = Open();
  auto group = AddGroup(community.name(), 5);
  auto answers = [&](const std::string& c, const std::string& g) {
    std::vector<std::string> reasons;
    pb::GetCommunityRequest get;
    get.set_name(c);
    reasons.push_back(Reason(communities_.GetCommunity(Theirs("GetCommunity", get), get)));
    pb::UpdateCommunityRequest update;
    update.mutable_community()->set_name(c);
    update.mutable_community()->set_vision("x");
    reasons.push_back(Reason(communities_.UpdateCommunity(Theirs("UpdateCommunity", update), update)));
    pb::GetGroupRequest get_group;
    get_group.set_name(g);
    reasons.push_back(Reason(communities_.GetGroup(Theirs("GetGroup", get_group), get_group)));
    pb::ListGroupsRequest list;
    list.set_parent(c);
    reasons.push_back(Reason(communities_.ListGroups(Theirs("ListGroups", list), list)));
    pb::CreateGroupRequest create;
    create.set_parent(c);
    reasons.push_back(Reason(communities_.CreateGroup(Theirs("CreateGroup", create), create)));
    pb::PublishHouseRulesRequest publish;
    publish.set_parent(c);
    publish.mutable_house_rules()->set_text("x");
    reasons.push_back(Reason(communities_.PublishHouseRules(Theirs("PublishHouseRules", publish), publish)));
    return reasons;
  };
  auto absent = "communities/" + Id::New().ToString();
  EXPECT_EQ(answers(community.name(), group.name()), answers(absent, absent + "/groups/" + Id::New().ToString()));
  EXPECT_THAT(answers(community.name(), group.name()),
              ElementsAre("COMMUNITY_NOT_FOUND", "COMMUNITY_NOT_FOUND", "GROUP_NOT_FOUND", "COMMUNITY_NOT_FOUND",
                          "COMMUNITY_NOT_FOUND", "COMMUNITY_NOT_FOUND"));
  pb::ListCommunitiesRequest list;
  EXPECT_EQ(communities_.ListCommunities(Theirs("ListCommunities", list), list)->communities_size(), 0);
}

}  // namespace
}  // namespace lanting::membership
