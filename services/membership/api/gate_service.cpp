#include "membership/api/gate_service.h"

#include "membership/api/cause.h"
#include "membership/api/convert.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/events/publish.h"
#include "membership/store/community_store.h"
#include "membership/store/gate_store.h"
#include "membership/store/join_store.h"
#include "membership/store/sql_gate.h"
#include "platform/idempotency/write.h"
#include "platform/resource/page.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = gate_store;
using idempotency::Work;

// What an empty list asks.
std::function<Result<void>(pg::Tx&)> CommunityMustExist(const std::string& parent) {
  return [&parent](pg::Tx& tx) -> Result<void> {
    if (!community_store::Exists(tx, names::Parse(parent).first)) return errors::CommunityNotFound(parent);
    return {};
  };
}

bool OfCommunity(const std::string& child, const Id& community) { return names::Parse(child).first == community; }

const resource::ListSpec& ApplicationList() {
  using paging::Type;
  static const resource::ListSpec spec{
      .select = sql::kListApplications,
      .id_column = "a.id",
      .filters = {{"state", "a.state", Type::kEnum, paging::EnumValues(pb::ApplicationState_descriptor())},
                  {.name = "gate", .column = "a.gate_id", .type = Type::kId, .resource = "communities/*/gates/*"},
                  {"display_name", "a.display_name", Type::kString}}};
  return spec;
}

}  // namespace

Result<pb::Gate> GateService::CreateGate(const rpc::Call& call, const pb::CreateGateRequest& request) {
  auto gate = convert::FromProto(request.gate());
  RETURN_IF_ERROR(CheckGate(gate));
  gate.id = Id::New(call.now);
  gate.community = names::Parse(request.parent()).first;
  gate.create_time = call.now;
  return idempotency::Write<pb::Gate>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Gate> {
    if (!community_store::Exists(tx, gate.community)) return errors::CommunityNotFound(request.parent());
    store::CreateGate(work, tx.tenant(), gate);
    work.Publish(events::GateCreated(gate, CauseOf(call)));
    return convert::ToProto(gate);
  });
}

Result<pb::Gate> GateService::GetGate(const rpc::Call& call, const pb::GetGateRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Gate> {
    auto name = names::Parse(request.name());
    auto gate = store::GetGate(tx, name.first, name.second);
    if (!gate) return errors::GateNotFound(request.name());
    return convert::ToProto(*gate);
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
                       [&](const pqxx::row& row) { *response.add_gates() = convert::ToProto(store::ReadGate(row)); },
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
    if (!targets->gate_kind || !OfCommunity(wanted.gate(), link.community)) return errors::GateNotFound(wanted.gate());
    if (!wanted.group().empty() && (!targets->group_exists || !OfCommunity(wanted.group(), link.community))) {
      return errors::GroupNotFound(wanted.group());
    }
    RETURN_IF_ERROR(CheckInviteLink(link, *targets->gate_kind, call.now));
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

Result<pb::Application> GateService::SubmitApplication(const rpc::Call& call,
                                                       const pb::SubmitApplicationRequest& request) {
  const auto& gate_name = request.application().gate();
  auto application = convert::FromProto(request.application());
  application.id = Id::New(call.now);
  application.community = names::Parse(request.parent()).first;
  application.create_time = call.now;
  return idempotency::Write<pb::Application>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Application> {
    auto view = store::GetView(tx, application);
    if (!view) return errors::CommunityNotFound(request.parent());
    if (!OfCommunity(gate_name, application.community)) return errors::GateNotFound(gate_name);
    RETURN_IF_ERROR(CheckSubmission(application, *view, gate_name));
    store::Submit(work, tx.tenant(), application);
    work.Publish(events::ApplicationSubmitted(application, CauseOf(call)));
    return convert::ToProto(application);
  });
}

Result<pb::Application> GateService::GetApplication(const rpc::Call& call, const pb::GetApplicationRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Application> {
    auto name = names::Parse(request.name());
    auto application = store::GetApplication(tx, name.first, name.second);
    if (!application) return errors::ApplicationNotFound(request.name());
    return convert::ToProto(*application);
  });
}

Result<pb::ListApplicationsResponse> GateService::ListApplications(const rpc::Call& call,
                                                                   const pb::ListApplicationsRequest& request) {
  pb::ListApplicationsResponse response;
  ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      resource::ReadPage(
          pool_, call, ApplicationList(),
          {.parent = names::Parse(request.parent()).first,
           .filter = request.filter(),
           .page_size = request.page_size(),
           .page_token = request.page_token()},
          [&](const pqxx::row& row) { *response.add_applications() = convert::ToProto(store::ReadApplication(row)); },
          CommunityMustExist(request.parent())));
  return response;
}

Result<pb::Application> GateService::ApproveApplication(const rpc::Call& call,
                                                        const pb::ApproveApplicationRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Application>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Application> {
    auto application = store::LockApplication(tx, name.first, name.second);
    if (!application) return errors::ApplicationNotFound(request.name());
    RETURN_IF_ERROR(CheckUndecided(*application));
    ASSIGN_OR_RETURN(auto joined, Join(tx, work, {call.now, call.traceparent},
                                       {{.community = application->community,
                                         .person = ToPerson(*application),
                                         .source = JoinSource::kApplication,
                                         .member_id = Id::New(call.now)}}));
    if (!joined[0].ok()) return std::move(joined[0]).error();
    application->member = joined[0]->id;
    Decide(*application, ApplicationState::kApproved, "", call.now);
    store::DecideNow(tx, *application);
    work.Publish(events::ApplicationApproved(*application, CauseOf(call)));
    return convert::ToProto(*application);
  });
}

Result<pb::Application> GateService::RejectApplication(const rpc::Call& call,
                                                       const pb::RejectApplicationRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Application>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Application> {
    auto application = store::LockApplication(tx, name.first, name.second);
    if (!application) return errors::ApplicationNotFound(request.name());
    RETURN_IF_ERROR(CheckUndecided(*application));
    Decide(*application, ApplicationState::kRejected, request.reason(), call.now);
    store::Decide(work, tx.tenant(), *application);
    work.Publish(events::ApplicationRejected(*application, CauseOf(call)));
    return convert::ToProto(*application);
  });
}

void GateService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (GateService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("CreateGate", &GateService::CreateGate);
  bind("GetGate", &GateService::GetGate);
  bind("ListGates", &GateService::ListGates);
  bind("CreateInviteLink", &GateService::CreateInviteLink);
  bind("GetInviteLink", &GateService::GetInviteLink);
  bind("ListInviteLinks", &GateService::ListInviteLinks);
  bind("SubmitApplication", &GateService::SubmitApplication);
  bind("GetApplication", &GateService::GetApplication);
  bind("ListApplications", &GateService::ListApplications);
  bind("ApproveApplication", &GateService::ApproveApplication);
  bind("RejectApplication", &GateService::RejectApplication);
}

}  // namespace lanting::membership
