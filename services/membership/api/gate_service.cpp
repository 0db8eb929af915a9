#include "membership/api/gate_service.h"

#include "membership/api/cause.h"
#include "membership/api/community_must_exist.h"
#include "membership/api/convert.h"
#include "membership/domain/errors.h"
#include "membership/domain/gate_errors.h"
#include "membership/domain/names.h"
#include "membership/events/publish.h"
#include "membership/events/publish_gate.h"
#include "membership/store/community_store.h"
#include "membership/store/gate_store.h"
#include "membership/store/sql_gate.h"
#include "platform/idempotency/write.h"
#include "platform/resource/etag.h"
#include "platform/resource/page.h"
#include "platform/resource/update_mask.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = gate_store;
using idempotency::Work;

bool OfCommunity(const std::string& child, const Id& community) { return names::Parse(child).first == community; }

// What a gate names must be there, under the names that the caller gave.
Result<void> CheckTargets(pg::Tx& tx, const Gate& gate, const pb::Gate& named) {
  if (gate.group.IsNil() && !gate.prerequisite) return {};
  const auto there = store::GetGateTargets(tx, gate);
  if (!gate.group.IsNil() && (!there.own_group || !OfCommunity(named.group(), gate.community)))
    return errors::GroupNotFound(named.group());
  if (!gate.prerequisite) return {};
  const auto& condition = named.prerequisite();
  if (!there.other_community) return errors::CommunityNotFound(condition.community());
  if (!condition.group().empty() &&
      (!there.other_group || !OfCommunity(condition.group(), gate.prerequisite->community))) {
    return errors::GroupNotFound(condition.group());
  }
  return {};
}

// Right answers and keywords are for those who may write them.
pb::Gate Shown(const rpc::Call& call, const Gate& gate) {
  auto shown = convert::ToProto(gate);
  if (call.principal.Has("gates.write")) return shown;
  shown.clear_keyword();
  for (auto& question : *shown.mutable_questions()) question.clear_accepted_answers();
  return shown;
}

}  // namespace

Result<pb::Gate> GateService::CreateGate(const rpc::Call& call, const pb::CreateGateRequest& request) {
  Gate gate;
  convert::FromProto(request.gate(), &gate);
  gate.id = Id::New(call.now);
  gate.community = names::Parse(request.parent()).first;
  gate.create_time = gate.update_time = call.now;
  FillDefaults(gate);
  RETURN_IF_ERROR(CheckGate(gate));
  return idempotency::Write<pb::Gate>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Gate> {
    if (!community_store::Exists(tx, gate.community)) return errors::CommunityNotFound(request.parent());
    RETURN_IF_ERROR(CheckTargets(tx, gate, request.gate()));
    store::CreateGate(work, tx.tenant(), gate);
    work.Publish(events::GateCreated(gate, CauseOf(call)));
    return convert::ToProto(gate);
  });
}

Result<pb::Gate> GateService::UpdateGate(const rpc::Call& call, const pb::UpdateGateRequest& request) {
  const auto& patch = request.gate();
  const auto name = names::Parse(patch.name());
  return idempotency::Write<pb::Gate>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Gate> {
    auto gate = store::LockGate(tx, name.first, name.second);
    if (!gate) return errors::GateNotFound(patch.name());
    RETURN_IF_ERROR(resource::CheckEtag(patch.etag(), gate->version));
    const auto before = convert::ToProto(*gate);
    auto wanted = before;
    RETURN_IF_ERROR(resource::ApplyUpdate(request.update_mask(), patch, "gate", &wanted));
    convert::FromProto(wanted, &*gate);
    FillDefaults(*gate);
    RETURN_IF_ERROR(CheckGate(*gate));
    RETURN_IF_ERROR(CheckTargets(tx, *gate, wanted));
    if (convert::ToProto(*gate).SerializeAsString() == before.SerializeAsString()) return before;
    ++gate->version;
    gate->update_time = call.now;
    store::UpdateGate(work, tx.tenant(), *gate);
    work.Publish(events::GateUpdated(*gate, CauseOf(call)));
    return convert::ToProto(*gate);
  });
}

Result<pb::Gate> GateService::CloseGate(const rpc::Call& call, const pb::CloseGateRequest& request) {
  return SetState(call, request.name(), GateState::kClosed);
}

Result<pb::Gate> GateService::ReopenGate(const rpc::Call& call, const pb::ReopenGateRequest& request) {
  return SetState(call, request.name(), GateState::kOpen);
}

// Under the lock of the community: two who close the last two gates come one after the other, and so do closing and
// joining.
Result<pb::Gate> GateService::SetState(const rpc::Call& call, const std::string& name, GateState state) {
  const auto parts = names::Parse(name);
  return idempotency::Write<pb::Gate>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Gate> {
    auto gate = store::LockGate(tx, parts.first, parts.second);
    if (!gate) return errors::GateNotFound(name);
    if (gate->state == state) return convert::ToProto(*gate);
    const bool close = state == GateState::kClosed;
    if (close) RETURN_IF_ERROR(CheckClose(*gate, store::CountOpenGates(tx, parts.first)));
    gate->state = state;
    gate->update_time = call.now;
    ++gate->version;
    store::UpdateGate(work, tx.tenant(), *gate);
    work.Publish(close ? events::GateClosed(*gate, CauseOf(call)) : events::GateReopened(*gate, CauseOf(call)));
    return convert::ToProto(*gate);
  });
}

Result<pb::Gate> GateService::GetGate(const rpc::Call& call, const pb::GetGateRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Gate> {
    auto name = names::Parse(request.name());
    auto gate = store::GetGate(tx, name.first, name.second);
    if (!gate) return errors::GateNotFound(request.name());
    return Shown(call, *gate);
  });
}

Result<pb::ListGatesResponse> GateService::ListGates(const rpc::Call& call, const pb::ListGatesRequest& request) {
  static const resource::ListSpec spec{.select = sql::kListGates, .id_column = "g.id"};
  pb::ListGatesResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   resource::ReadPage(
                       pool_, call, spec,
                       {.parent = names::Parse(request.parent()).first,
                        .page_size = request.page_size(),
                        .page_token = request.page_token()},
                       [&](const pqxx::row& row) { *response.add_gates() = Shown(call, store::ReadGate(row)); },
                       CommunityMustExist(request.parent())));
  return response;
}

Result<pb::InviteLink> GateService::CreateInviteLink(const rpc::Call& call,
                                                     const pb::CreateInviteLinkRequest& request) {
  const auto& wanted = request.invite_link();
  auto link = convert::FromProto(wanted);
  link.community = names::Parse(request.parent()).first;
  link.id = Id::New(call.now);
  link.code = NewInviteCode();
  link.create_time = call.now;
  return idempotency::Write<pb::InviteLink>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::InviteLink> {
    auto targets = store::GetLinkTargets(tx, link);
    if (!targets) return errors::CommunityNotFound(request.parent());
    if (!targets->gate || !OfCommunity(wanted.gate(), link.community)) return errors::GateNotFound(wanted.gate());
    if (!wanted.group().empty() && (!targets->group_exists || !OfCommunity(wanted.group(), link.community))) {
      return errors::GroupNotFound(wanted.group());
    }
    RETURN_IF_ERROR(CheckInviteLink(link, *targets->gate, call.now));
    if (!link.referrer.IsNil()) {
      if (!targets->referrer || !OfCommunity(wanted.referrer(), link.community))
        return errors::MemberNotFound(wanted.referrer());
      if (*targets->referrer != MemberState::kActive) return errors::ReferrerGone();
    }
    store::CreateInviteLink(work, tx.tenant(), link);
    work.Publish(events::InviteLinkCreated(link, CauseOf(call)));
    return convert::ToProto(link);
  });
}

Result<pb::InviteLink> GateService::GetInviteLink(const rpc::Call& call, const pb::GetInviteLinkRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::InviteLink> {
    auto name = names::Parse(request.name());
    auto link = store::GetInviteLink(tx, name.first, name.second);
    if (!link) return errors::InviteLinkNotFound(request.name());
    return convert::ToProto(*link);
  });
}

Result<pb::ListInviteLinksResponse> GateService::ListInviteLinks(const rpc::Call& call,
                                                                 const pb::ListInviteLinksRequest& request) {
  static const resource::ListSpec spec{.select = sql::kListInviteLinks, .id_column = "l.id"};
  pb::ListInviteLinksResponse response;
  ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      resource::ReadPage(
          pool_, call, spec,
          {.parent = names::Parse(request.parent()).first,
           .page_size = request.page_size(),
           .page_token = request.page_token()},
          [&](const pqxx::row& row) { *response.add_invite_links() = convert::ToProto(store::ReadInviteLink(row)); },
          CommunityMustExist(request.parent())));
  return response;
}

Result<pb::InviteLink> GateService::RevokeInviteLink(const rpc::Call& call,
                                                     const pb::RevokeInviteLinkRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::InviteLink>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::InviteLink> {
    auto link = store::LockInviteLink(tx, name.first, name.second);
    if (!link) return errors::InviteLinkNotFound(request.name());
    if (link->revoke_time) return convert::ToProto(*link);
    link->revoke_time = call.now;
    store::RevokeInviteLink(work, tx.tenant(), *link);
    work.Publish(events::InviteLinkRevoked(*link, CauseOf(call)));
    return convert::ToProto(*link);
  });
}

void GateService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (GateService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("CreateGate", &GateService::CreateGate);
  bind("UpdateGate", &GateService::UpdateGate);
  bind("CloseGate", &GateService::CloseGate);
  bind("ReopenGate", &GateService::ReopenGate);
  bind("GetGate", &GateService::GetGate);
  bind("ListGates", &GateService::ListGates);
  bind("CreateInviteLink", &GateService::CreateInviteLink);
  bind("GetInviteLink", &GateService::GetInviteLink);
  bind("ListInviteLinks", &GateService::ListInviteLinks);
  bind("RevokeInviteLink", &GateService::RevokeInviteLink);
  bind("SubmitApplication", &GateService::SubmitApplication);
  bind("GetApplication", &GateService::GetApplication);
  bind("ListApplications", &GateService::ListApplications);
  bind("ApproveApplication", &GateService::ApproveApplication);
  bind("RejectApplication", &GateService::RejectApplication);
  bind("ConfirmContact", &GateService::ConfirmContact);
  bind("WithdrawApplication", &GateService::WithdrawApplication);
  bind("BatchDecideApplications", &GateService::BatchDecideApplications);
  bind("AcceptOffer", &GateService::AcceptOffer);
  bind("DeclineOffer", &GateService::DeclineOffer);
}

}  // namespace lanting::membership
