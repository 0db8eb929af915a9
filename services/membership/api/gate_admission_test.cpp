// Each kind of gate lets in whom it should, and nobody else.
#include <atomic>
#include <thread>

#include "membership/api/gate_test_world.h"
#include "membership/domain/names.h"
#include "membership/workers/promotion_worker.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

class GateAdmissionTest : public GateTest {};

TEST_F(GateAdmissionTest, AQuizLetsInWhoPasses) {
  auto community = Open().name();
  AddGroup(community, 10);
  auto request = GateRequest(community, pb::GATE_KIND_QUIZ);
  for (auto [key, answer] : std::map<std::string, std::string>{{"year", "353"}, {"author", "Wang Xizhi"}}) {
    auto* question = request.mutable_gate()->add_questions();
    question->set_key(key);
    question->set_text("？");
    question->add_accepted_answers(answer);
  }
  auto* hope = request.mutable_gate()->add_questions();
  hope->set_key("expectation");
  hope->set_text("希望得到什么？");
  request.mutable_gate()->set_pass_percent(100);
  auto gate = AddGate(request);
  ASSERT_EQ(Reason(gate), "OK");
  auto form = Form(*gate, "wm_xie");
  form.mutable_application()->set_consent_statement("我同意加入");
  auto answer = [&](const std::string& key, const std::string& text) {
    auto* a = form.mutable_application()->add_answers();
    a->set_key(key);
    a->set_text(text);
  };
  answer("year", "354");
  answer("expectation", "临帖");
  auto failed = Submit(form, "try-1");
  ASSERT_EQ(Reason(failed), "OK");
  EXPECT_EQ(failed->state(), pb::APPLICATION_STATE_REJECTED);
  EXPECT_EQ(failed->attempts_left(), 2);
  EXPECT_EQ(failed->decision_reason(), "答对 0%，需要 100%。还可以再试 2 次。");
  EXPECT_EQ(Submit(form, "try-1")->SerializeAsString(), failed->SerializeAsString()) << "a retry is no attempt";
  EXPECT_EQ(Named(&GateService::GetApplication, failed->name())->SerializeAsString(), failed->SerializeAsString());
  form.mutable_application()->mutable_answers(0)->set_text("３５３");
  answer("author", " wang　XIZHI");
  auto passed = Submit(form);
  ASSERT_EQ(Reason(passed), "OK");
  EXPECT_EQ(passed->state(), pb::APPLICATION_STATE_APPROVED);
  EXPECT_EQ(Named(&GateService::GetApplication, passed->name())->SerializeAsString(), passed->SerializeAsString());
  EXPECT_EQ(
      One("SELECT display_name || '|' || expectation || '|' || consent_statement || '|' || source || '|' || state "
          "FROM member WHERE consent_time IS NOT NULL"),
      "谢道韫|临帖|我同意加入|3|1");
  EXPECT_EQ(Count("gate_attempt"), 0) << "who is in starts anew if they ever come back";
  EXPECT_THAT(Events(), EndsWith("ApplicationSubmitted:1 ApplicationRejected:2 ApplicationSubmitted:1 MemberJoined:1 "
                                 "ApplicationApproved:2"));
  EXPECT_EQ(Reason(Submit(form)), "IDENTITY_TAKEN");
}

TEST_F(GateAdmissionTest, AttemptsAreUsedUpByIdentityAndComeBack) {
  auto community = Open().name();
  AddGroup(community, 10);
  auto gate = AddKeyword(community, "曲水流觞", 2);
  EXPECT_THAT(Faults(Submit(Form(gate))), ElementsAre("application.identities REQUIRED"));
  EXPECT_EQ(SayKeyword(gate, "wm_xie", "流水")->attempts_left(), 1);
  auto last = SayKeyword(gate, "wm_xie", "高山");
  EXPECT_EQ(last->attempts_left(), 0);
  EXPECT_TRUE(last->has_retry_time());
  auto refused = SayKeyword(gate, "wm_xie", "曲水流觞");
  EXPECT_EQ(Reason(refused), "ATTEMPTS_USED_UP") << "also with the right word";
  EXPECT_TRUE(refused.error().metadata.contains("retry_time"));
  // With another identity beside it, the person has none either.
  auto both = Form(gate, "wm_xie");
  auto* second = both.mutable_application()->add_identities();
  second->set_channel(pb::CHANNEL_QQ);
  second->set_user_id("10001");
  EXPECT_EQ(Reason(Submit(both)), "ATTEMPTS_USED_UP");
  EXPECT_EQ(SayKeyword(gate, "wm_wang", "流水")->attempts_left(), 1) << "another person";
  db_.Query("UPDATE membership.gate_attempt SET last_time = last_time - interval '24 hours'");
  EXPECT_EQ(SayKeyword(gate, "wm_xie", "高山")->attempts_left(), 1);
  EXPECT_EQ(SayKeyword(gate, "wm_xie", " 曲水流觞 ")->state(), pb::APPLICATION_STATE_APPROVED);
  EXPECT_EQ(Count("member"), 1);
  EXPECT_EQ(Count("application_identity"), 0);
}

TEST_F(GateAdmissionTest, AttemptsThatCameBackAreForgotten) {
  auto community = Open().name();
  AddGroup(community, 10);
  auto gate = AddKeyword(community);
  ASSERT_EQ(SayKeyword(gate, "wm_xie", "流水")->attempts_left(), 2);
  ASSERT_EQ(SayKeyword(gate, "wm_wang", "流水")->attempts_left(), 2);
  db_.Query("UPDATE membership.gate_attempt SET expire_time = now() - interval '1 second' WHERE user_id = 'wm_xie'");
  PromotionWorker(pool_, Clock::System()).RunOnce();
  EXPECT_EQ(One("SELECT string_agg(user_id, ',') FROM gate_attempt"), "wm_wang");
}

TEST_F(GateAdmissionTest, AttemptsAtOnceAreCountedOneByOne) {
  auto community = Open().name();
  AddGroup(community, 10);
  auto gate = AddKeyword(community, "曲水流觞", 5);
  std::atomic<int> rejected = 0, used_up = 0, other = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      auto result = SayKeyword(gate, "wm_xie", "流水");
      ++(result.ok() ? rejected : result.error().reason == "ATTEMPTS_USED_UP" ? used_up : other);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(rejected, 5);
  EXPECT_EQ(used_up, 15);
  EXPECT_EQ(other, 0);
  EXPECT_EQ(One("SELECT attempts FROM gate_attempt"), "5");
  EXPECT_EQ(Count("application"), 5);
}

TEST_F(GateAdmissionTest, ARightAnswerAtOnceMakesOneMember) {
  auto community = Open().name();
  AddGroup(community, 10);
  auto gate = AddKeyword(community);
  std::atomic<int> approved = 0, taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([&] {
      auto result = SayKeyword(gate, "wm_xie", "曲水流觞");
      ++(result.ok() ? approved : taken);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(approved, 1);
  EXPECT_EQ(taken, 9);
  EXPECT_EQ(Count("member"), 1);
}

TEST_F(GateAdmissionTest, APrerequisiteIsCheckedInAnotherCommunity) {
  auto big = Open(pb::GATE_KIND_QUESTIONS, "兰亭大群").name(), theme = Open(pb::GATE_KIND_QUESTIONS, "行书营").name();
  AddGroup(big, 10);
  AddGroup(theme, 10);
  auto request = GateRequest(theme, pb::GATE_KIND_PREREQUISITE);
  auto* condition = request.mutable_gate()->mutable_prerequisite();
  condition->set_community(big);
  condition->set_tag("书法");
  condition->set_min_days(7);
  auto gate = AddGate(request);
  ASSERT_EQ(Reason(gate), "OK");
  auto missing = [&] {
    auto result = Submit(Form(*gate, "wm_xie"));
    return result.ok() ? std::string("approved") : result.error().metadata["missing"];
  };
  EXPECT_THAT(Faults(Submit(Form(*gate))), ElementsAre("application.identities REQUIRED"));
  EXPECT_EQ(missing(), "membership");
  auto member = Join(Person(big, "crm-1", "wm_xie"));
  ASSERT_TRUE(member.ok());
  EXPECT_EQ(missing(), "tag,days");
  db_.Query("UPDATE membership.member SET join_time = join_time - interval '7 days'");
  EXPECT_EQ(missing(), "tag");
  EXPECT_EQ(Count("application"), 0) << "a refusal leaves nothing";
  db_.Query(
      "INSERT INTO membership.member_tag SELECT tenant_id, community_id, '书法', id, now() FROM membership.member");
  EXPECT_EQ(missing(), "approved");
  EXPECT_EQ(Count("member"), 2);
  // By the external id as well; who left there is nobody.
  ASSERT_TRUE(Join(Person(big, "crm-2")).ok());
  db_.Query("UPDATE membership.member SET join_time = join_time - interval '7 days' WHERE external_id = 'crm-2'");
  db_.Query(
      "INSERT INTO membership.member_tag SELECT tenant_id, community_id, '书法', id, now() FROM membership.member "
      "WHERE external_id = 'crm-2'");
  auto by_id = Form(*gate);
  by_id.mutable_application()->set_external_id("crm-2");
  db_.Query("UPDATE membership.member SET state = 3 WHERE external_id = 'crm-2'");
  EXPECT_EQ(Reason(Submit(by_id)), "PREREQUISITE_NOT_MET");
  db_.Query("UPDATE membership.member SET state = 1 WHERE external_id = 'crm-2'");
  EXPECT_EQ(Submit(by_id)->state(), pb::APPLICATION_STATE_APPROVED);
}

TEST_F(GateAdmissionTest, APrerequisiteMayAskForAGroup) {
  auto big = Open().name(), theme = Open().name();
  auto main = AddGroup(big, 10).name();
  AddGroup(theme, 10);
  pb::CreateGroupRequest topic;
  topic.set_parent(big);
  topic.mutable_group()->set_display_name("绘画群");
  topic.mutable_group()->set_kind(pb::GROUP_KIND_TOPIC);
  topic.mutable_group()->set_channel(pb::CHANNEL_WECOM);
  auto painting = communities_.CreateGroup(Mine("CreateGroup", topic), topic)->name();
  auto gate_for = [&](const std::string& group) {
    auto request = GateRequest(theme, pb::GATE_KIND_PREREQUISITE);
    request.mutable_gate()->mutable_prerequisite()->set_community(big);
    request.mutable_gate()->mutable_prerequisite()->set_group(group);
    return *AddGate(request);
  };
  auto in_main = gate_for(main), in_topic = gate_for(painting);
  auto member = Join(Person(big, "crm-1", "wm_xie"));
  EXPECT_EQ(Submit(Form(in_topic, "wm_xie")).error().metadata.at("missing"), "group");
  db_.Query("INSERT INTO membership.group_place SELECT tenant_id, community_id, '" + IdOf(painting).ToUuid() +
            "', id, now() FROM membership.member");
  EXPECT_EQ(Reason(Submit(Form(in_topic, "wm_xie"))), "OK");
  ASSERT_TRUE(Join(Person(big, "crm-2", "wm_wang")).ok());
  EXPECT_EQ(Reason(Submit(Form(in_main, "wm_wang"))), "OK");
}

TEST_F(GateAdmissionTest, OnePaymentLetsOnePersonIn) {
  auto community = Open(pb::GATE_KIND_PAYMENT).name();
  AddGroup(community, 10);
  pb::ListGatesRequest list;
  list.set_parent(community);
  auto gate = gates_.ListGates(Mine("ListGates", list), list)->gates(0);
  EXPECT_THAT(Faults(Submit(Form(gate, "wm_xie"))), ElementsAre("application.paymentReference REQUIRED"));
  auto pay = [&](const std::string& user_id, const std::string& reference) {
    auto form = Form(gate, user_id);
    form.mutable_application()->set_payment_reference(reference);
    return Submit(form);
  };
  auto first = pay("wm_xie", "wx-42000012");
  ASSERT_EQ(Reason(first), "OK");
  EXPECT_EQ(first->state(), pb::APPLICATION_STATE_SUBMITTED);
  EXPECT_EQ(Reason(pay("wm_wang", "wx-42000012")), "PAYMENT_REFERENCE_TAKEN");
  EXPECT_EQ(Reason(pay("wm_wang", "wx-42000013")), "OK");
  pb::ListApplicationsRequest find;
  find.set_parent(community);
  find.set_filter("payment_reference = \"wx-42000012\"");
  EXPECT_EQ(gates_.ListApplications(Mine("ListApplications", find), find)->applications(0).name(), first->name());
  ASSERT_EQ(Reason(Approve(first->name())), "OK");
  EXPECT_EQ(Reason(pay("wm_xian", "wx-42000012")), "PAYMENT_REFERENCE_TAKEN") << "also when it was approved";
  // What was taken back frees the reference.
  auto third = pay("wm_xian", "wx-42000014");
  ASSERT_EQ(Reason(Named(&GateService::WithdrawApplication, third->name())), "OK");
  EXPECT_EQ(Reason(pay("wm_other", "wx-42000014")), "OK");
}

TEST_F(GateAdmissionTest, FirstTheContactThenTheApproval) {
  auto community = Open(pb::GATE_KIND_TWO_STEP).name();
  AddGroup(community, 10);
  pb::ListGatesRequest list;
  list.set_parent(community);
  auto gate = gates_.ListGates(Mine("ListGates", list), list)->gates(0);
  auto application = Submit(Form(gate, "wm_xie"))->name();
  EXPECT_EQ(Reason(Approve(application)), "CONTACT_NOT_CONFIRMED");
  auto contacted = Named(&GateService::ConfirmContact, application);
  ASSERT_EQ(Reason(contacted), "OK");
  EXPECT_EQ(contacted->state(), pb::APPLICATION_STATE_CONTACTED);
  EXPECT_TRUE(contacted->has_contact_time());
  EXPECT_EQ(Named(&GateService::ConfirmContact, application)->SerializeAsString(), contacted->SerializeAsString());
  EXPECT_EQ(Reason(Submit(Form(gate, "wm_xie"))), "APPLICATION_OPEN");
  auto approved = Approve(application);
  ASSERT_EQ(Reason(approved), "OK");
  EXPECT_EQ(Reason(Named(&GateService::ConfirmContact, application)), "APPLICATION_DECIDED");
  EXPECT_THAT(Events(), EndsWith("ApplicationSubmitted:1 ApplicationContacted:2 MemberJoined:1 ApplicationApproved:3"));
}

TEST_F(GateAdmissionTest, ATopicGroupMayHaveAStricterGateOfItsOwn) {
  auto community = Open().name();
  AddGroup(community, 10);
  pb::CreateGroupRequest topic;
  topic.set_parent(community);
  topic.mutable_group()->set_display_name("绘画群");
  topic.mutable_group()->set_kind(pb::GROUP_KIND_TOPIC);
  topic.mutable_group()->set_channel(pb::CHANNEL_WECOM);
  topic.mutable_group()->set_capacity(2);
  topic.mutable_group()->set_tag("绘画");
  auto painting = communities_.CreateGroup(Mine("CreateGroup", topic), topic)->name();
  auto request = GateRequest(community, pb::GATE_KIND_KEYWORD);
  request.mutable_gate()->set_keyword("丹青");
  request.mutable_gate()->set_group(painting);
  auto gate = *AddGate(request);
  EXPECT_EQ(SayKeyword(gate, "wm_1", "丹青")->state(), pb::APPLICATION_STATE_APPROVED);
  EXPECT_EQ(One("SELECT group_id FROM member"), IdOf(painting).ToUuid());
  EXPECT_EQ(One("SELECT tag FROM member_tag"), "绘画");
  request = GateRequest(community, pb::GATE_KIND_INVITE_LINK);
  request.mutable_gate()->set_group(painting);
  pb::CreateInviteLinkRequest link;
  link.set_parent(community);
  link.mutable_invite_link()->set_gate(AddGate(request)->name());
  auto code = gates_.CreateInviteLink(Mine("CreateInviteLink", link), link)->code();
  EXPECT_EQ(Join(By(community, code))->group, IdOf(painting));
  EXPECT_EQ(Join(By(community, code))->state, MemberState::kWaiting) << "the group is full";
}

TEST_F(GateAdmissionTest, ByTheLinkOfAMember) {
  auto community = Open(pb::GATE_KIND_REFERRAL).name(), other = Open().name();
  AddGroup(community, 10);
  AddGroup(other, 10);
  pb::ListGatesRequest list;
  list.set_parent(community);
  auto gate = gates_.ListGates(Mine("ListGates", list), list)->gates(0).name();
  auto member = Join(Person(community, "crm-1", "wm_xie"));
  auto name = names::Member(IdOf(community), member->id);
  pb::CreateInviteLinkRequest request;
  request.set_parent(community);
  request.mutable_invite_link()->set_gate(gate);
  auto make = [&](const std::string& referrer) {
    request.mutable_invite_link()->set_referrer(referrer);
    return gates_.CreateInviteLink(Mine("CreateInviteLink", request), request);
  };
  EXPECT_THAT(Faults(make("")), ElementsAre("inviteLink.referrer REQUIRED"));
  EXPECT_EQ(Reason(make(names::Member(IdOf(community), Id::New()))), "MEMBER_NOT_FOUND");
  EXPECT_EQ(Reason(make(names::Member(IdOf(other), Join(Person(other, "crm-1"))->id))), "MEMBER_NOT_FOUND");
  auto link = make(name);
  ASSERT_EQ(Reason(link), "OK");
  EXPECT_EQ(link->referrer(), name);
  auto joined = Join(By(community, link->code(), "crm-2", "wm_wang"));
  ASSERT_TRUE(joined.ok());
  EXPECT_EQ(joined->referrer, member->id);
  EXPECT_EQ(joined->source, JoinSource::kReferral);
  // Nobody refers themselves.
  EXPECT_EQ(Reason(Join(By(community, link->code(), "crm-1"))), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(Reason(Join(By(community, link->code(), "", "wm_xie"))), "IDENTITY_TAKEN");
  db_.Query("UPDATE membership.member SET state = 3 WHERE external_id = 'crm-1' AND community_id = '" +
            IdOf(community).ToUuid() + "'");
  db_.Query("DELETE FROM membership.member_identity WHERE user_id = 'wm_xie'");
  EXPECT_EQ(Reason(Join(By(community, link->code(), "crm-1", "wm_xie"))), "REFERRER_GONE");
  EXPECT_EQ(Reason(make(name)), "REFERRER_GONE");
}

TEST_F(GateAdmissionTest, ALinkIsRevokedOrItsGateClosed) {
  auto community = Open().name();
  AddGroup(community, 10);
  auto gate = AddGate(community, pb::GATE_KIND_INVITE_LINK).name();
  pb::CreateInviteLinkRequest request;
  request.set_parent(community);
  request.mutable_invite_link()->set_gate(gate);
  auto link = gates_.CreateInviteLink(Mine("CreateInviteLink", request), request);
  ASSERT_EQ(Reason(link), "OK");
  ASSERT_EQ(Reason(Named(&GateService::CloseGate, gate)), "OK");
  EXPECT_EQ(Reason(Join(By(community, link->code()))), "GATE_CLOSED");
  EXPECT_EQ(Reason(gates_.CreateInviteLink(Mine("CreateInviteLink", request), request)), "GATE_CLOSED");
  ASSERT_EQ(Reason(Named(&GateService::ReopenGate, gate)), "OK");
  EXPECT_TRUE(Join(By(community, link->code())).ok());
  auto revoked = Named(&GateService::RevokeInviteLink, link->name());
  ASSERT_EQ(Reason(revoked), "OK");
  EXPECT_TRUE(revoked->has_revoke_time());
  EXPECT_EQ(Named(&GateService::RevokeInviteLink, link->name())->SerializeAsString(), revoked->SerializeAsString());
  EXPECT_EQ(Reason(Join(By(community, link->code()))), "INVITE_LINK_REVOKED");
  EXPECT_THAT(Events(), EndsWith("InviteLinkRevoked:2"));
  request.mutable_invite_link()->set_roll_tag("绘画");
  request.mutable_invite_link()->set_group(AddGroup(community, 5).name());
  EXPECT_THAT(Faults(gates_.CreateInviteLink(Mine("CreateInviteLink", request), request)),
              ElementsAre("inviteLink.rollTag CONFLICTING_VALUES"));
}

}  // namespace
}  // namespace lanting::membership
