#include "membership/api/onboarding_service.h"

#include "membership/api/house_rules_service.h"
#include "membership/api/profile_test_world.h"
#include "platform/resource/times.h"

namespace lanting::membership {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OnboardingServiceTest : public ProfileTest {
 protected:
  Result<pb::Onboarding> Update(const pb::Onboarding& onboarding, std::vector<std::string> mask = {}) {
    pb::UpdateOnboardingRequest request;
    *request.mutable_onboarding() = onboarding;
    request.mutable_onboarding()->set_name(community_ + "/onboarding");
    for (auto& path : mask) request.mutable_update_mask()->add_paths(path);
    return onboarding_.UpdateOnboarding(Mine("UpdateOnboarding", request), request);
  }
  pb::Onboarding Get() {
    pb::GetOnboardingRequest request;
    request.set_name(community_ + "/onboarding");
    return *onboarding_.GetOnboarding(Mine("GetOnboarding", request), request);
  }
  Result<pb::MemberOnboarding> Of(const std::string& member) {
    pb::GetMemberOnboardingRequest request;
    request.set_name(member + "/onboarding");
    return onboarding_.GetMemberOnboarding(Mine("GetMemberOnboarding", request), request);
  }
  Result<pb::MemberOnboarding> Complete(const std::string& member, const std::string& step,
                                        const std::string& request_id = "") {
    pb::CompleteOnboardingStepRequest request;
    request.set_name(member + "/onboarding");
    request.set_step(step);
    return onboarding_.CompleteOnboardingStep(Mine("CompleteOnboardingStep", request, request_id), request);
  }
  Result<pb::MemberOnboarding> Reopen(const std::string& member, const std::string& step) {
    pb::ReopenOnboardingStepRequest request;
    request.set_name(member + "/onboarding");
    request.set_step(step);
    return onboarding_.ReopenOnboardingStep(Mine("ReopenOnboardingStep", request), request);
  }
  Result<pb::Member> Accept(const std::string& member, int version, std::vector<std::string> scopes = {"*"}) {
    pb::AcceptHouseRulesRequest request;
    request.set_name(member);
    request.set_version(version);
    return rules_.AcceptHouseRules(With(std::move(scopes), "AcceptHouseRules", request), request);
  }
  int Publish() {
    pb::PublishHouseRulesRequest request;
    request.set_parent(community_);
    request.mutable_house_rules()->set_text("新群规：先看精华，再提问。");
    return communities_.PublishHouseRules(Mine("PublishHouseRules", request), request)->version();
  }
  // "rules! name" : "!" is overdue, "+" is done.
  static std::string Show(const pb::MemberOnboarding& onboarding) {
    std::string text;
    for (const auto& s : onboarding.steps())
      text += (text.empty() ? "" : " ") + s.step().key() + (s.has_done_time() ? "+" : s.overdue() ? "!" : "");
    return text + (onboarding.complete() ? " complete" : "");
  }
  void JoinedAt(const std::string& member, const std::string& time) {
    db_.Query("UPDATE membership.member SET join_time = '" + time + "' WHERE id = '" +
              names::Parse(member).second.ToUuid() + "'");
  }

  OnboardingService onboarding_{pool_};
  HouseRulesService rules_{pool_};
};

TEST_F(OnboardingServiceTest, IsTheTemplatesUntilItIsWritten) {
  auto fresh = Get();
  EXPECT_EQ(fresh.etag(), "\"0\"");
  ASSERT_EQ(fresh.steps_size(), 4);
  EXPECT_EQ(fresh.steps(2).text(), "做自我介绍：我是谁、我喜欢什么、我能分享什么、我希望得到什么。");
  EXPECT_EQ(fresh.steps(1).text(), "把群名片改成“城市-昵称-爱好”。");
  EXPECT_EQ(Update(fresh)->etag(), "\"0\"") << "no change";

  pb::Onboarding own;
  auto& step = *own.add_steps();
  step.set_key("photo");
  step.set_text("晒一张你的作品");
  step.set_required(true);
  own.set_etag("\"0\"");
  auto written = Update(own);
  ASSERT_EQ(Reason(written), "OK");
  EXPECT_EQ(written->etag(), "\"1\"");
  EXPECT_EQ(Get().SerializeAsString(), written->SerializeAsString());
  EXPECT_EQ(Reason(Update(own)), "ETAG_MISMATCH");
  own.clear_etag();
  *own.add_steps() = step;
  EXPECT_THAT(Faults(Update(own)), ElementsAre("onboarding.steps[1].key DUPLICATE_VALUE"));
  EXPECT_EQ(Update({}, {"steps"})->steps_size(), 4);
  EXPECT_EQ(Get().etag(), "\"2\"");
}

TEST_F(OnboardingServiceTest, StepsAreDoneOneByOneAndItIsCompleteOnce) {
  const auto member = Join("阿杰");
  EXPECT_EQ(Show(*Of(member)), "rules name introduce hello");
  auto done = Complete(member, "name", "c-1");
  ASSERT_EQ(Reason(done), "OK") << done.error().internal;
  EXPECT_EQ(Show(*done), "rules name+ introduce hello");
  EXPECT_EQ(done->steps(1).actor(), "keys/test");
  EXPECT_EQ(Complete(member, "name", "c-1")->SerializeAsString(), done->SerializeAsString());
  EXPECT_EQ(Show(*Complete(member, "name")), "rules name+ introduce hello") << "done already";
  EXPECT_EQ(Reason(Complete(member, "dance")), "ONBOARDING_STEP_NOT_FOUND");
  EXPECT_EQ(Reason(Complete(member, "rules")), "ONBOARDING_STEP_AUTOMATIC");
  EXPECT_EQ(Show(*Complete(member, "introduce")), "rules name+ introduce+ hello");
  EXPECT_EQ(EventsOf(member), "MemberJoined:1 OnboardingStepCompleted:2 OnboardingStepCompleted:3");

  ASSERT_EQ(Reason(Accept(member, 1)), "OK");
  auto complete = Of(member);
  EXPECT_EQ(Show(*complete), "rules+ name+ introduce+ hello complete");
  EXPECT_TRUE(complete->has_complete_time());
  EXPECT_EQ(EventsOf(member),
            "MemberJoined:1 OnboardingStepCompleted:2 OnboardingStepCompleted:3 HouseRulesAccepted:4 "
            "OnboardingStepCompleted:5 OnboardingCompleted:6");

  EXPECT_EQ(Show(*Reopen(member, "introduce")), "rules+ name+ introduce hello");
  EXPECT_EQ(Show(*Reopen(member, "introduce")), "rules+ name+ introduce hello");
  EXPECT_EQ(Reason(Reopen(member, "rules")), "ONBOARDING_STEP_AUTOMATIC");
  EXPECT_EQ(Show(*Complete(member, "introduce")), "rules+ name+ introduce+ hello complete");
  EXPECT_TRUE(EventsOf(member).ends_with("OnboardingCompleted:6 OnboardingStepCompleted:7")) << EventsOf(member);
  EXPECT_EQ(TwiceOneVersion(), "0");

  Leave(member);
  EXPECT_EQ(Reason(Complete(member, "hello")), "MEMBER_GONE");
  EXPECT_EQ(Reason(Of(names::Member(names::Parse(community_).first, Id::New()))), "MEMBER_NOT_FOUND");
}

TEST_F(OnboardingServiceTest, OneOfManyCompletesIt) {
  const auto member = Join("小雨");
  ASSERT_EQ(Reason(Accept(member, 1)), "OK");
  ASSERT_EQ(Reason(Complete(member, "name")), "OK");
  AtOnce(4, [&](int) { EXPECT_EQ(Reason(Complete(member, "introduce")), "OK"); });
  EXPECT_EQ(db_.Query("SELECT count(*) FROM membership.outbox WHERE type LIKE '%OnboardingCompleted'"), "1");
  EXPECT_EQ(TwiceOneVersion(), "0");
}

TEST_F(OnboardingServiceTest, AStepIsDueAtTheEndOfALocalDay) {
  const auto member = Join("阿杰");
  JoinedAt(member, "2026-03-01T15:59:00Z");  // 23:59 in Shanghai
  auto of = Of(member);
  EXPECT_EQ(of->steps(0).due_time().seconds(), 1772467200) << "2026-03-02T16:00:00Z";
  JoinedAt(member, "2026-03-01T16:01:00Z");  // one minute after midnight
  of = Of(member);
  EXPECT_EQ(of->steps(0).due_time().seconds(), 1772553600) << "a day later";
  EXPECT_EQ(Show(*of), "rules! name! introduce! hello!");

  // The day on which clocks go forward has 23 hours.
  db_.Query("UPDATE membership.community SET time_zone = 'America/New_York'");
  JoinedAt(member, "2026-03-07T12:00:00Z");
  EXPECT_EQ(Of(member)->steps(0).due_time().seconds(), 1773028800) << "2026-03-09T04:00:00Z, UTC-4 by then";
}

TEST_F(OnboardingServiceTest, WhoIsLateIsListed) {
  const auto late = Join("阿杰"), done = Join("小雨"), fresh = Join("新人"), gone = Join("老王"), half = Join("Ada");
  for (const auto& member : {late, done, gone, half}) JoinedAt(member, "2026-03-01T12:00:00Z");
  for (const auto& member : {done, half}) ASSERT_EQ(Reason(Accept(member, 1)), "OK");
  for (const char* step : {"name", "introduce"}) ASSERT_EQ(Reason(Complete(done, step)), "OK");
  ASSERT_EQ(Reason(Complete(half, "name")), "OK");
  Leave(gone);
  pb::ListOverdueOnboardingsRequest request;
  request.set_parent(community_);
  request.set_page_size(1);
  std::vector<std::string> found;
  do {
    auto page = onboarding_.ListOverdueOnboardings(Mine("ListOverdueOnboardings", request), request);
    ASSERT_EQ(Reason(page), "OK") << page.error().internal;
    for (const auto& o : page->overdue_onboardings()) {
      std::string line = o.display_name() + ":";
      for (const auto& step : o.steps()) line += " " + step;
      found.push_back(line);
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(found, ElementsAre("阿杰: rules name introduce", "Ada: introduce"));
  request.set_parent(names::Community(Id::New()));
  EXPECT_EQ(Reason(onboarding_.ListOverdueOnboardings(Mine("ListOverdueOnboardings", request), request)),
            "COMMUNITY_NOT_FOUND");
}

TEST_F(OnboardingServiceTest, WhoAcceptedAtTheGateHasDoneThatStep) {
  pb::Member person;
  person.set_display_name("阿杰");
  person.set_accepted_rules_version(1);
  const auto member = Join(person);
  EXPECT_EQ(Show(*Of(member)), "rules+ name introduce hello");
  Publish();
  ASSERT_EQ(Reason(Accept(member, 2)), "OK");
  EXPECT_EQ(EventsOf(member), "MemberJoined:1 HouseRulesAccepted:2") << "the step was done before";
}

TEST_F(OnboardingServiceTest, RulesAreAcceptedInTheVersionInForce) {
  const auto a = Join("阿杰"), b = Join("小雨"), c = Join("Ada");
  Join("老王");
  ASSERT_EQ(Reason(Accept(a, 1, {"members.join"})), "OK");
  EXPECT_FALSE(Accept(a, 1, {"members.join"})->has_staff());
  EXPECT_EQ(Publish(), 2);
  auto refused = Accept(b, 1);
  EXPECT_EQ(Reason(refused), "HOUSE_RULES_NOT_IN_FORCE");
  EXPECT_EQ(refused.error().metadata.at("current_version"), "2");
  EXPECT_EQ(Reason(Accept(b, 3)), "HOUSE_RULES_NOT_IN_FORCE");
  auto accepted = Accept(a, 2);
  ASSERT_EQ(Reason(accepted), "OK");
  EXPECT_EQ(accepted->accepted_rules_version(), 2);
  EXPECT_EQ(Accept(a, 2)->etag(), accepted->etag()) << "no change";
  ASSERT_EQ(Reason(Accept(c, 2)), "OK");

  pb::ListRulesAcceptancesRequest acceptances;
  acceptances.set_parent(a);
  acceptances.set_page_size(1);
  auto page = rules_.ListRulesAcceptances(Mine("ListRulesAcceptances", acceptances), acceptances);
  ASSERT_EQ(page->rules_acceptances_size(), 1);
  EXPECT_EQ(page->rules_acceptances(0).version(), 2);
  acceptances.set_page_token(page->next_page_token());
  page = rules_.ListRulesAcceptances(Mine("ListRulesAcceptances", acceptances), acceptances);
  EXPECT_EQ(page->rules_acceptances(0).version(), 1);
  EXPECT_EQ(page->next_page_token(), "");

  pb::ListHouseRulesRequest versions;
  versions.set_parent(community_);
  auto list = rules_.ListHouseRules(Mine("ListHouseRules", versions), versions);
  ASSERT_EQ(list->house_rules_size(), 2);
  EXPECT_EQ(list->house_rules(0).name(), community_ + "/houseRules/2");
  versions.set_page_size(1);
  list = rules_.ListHouseRules(Mine("ListHouseRules", versions), versions);
  versions.set_page_token(list->next_page_token());
  EXPECT_EQ(rules_.ListHouseRules(Mine("ListHouseRules", versions), versions)->house_rules(0).version(), 1);

  pb::GetHouseRulesStatusRequest get;
  get.set_name(community_ + "/houseRulesStatus");
  auto status = rules_.GetHouseRulesStatus(Mine("GetHouseRulesStatus", get), get);
  EXPECT_EQ(status->current_version(), 2);
  EXPECT_EQ(status->active_count(), 4);
  EXPECT_EQ(status->accepted_count(), 2);
  EXPECT_EQ(status->outstanding_count(), 2);
  ASSERT_EQ(status->versions_size(), 2);
  EXPECT_EQ(status->versions(1).version(), 0);
  EXPECT_EQ(status->versions(1).member_count(), 2);
  Leave(b);
  EXPECT_EQ(Reason(Accept(b, 2)), "MEMBER_GONE");
}

}  // namespace
}  // namespace lanting::membership
