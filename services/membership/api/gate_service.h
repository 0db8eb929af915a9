// GateService: gates, invite links and applications. Joining by a link is a join like any other: MemberService does it.
#pragma once

#include "lanting/membership/v1/gate_service.pb.h"
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
  Result<v1::InviteLink> CreateInviteLink(const rpc::Call& call, const v1::CreateInviteLinkRequest& request);
  Result<v1::InviteLink> GetInviteLink(const rpc::Call& call, const v1::GetInviteLinkRequest& request);
  Result<v1::ListInviteLinksResponse> ListInviteLinks(const rpc::Call& call, const v1::ListInviteLinksRequest& request);
  Result<v1::Application> SubmitApplication(const rpc::Call& call, const v1::SubmitApplicationRequest& request);
  Result<v1::Application> GetApplication(const rpc::Call& call, const v1::GetApplicationRequest& request);
  Result<v1::ListApplicationsResponse> ListApplications(const rpc::Call& call,
                                                        const v1::ListApplicationsRequest& request);
  Result<v1::Application> ApproveApplication(const rpc::Call& call, const v1::ApproveApplicationRequest& request);
  Result<v1::Application> RejectApplication(const rpc::Call& call, const v1::RejectApplicationRequest& request);

  // Every RPC of lanting.membership.v1.GateService but JoinByInviteLink (MemberService::RegisterJoin).
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
