// GateService: gates, invite links, applications and offers. Joining by a link is a join like any other: MemberService
// does it. Its handlers stand in three files: gate_service (gates, links), application_service, offer_service.
#pragma once

#include "lanting/membership/v1/gate_service.pb.h"
#include "membership/domain/gate.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class GateService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit GateService(pg::Pool& pool) : pool_(pool) {}

  Result<v1::Gate> CreateGate(const rpc::Call& call, const v1::CreateGateRequest& request);
  Result<v1::Gate> GetGate(const rpc::Call& call, const v1::GetGateRequest& request);
  Result<v1::ListGatesResponse> ListGates(const rpc::Call& call, const v1::ListGatesRequest& request);
  Result<v1::Gate> UpdateGate(const rpc::Call& call, const v1::UpdateGateRequest& request);
  Result<v1::Gate> CloseGate(const rpc::Call& call, const v1::CloseGateRequest& request);
  Result<v1::Gate> ReopenGate(const rpc::Call& call, const v1::ReopenGateRequest& request);
  Result<v1::InviteLink> CreateInviteLink(const rpc::Call& call, const v1::CreateInviteLinkRequest& request);
  Result<v1::InviteLink> GetInviteLink(const rpc::Call& call, const v1::GetInviteLinkRequest& request);
  Result<v1::ListInviteLinksResponse> ListInviteLinks(const rpc::Call& call, const v1::ListInviteLinksRequest& request);
  Result<v1::InviteLink> RevokeInviteLink(const rpc::Call& call, const v1::RevokeInviteLinkRequest& request);
  Result<v1::Application> SubmitApplication(const rpc::Call& call, const v1::SubmitApplicationRequest& request);
  Result<v1::Application> GetApplication(const rpc::Call& call, const v1::GetApplicationRequest& request);
  Result<v1::ListApplicationsResponse> ListApplications(const rpc::Call& call,
                                                        const v1::ListApplicationsRequest& request);
  Result<v1::Application> ApproveApplication(const rpc::Call& call, const v1::ApproveApplicationRequest& request);
  Result<v1::Application> RejectApplication(const rpc::Call& call, const v1::RejectApplicationRequest& request);
  Result<v1::Application> ConfirmContact(const rpc::Call& call, const v1::ConfirmContactRequest& request);
  Result<v1::Application> WithdrawApplication(const rpc::Call& call, const v1::WithdrawApplicationRequest& request);
  Result<v1::BatchDecideApplicationsResponse> BatchDecideApplications(
      const rpc::Call& call, const v1::BatchDecideApplicationsRequest& request);
  Result<v1::Member> AcceptOffer(const rpc::Call& call, const v1::AcceptOfferRequest& request);
  Result<v1::Member> DeclineOffer(const rpc::Call& call, const v1::DeclineOfferRequest& request);

  // Every RPC of lanting.membership.v1.GateService but JoinByInviteLink (MemberService::RegisterJoin).
  void Register(rpc::Service& service);

 private:
  Result<v1::Gate> SetState(const rpc::Call& call, const std::string& name, GateState state);

  pg::Pool& pool_;
};

}  // namespace lanting::membership
