#include "membership/api/api_test_world.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

class GateServiceTest : public ApiTest {
 protected:
  pb::Gate OnlyGate(const std::string& community) {
    pb::ListGatesRequest request;
    request.set_parent(community);
    return gates_.ListGates(Mine("ListGates", request), request)->gates(0);
  }
  Result<pb::Application> Submit(const std::string& community, const std::string& user_id,
                                 const std::string& request_id = "", int rules = 1) {
    pb::SubmitApplicationRequest request;
    request.set_parent(community);
    auto* a = request.mutable_application();
    a->set_gate(OnlyGate(community).name());
    a->set_display_name("谢安");
    a->set_accepted_rules_version(rules);
    auto* identity = a->add_identities();
    identity->set_channel(pb::CHANNEL_WECOM);
    identity->set_user_id(user_id);
    auto* answer = a->add_answers();
    answer->set_key("expectation");
    answer->set_text("想和大家一起临帖");
    return gates_.SubmitApplication(Mine("SubmitApplication", request, request_id), request);
  }
  Result<pb::Application> Approve(const std::string& name, const std::string& request_id = "") {
    pb::ApproveApplicationRequest request;
    request.set_name(name);
    return gates_.ApproveApplication(Mine("ApproveApplication", request, request_id), request);
  }
  Result<pb::Application> Reject(const std::string& name) {
    pb::RejectApplicationRequest request;
    request.set_name(name);
    request.set_reason("名额已满，欢迎下次再来");
    return gates_.RejectApplication(Mine("RejectApplication", request), request);
  }
  pb::Application Get(const std::string& name) {
    pb::GetApplicationRequest request;
    request.set_name(name);
    return *gates_.GetApplication(Mine("GetApplication", request), request);
  }
  Result<pb::InviteLink> MakeLink(const std::string& parent, const std::string& gate, const std::string& group = "") {
    pb::CreateInviteLinkRequest request;
    request.set_parent(parent);
    request.mutable_invite_link()->set_gate(gate);
    request.mutable_invite_link()->set_group(group);
    request.mutable_invite_link()->set_max_uses(20);
    return gates_.CreateInviteLink(Mine("CreateInviteLink", request), request);
  }
};

TEST_F(GateServiceTest, AGateMayBeAdded) {
  auto community = Open();
  pb::CreateGateRequest request;
  request.set_parent(community.name());
  request.mutable_gate()->set_display_name("老朋友");
  request.mutable_gate()->set_kind(pb::GATE_KIND_QUESTIONS);
  EXPECT_THAT(Faults(gates_.CreateGate(Mine("CreateGate", request), request)),
              ElementsAre("gate.questions TOO_FEW_ITEMS"));
  auto* question = request.mutable_gate()->add_questions();
  question->set_key("who");
  question->set_text("谁介绍你来的？");
  auto made = gates_.CreateGate(Mine("CreateGate", request), request);
  ASSERT_EQ(Reason(made), "OK");
  pb::GetGateRequest get;
  get.set_name(made->name());
  EXPECT_EQ(gates_.GetGate(Mine("GetGate", get), get)->SerializeAsString(), made->SerializeAsString());
  EXPECT_EQ(Reason(gates_.GetGate(Theirs("GetGate", get), get)), "GATE_NOT_FOUND");
  EXPECT_EQ(Reason(gates_.CreateGate(Theirs("CreateGate", request), request)), "COMMUNITY_NOT_FOUND");
}

TEST_F(GateServiceTest, ALinkBelongsToAGateAndAGroupOfItsCommunity) {
  auto questions = Open(), links = Open(pb::GATE_KIND_INVITE_LINK);
  auto gate = OnlyGate(links.name()).name();
  auto group = AddGroup(links.name(), 5).name(), foreign_group = AddGroup(questions.name(), 5).name();
  auto made = MakeLink(links.name(), gate, group);
  ASSERT_EQ(Reason(made), "OK");
  EXPECT_THAT(made->code(), ::testing::MatchesRegex("[0-9a-z]{16}"));
  EXPECT_THAT(Events(), EndsWith("InviteLinkCreated:1"));
  pb::GetInviteLinkRequest get;
  get.set_name(made->name());
  EXPECT_EQ(gates_.GetInviteLink(Mine("GetInviteLink", get), get)->SerializeAsString(), made->SerializeAsString());
  EXPECT_EQ(Reason(gates_.GetInviteLink(Theirs("GetInviteLink", get), get)), "INVITE_LINK_NOT_FOUND");

  EXPECT_EQ(Reason(MakeLink(links.name(), OnlyGate(questions.name()).name())), "GATE_NOT_FOUND");
  EXPECT_EQ(Reason(MakeLink(questions.name(), OnlyGate(questions.name()).name())), "GATE_KIND_MISMATCH");
  EXPECT_EQ(Reason(MakeLink(links.name(), gate, foreign_group)), "GROUP_NOT_FOUND");
  // The right id under the wrong community is another name.
  EXPECT_EQ(Reason(MakeLink(links.name(), questions.name() + gate.substr(links.name().size()))), "GATE_NOT_FOUND");
  EXPECT_EQ(Reason(MakeLink("communities/" + Id::New().ToString(), gate)), "COMMUNITY_NOT_FOUND");

  pb::ListInviteLinksRequest list;
  list.set_parent(links.name());
  EXPECT_EQ(gates_.ListInviteLinks(Mine("ListInviteLinks", list), list)->invite_links_size(), 1);
  EXPECT_EQ(Reason(gates_.ListInviteLinks(Theirs("ListInviteLinks", list), list)), "COMMUNITY_NOT_FOUND");
}

TEST_F(GateServiceTest, AnApprovedApplicantIsAMemberOnce) {
  auto community = Open();
  AddGroup(community.name(), 10);
  auto application = Submit(community.name(), "wm_xie");
  ASSERT_EQ(Reason(application), "OK");
  EXPECT_EQ(application->state(), pb::APPLICATION_STATE_SUBMITTED);
  EXPECT_EQ(Get(application->name()).SerializeAsString(), application->SerializeAsString());

  auto approved = Approve(application->name(), "a-1");
  ASSERT_EQ(Reason(approved), "OK");
  EXPECT_EQ(approved->state(), pb::APPLICATION_STATE_APPROVED);
  EXPECT_EQ(Approve(application->name(), "a-1")->SerializeAsString(), approved->SerializeAsString());
  EXPECT_EQ(Reason(Approve(application->name())), "APPLICATION_DECIDED");
  EXPECT_EQ(Reason(Reject(application->name())), "APPLICATION_DECIDED");
  EXPECT_EQ(Get(application->name()).SerializeAsString(), approved->SerializeAsString());
  EXPECT_EQ(db_.Query("SELECT display_name || '|' || expectation || '|' || source || '|' || state FROM "
                      "membership.member WHERE id = '" +
                      Id::Parse(approved->member().substr(approved->member().rfind('/') + 1))->ToUuid() + "'"),
            "谢安|想和大家一起临帖|3|1");
  EXPECT_EQ(Count("member"), 1);
  EXPECT_THAT(Events(), EndsWith("ApplicationSubmitted:1 MemberJoined:1 ApplicationApproved:2"));
}

TEST_F(GateServiceTest, OneOpenApplicationPerIdentity) {
  auto community = Open();
  AddGroup(community.name(), 10);
  auto first = Submit(community.name(), "wm_xie", "s-1");
  EXPECT_EQ(Submit(community.name(), "wm_xie", "s-1")->SerializeAsString(), first->SerializeAsString());
  auto again = Submit(community.name(), "wm_xie");
  EXPECT_EQ(Reason(again), "APPLICATION_OPEN");
  EXPECT_EQ(again.error().metadata.at("application"), first->name());
  EXPECT_EQ(Reason(Submit(Open().name(), "wm_xie")), "OK");  // another community
  ASSERT_EQ(Reason(Reject(first->name())), "OK");
  EXPECT_EQ(Get(first->name()).decision_reason(), "名额已满，欢迎下次再来");
  auto second = Submit(community.name(), "wm_xie");
  ASSERT_EQ(Reason(second), "OK");
  ASSERT_EQ(Reason(Approve(second->name())), "OK");
  EXPECT_EQ(Reason(Submit(community.name(), "wm_xie")), "IDENTITY_TAKEN");  // now a member
}

TEST_F(GateServiceTest, WhenTheJoinIsRefusedTheApplicationStaysOpen) {
  auto community = Open();
  AddGroup(community.name(), 10);
  auto application = Submit(community.name(), "wm_xie");
  db_.Query(
      "INSERT INTO membership.member_identity SELECT tenant_id, community_id, channel, user_id, tenant_id FROM "
      "membership.application_identity");  // staff let them in meanwhile
  EXPECT_EQ(Reason(Approve(application->name())), "IDENTITY_TAKEN");
  EXPECT_EQ(Get(application->name()).state(), pb::APPLICATION_STATE_SUBMITTED);
  EXPECT_EQ(Count("member"), 0);
  EXPECT_EQ(Count("application_identity"), 1);
  EXPECT_EQ(Reason(Submit(community.name(), "wm_xie")), "IDENTITY_TAKEN") << "being a member weighs more";
}

TEST_F(GateServiceTest, NewRulesDoNotStrandWhoAppliedUnderTheOldOnes) {
  auto community = Open();
  AddGroup(community.name(), 10);
  auto application = Submit(community.name(), "wm_xie");
  EXPECT_EQ(Reason(Submit(community.name(), "wm_wang", "", 2)), "HOUSE_RULES_NOT_ACCEPTED");
  pb::PublishHouseRulesRequest rules;
  rules.set_parent(community.name());
  rules.mutable_house_rules()->set_text("1. 新规矩");
  ASSERT_EQ(Reason(communities_.PublishHouseRules(Mine("PublishHouseRules", rules), rules)), "OK");
  EXPECT_EQ(Reason(Submit(community.name(), "wm_wang", "", 1)), "HOUSE_RULES_NOT_ACCEPTED");
  ASSERT_EQ(Reason(Approve(application->name())), "OK");
  EXPECT_EQ(db_.Query("SELECT accepted_rules_version FROM membership.member"), "1");
}

TEST_F(GateServiceTest, ApplicationsAreListedByStateAndGate) {
  auto community = Open();
  AddGroup(community.name(), 10);
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) names.push_back(Submit(community.name(), "wm_" + std::to_string(i))->name());
  EXPECT_TRUE(Reject(names[1]).ok());
  auto list = [&](const std::string& filter) {
    pb::ListApplicationsRequest request;
    request.set_parent(community.name());
    request.set_filter(filter);
    auto page = gates_.ListApplications(Mine("ListApplications", request), request);
    std::vector<std::string> found;
    EXPECT_EQ(Reason(page), "OK");
    if (page.ok()) {
      for (const auto& a : page->applications()) found.push_back(a.name());
    }
    return found;
  };
  EXPECT_EQ(list(""), names);
  EXPECT_THAT(list("state = APPLICATION_STATE_SUBMITTED"), ElementsAre(names[0], names[2]));
  EXPECT_EQ(list("gate = \"" + OnlyGate(community.name()).name() + "\" AND state != APPLICATION_STATE_REJECTED").size(),
            2u);
}

TEST_F(GateServiceTest, AnotherTenantsApplicationDoesNotExist) {
  auto community = Open();
  AddGroup(community.name(), 10);
  auto name = Submit(community.name(), "wm_xie")->name();
  pb::GetApplicationRequest get;
  get.set_name(name);
  EXPECT_EQ(Reason(gates_.GetApplication(Theirs("GetApplication", get), get)), "APPLICATION_NOT_FOUND");
  pb::ApproveApplicationRequest approve;
  approve.set_name(name);
  EXPECT_EQ(Reason(gates_.ApproveApplication(Theirs("ApproveApplication", approve), approve)), "APPLICATION_NOT_FOUND");
  EXPECT_EQ(Get(name).state(), pb::APPLICATION_STATE_SUBMITTED);
}

}  // namespace
}  // namespace lanting::membership
