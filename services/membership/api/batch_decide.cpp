// GateService.BatchDecideApplications: many decisions in one transaction.
#include <algorithm>
#include <map>
#include <set>

#include "membership/api/cause.h"
#include "membership/api/convert.h"
#include "membership/api/gate_service.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/events/publish.h"
#include "membership/store/application_store.h"
#include "membership/store/join_store.h"
#include "platform/idempotency/write.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = application_store;
using idempotency::Work;
using store::Pending;

Result<void> CheckDecisions(const pb::BatchDecideApplicationsRequest& request) {
  std::vector<FieldViolation> violations;
  std::set<std::string_view> seen;
  for (int i = 0; i < request.decisions_size(); ++i) {
    const auto& one = request.decisions(i);
    const auto at = "decisions[" + std::to_string(i) + "].";
    if (!seen.insert(one.name()).second)
      violations.push_back({at + "name", "DUPLICATE_VALUE", "An application is decided once."});
    const bool reject = one.decision() == pb::DECISION_REJECT;
    if (reject && one.reason().empty())
      violations.push_back({at + "reason", "REQUIRED", "Who is rejected is told why."});
    if (!reject && !one.reason().empty())
      violations.push_back({at + "reason", "CONFLICTING_VALUES", "is for rejections only."});
  }
  if (!violations.empty()) return lanting::errors::InvalidFields(std::move(violations));
  return {};
}

// One decision and what becomes of it.
struct Item {
  const pb::ApplicationDecision* decision;
  Pending pending;
  std::optional<Error> error;

  bool approves() const { return decision->decision() == pb::DECISION_APPROVE; }
};

// The applications, locked, in the order of the request.
Result<std::vector<Item>> LockAll(pg::Tx& tx, const Id& community, const pb::BatchDecideApplicationsRequest& request) {
  std::vector<Id> ids;
  for (const auto& one : request.decisions()) ids.push_back(names::Parse(one.name()).second);
  std::map<Id, Pending> locked;
  for (auto& pending : store::Lock(tx, community, ids)) {
    const auto id = pending.application.id;
    locked.emplace(id, std::move(pending));
  }
  std::vector<Item> items;
  for (const auto& one : request.decisions()) {
    const auto name = names::Parse(one.name());
    auto found = locked.find(name.second);
    if (found == locked.end() || name.first != community) return errors::ApplicationNotFound(one.name());
    items.push_back({&one, std::move(found->second), std::nullopt});
  }
  return items;
}

// Lets the approved in together: one effect. An item that is refused has none.
Result<void> JoinApproved(pg::Tx& tx, Work& work, const rpc::Call& call, std::vector<Item>& items) {
  std::vector<JoinItem> joins;
  std::vector<Item*> approved;
  for (auto& item : items) {
    if (item.error || !item.approves()) continue;
    const auto& application = item.pending.application;
    joins.push_back({.community = application.community,
                     .person = ToPerson(application),
                     .source = JoinSource::kApplication,
                     .group = item.pending.group,
                     .member_id = Id::New(call.now)});
    approved.push_back(&item);
  }
  if (joins.empty()) return {};
  ASSIGN_OR_RETURN(auto joined, Join(tx, work, CauseOf(call), joins));
  for (std::size_t i = 0; i < joined.size(); ++i) {
    if (joined[i].ok()) {
      approved[i]->pending.application.member = joined[i]->id;
    } else {
      approved[i]->error = std::move(joined[i]).error();
    }
  }
  return {};
}

void Write(pg::Tx& tx, Work& work, const rpc::Call& call, Item& item) {
  auto& application = item.pending.application;
  if (item.approves()) {
    Decide(application, ApplicationState::kApproved, "", call.now);
    work.Publish(events::ApplicationApproved(application, CauseOf(call)));
  } else {
    Decide(application, ApplicationState::kRejected, item.decision->reason(), call.now);
    work.Publish(events::ApplicationRejected(application, CauseOf(call)));
  }
  store::DecideNow(tx, application);
}

pb::ApplicationDecisionResult ToResult(const Item& item) {
  pb::ApplicationDecisionResult result;
  if (item.error) {
    result.set_error_reason(item.error->reason);
    result.set_error_message(item.error->message);
  } else {
    *result.mutable_application() = convert::ToProto(item.pending.application);
  }
  return result;
}

}  // namespace

Result<pb::BatchDecideApplicationsResponse> GateService::BatchDecideApplications(
    const rpc::Call& call, const pb::BatchDecideApplicationsRequest& request) {
  RETURN_IF_ERROR(CheckDecisions(request));
  const auto community = names::Parse(request.parent()).first;
  using Reply = pb::BatchDecideApplicationsResponse;
  return idempotency::Write<Reply>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<Reply> {
    if (!LockCommunity(tx, community)) return errors::CommunityNotFound(request.parent());
    ASSIGN_OR_RETURN(auto items, LockAll(tx, community, request));
    for (auto& item : items) {
      auto& application = item.pending.application;
      auto allowed = item.approves() ? CheckApproval(application, item.pending.gate) : CheckUndecided(application);
      if (!allowed.ok()) {
        item.error = std::move(allowed).error();
      } else if (item.decision->has_values_fit()) {
        application.values_fit = item.decision->values_fit();
      }
    }
    RETURN_IF_ERROR(JoinApproved(tx, work, call, items));
    Reply reply;
    for (auto& item : items) {
      if (!item.error) Write(tx, work, call, item);
      *reply.add_results() = ToResult(item);
    }
    return reply;
  });
}

}  // namespace lanting::membership
