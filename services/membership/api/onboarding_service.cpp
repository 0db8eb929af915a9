#include "membership/api/onboarding_service.h"

#include <algorithm>

#include "membership/api/cause.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/events/publish_profile.h"
#include "membership/store/community_store.h"
#include "membership/store/member_store.h"
#include "membership/store/onboarding_store.h"
#include "platform/idempotency/write.h"
#include "platform/paging/page_token.h"
#include "platform/resource/etag.h"
#include "platform/resource/times.h"
#include "platform/resource/update_mask.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = onboarding_store;
using idempotency::Work;

pb::OnboardingStep ToProto(const OnboardingStep& step) {
  pb::OnboardingStep to;
  to.set_key(step.key);
  to.set_text(step.text);
  to.set_required(step.required);
  to.set_due_days(step.due_days);
  to.set_trigger(static_cast<pb::OnboardingTrigger>(step.trigger));
  return to;
}

pb::Onboarding ToProto(const Onboarding& onboarding) {
  pb::Onboarding to;
  to.set_name(names::Community(onboarding.community) + "/onboarding");
  for (const auto& step : onboarding.steps) *to.add_steps() = ToProto(step);
  if (onboarding.update_time) *to.mutable_update_time() = resource::ToTimestamp(*onboarding.update_time);
  to.set_etag(resource::Etag(onboarding.version));
  return to;
}

std::vector<OnboardingStep> StepsOf(const pb::Onboarding& from) {
  std::vector<OnboardingStep> steps;
  for (const auto& s : from.steps())
    steps.push_back({s.key(), s.text(), s.required(), s.due_days(), static_cast<OnboardingTrigger>(s.trigger())});
  return steps;
}

// A member, with the steps of their community.
struct View {
  Community community;
  Onboarding onboarding;
  OnboardingRecord record;
};

// The member is there.
View Load(pg::Tx& tx, const Id& community, const Id& member) {
  View view{.community = *community_store::Get(tx, community)};
  view.onboarding = store::Get(tx, view.community);
  view.record = store::GetRecord(tx, member);
  return view;
}

pb::MemberOnboarding Show(pg::Tx& tx, const Member& member, const View& view, Time now) {
  const auto& steps = view.onboarding.steps;
  const bool in = member.state == MemberState::kActive;
  const auto due = in ? store::DueTimes(tx, view.community.time_zone, member.join_time, steps)
                      : std::vector<std::optional<Time>>(steps.size());
  pb::MemberOnboarding to;
  to.set_name(names::Member(member.community, member.id) + "/onboarding");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto& step = *to.add_steps();
    *step.mutable_step() = ToProto(steps[i]);
    const auto done = DoneOf(steps[i], view.record);
    if (done) {
      *step.mutable_done_time() = resource::ToTimestamp(done->time);
      step.set_actor(done->actor);
    }
    if (due[i]) *step.mutable_due_time() = resource::ToTimestamp(*due[i]);
    step.set_overdue(!done && due[i] && *due[i] <= now);
  }
  to.set_complete(IsComplete(steps, view.record));
  if (view.record.complete_time) *to.mutable_complete_time() = resource::ToTimestamp(*view.record.complete_time);
  return to;
}

}  // namespace

Result<pb::Onboarding> OnboardingService::GetOnboarding(const rpc::Call& call,
                                                        const pb::GetOnboardingRequest& request) {
  const auto id = names::Parse(request.name()).first;
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Onboarding> {
    const auto community = community_store::Get(tx, id);
    if (!community) return errors::CommunityNotFound(names::Community(id));
    return ToProto(store::Get(tx, *community));
  });
}

Result<pb::Onboarding> OnboardingService::UpdateOnboarding(const rpc::Call& call,
                                                           const pb::UpdateOnboardingRequest& request) {
  const auto& patch = request.onboarding();
  const auto id = names::Parse(patch.name()).first;
  return idempotency::Write<pb::Onboarding>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Onboarding> {
    // There may be no row to lock yet.
    const auto community = community_store::Lock(tx, id);
    if (!community) return errors::CommunityNotFound(names::Community(id));
    auto onboarding = store::Get(tx, *community);
    RETURN_IF_ERROR(resource::CheckEtag(patch.etag(), onboarding.version));
    auto wanted = ToProto(onboarding);
    RETURN_IF_ERROR(resource::ApplyUpdate(request.update_mask(), patch, "onboarding", &wanted));
    auto steps = StepsOf(wanted);
    if (auto violations = CheckSteps(steps, "onboarding.steps"); !violations.empty())
      return lanting::errors::InvalidFields(std::move(violations));
    if (steps == onboarding.steps) return ToProto(onboarding);
    onboarding.steps = steps.empty() ? DefaultSteps(*community) : steps;
    ++onboarding.version;
    onboarding.update_time = call.now;
    store::Put(work, tx.tenant(), onboarding, steps);
    return ToProto(onboarding);
  });
}

Result<pb::MemberOnboarding> OnboardingService::GetMemberOnboarding(const rpc::Call& call,
                                                                    const pb::GetMemberOnboardingRequest& request) {
  const auto name = names::Parse(request.name());
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::MemberOnboarding> {
    ASSIGN_OR_RETURN(const auto member, GetMember(tx, name.first, name.second));
    return Show(tx, member, Load(tx, name.first, name.second), call.now);
  });
}

Result<pb::MemberOnboarding> OnboardingService::CompleteOnboardingStep(
    const rpc::Call& call, const pb::CompleteOnboardingStepRequest& request) {
  using Reply = pb::MemberOnboarding;
  const auto name = names::Parse(request.name());
  return idempotency::Write<Reply>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<Reply> {
    ASSIGN_OR_RETURN(auto member, LockMember(tx, name.first, name.second));
    RETURN_IF_ERROR(CheckPresent(member));
    auto view = Load(tx, name.first, name.second);
    const auto& steps = view.onboarding.steps;
    RETURN_IF_ERROR(CheckManual(steps, request.step()));
    if (DoneOf(*FindStep(steps, request.step()), view.record)) return Show(tx, member, view, call.now);
    view.record.done.push_back({request.step(), call.now, call.principal.subject});
    work.Publish(
        events::OnboardingStepCompleted(member.community, member.id, request.step(), ++member.version, CauseOf(call)));
    const bool complete = !view.record.complete_time && IsComplete(steps, view.record);
    if (complete) {
      view.record.complete_time = call.now;
      work.Publish(events::OnboardingCompleted(member.community, member.id, ++member.version, CauseOf(call)));
    }
    store::CompleteStep(tx, work, member, request.step(), complete, {call.principal.subject, call.now});
    return Show(tx, member, view, call.now);
  });
}

Result<pb::MemberOnboarding> OnboardingService::ReopenOnboardingStep(const rpc::Call& call,
                                                                     const pb::ReopenOnboardingStepRequest& request) {
  using Reply = pb::MemberOnboarding;
  const auto name = names::Parse(request.name());
  return idempotency::Write<Reply>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<Reply> {
    ASSIGN_OR_RETURN(const auto member, LockMember(tx, name.first, name.second));
    RETURN_IF_ERROR(CheckPresent(member));
    auto view = Load(tx, name.first, name.second);
    RETURN_IF_ERROR(CheckManual(view.onboarding.steps, request.step()));
    const auto gone = std::erase_if(view.record.done, [&](const auto& done) { return done.step == request.step(); });
    if (gone > 0) store::ReopenStep(work, tx.tenant(), member, request.step(), {call.principal.subject, call.now});
    return Show(tx, member, view, call.now);
  });
}

Result<pb::ListOverdueOnboardingsResponse> OnboardingService::ListOverdueOnboardings(
    const rpc::Call& call, const pb::ListOverdueOnboardingsRequest& request) {
  using Reply = pb::ListOverdueOnboardingsResponse;
  const paging::ListKey key{.tenant = call.tenant(), .method = call.method, .parent = request.parent()};
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const auto after, paging::DecodePageToken(key, request.page_token()));
  const auto id = names::Parse(request.parent()).first;
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<Reply> {
    const auto community = community_store::Get(tx, id);
    if (!community) return errors::CommunityNotFound(request.parent());
    const auto onboarding = store::Get(tx, *community);
    const auto page =
        store::ListOverdue(tx, *community, onboarding.steps, after ? after->last_id : Id(), size, call.now);
    Reply reply;
    for (const auto& member : page.members) {
      auto& to = *reply.add_overdue_onboardings();
      to.set_member(names::Member(id, member.id));
      to.set_display_name(member.display_name);
      to.mutable_steps()->Assign(member.steps.begin(), member.steps.end());
    }
    if (!page.next.IsNil())
      reply.set_next_page_token(paging::EncodePageToken(key, {.last_value = std::nullopt, .last_id = page.next}));
    return reply;
  });
}

void OnboardingService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (OnboardingService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("GetOnboarding", &OnboardingService::GetOnboarding);
  bind("UpdateOnboarding", &OnboardingService::UpdateOnboarding);
  bind("GetMemberOnboarding", &OnboardingService::GetMemberOnboarding);
  bind("CompleteOnboardingStep", &OnboardingService::CompleteOnboardingStep);
  bind("ReopenOnboardingStep", &OnboardingService::ReopenOnboardingStep);
  bind("ListOverdueOnboardings", &OnboardingService::ListOverdueOnboardings);
}

}  // namespace lanting::membership
