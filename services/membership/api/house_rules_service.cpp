#include "membership/api/house_rules_service.h"

#include <algorithm>
#include <charconv>

#include "membership/api/cause.h"
#include "membership/api/convert.h"
#include "membership/api/convert_member.h"
#include "membership/api/text_page.h"
#include "membership/domain/names.h"
#include "membership/domain/profile_errors.h"
#include "membership/events/publish_profile.h"
#include "membership/store/community_store.h"
#include "membership/store/member_store.h"
#include "membership/store/onboarding_store.h"
#include "platform/idempotency/write.h"
#include "platform/resource/times.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = onboarding_store;
using idempotency::Work;

constexpr int kMaxVersionsShown = 100;

// The version at which the page before ended.
std::optional<int> BeforeOf(const TextPage& page) {
  int version = 0;
  const auto [end, error] = std::from_chars(page.after.data(), page.after.data() + page.after.size(), version);
  return error == std::errc() ? std::optional(version) : std::nullopt;
}

// The rows of a page, one more than fit when there is a next one: its token.
template <typename Row>
std::string CutPage(std::vector<Row>& rows, const TextPage& page) {
  if (rows.size() <= static_cast<std::size_t>(page.size)) return "";
  rows.pop_back();
  return page.TokenAfter(std::to_string(rows.back().version));
}

// The step that accepting the rules does for the first time; "" if there is none, or it is done.
std::string StepDoneBy(const std::vector<OnboardingStep>& steps, const OnboardingRecord& before) {
  if (before.rules_accept_time) return "";
  const auto found = std::find_if(steps.begin(), steps.end(), [](const auto& step) {
    return step.trigger == OnboardingTrigger::kHouseRulesAccepted;
  });
  return found == steps.end() ? "" : found->key;
}

}  // namespace

Result<pb::Member> HouseRulesService::AcceptHouseRules(const rpc::Call& call,
                                                       const pb::AcceptHouseRulesRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Member>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Member> {
    ASSIGN_OR_RETURN(auto member, LockMember(tx, name.first, name.second));
    RETURN_IF_ERROR(CheckPresent(member));
    const auto community = *community_store::Get(tx, name.first);
    if (request.version() != community.house_rules_version)
      return errors::HouseRulesNotInForce(community.house_rules_version);
    const bool staff = convert::SeesStaffView(call);
    if (member.person.accepted_rules_version == request.version()) return convert::ToProto(member, staff);

    const auto steps = store::Get(tx, community).steps;
    auto record = store::GetRecord(tx, member.id);
    const auto step = StepDoneBy(steps, record);
    if (!record.rules_accept_time) record.rules_accept_time = call.now;
    const bool complete = !step.empty() && !record.complete_time && IsComplete(steps, record);
    member.person.accepted_rules_version = request.version();
    member.update_time = call.now;
    auto publish = [&](outbox::Event event) { work.Publish(std::move(event)); };
    const auto cause = CauseOf(call);
    publish(events::HouseRulesAccepted(member.community, member.id, request.version(), ++member.version, cause));
    if (!step.empty())
      publish(events::OnboardingStepCompleted(member.community, member.id, step, ++member.version, cause));
    if (complete) publish(events::OnboardingCompleted(member.community, member.id, ++member.version, cause));
    store::AcceptRules(tx, work, member, step, complete, {call.principal.subject, call.now});
    return convert::ToProto(member, staff);
  });
}

Result<pb::ListHouseRulesResponse> HouseRulesService::ListHouseRules(const rpc::Call& call,
                                                                     const pb::ListHouseRulesRequest& request) {
  using Reply = pb::ListHouseRulesResponse;
  ASSIGN_OR_RETURN(auto page, PageOf(call, request));
  page.size = std::min(page.size, kMaxVersionsShown);  // a text has up to 10,000 characters
  const auto community = names::Parse(request.parent()).first;
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<Reply> {
    auto versions = store::ListHouseRules(tx, community, BeforeOf(page), page.size + 1);
    if (versions.empty() && page.first()) return errors::CommunityNotFound(request.parent());  // there is always one
    Reply reply;
    reply.set_next_page_token(CutPage(versions, page));
    for (const auto& rules : versions) *reply.add_house_rules() = convert::ToProto(rules);
    return reply;
  });
}

Result<pb::ListRulesAcceptancesResponse> HouseRulesService::ListRulesAcceptances(
    const rpc::Call& call, const pb::ListRulesAcceptancesRequest& request) {
  using Reply = pb::ListRulesAcceptancesResponse;
  ASSIGN_OR_RETURN(const auto page, PageOf(call, request));
  const auto name = names::Parse(request.parent());
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<Reply> {
    if (!profile_store::MemberLocale(tx, name.first, name.second)) return errors::MemberNotFound(request.parent());
    auto acceptances = store::ListAcceptances(tx, name.second, BeforeOf(page), page.size + 1);
    Reply reply;
    reply.set_next_page_token(CutPage(acceptances, page));
    for (const auto& acceptance : acceptances) {
      auto& to = *reply.add_rules_acceptances();
      to.set_version(acceptance.version);
      *to.mutable_accept_time() = resource::ToTimestamp(acceptance.time);
    }
    return reply;
  });
}

Result<pb::HouseRulesStatus> HouseRulesService::GetHouseRulesStatus(const rpc::Call& call,
                                                                    const pb::GetHouseRulesStatusRequest& request) {
  const auto community = names::Parse(request.name()).first;
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::HouseRulesStatus> {
    const auto current = store::RulesInForce(tx, community);
    if (!current) return errors::CommunityNotFound(names::Community(community));
    pb::HouseRulesStatus status;
    status.set_name(request.name());
    status.set_current_version(*current);
    for (const auto& [version, members] : store::CountAcceptances(tx, community)) {
      status.set_active_count(status.active_count() + members);
      if (version == *current) status.set_accepted_count(members);
      if (status.versions_size() == kMaxVersionsShown) continue;
      auto& to = *status.add_versions();
      to.set_version(version);
      to.set_member_count(members);
    }
    status.set_outstanding_count(status.active_count() - status.accepted_count());
    return status;
  });
}

void HouseRulesService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (HouseRulesService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("AcceptHouseRules", &HouseRulesService::AcceptHouseRules);
  bind("ListHouseRules", &HouseRulesService::ListHouseRules);
  bind("ListRulesAcceptances", &HouseRulesService::ListRulesAcceptances);
  bind("GetHouseRulesStatus", &HouseRulesService::GetHouseRulesStatus);
}

}  // namespace lanting::membership
