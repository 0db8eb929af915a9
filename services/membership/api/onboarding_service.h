// OnboardingService: the steps of a community, and where its members stand with them.
#pragma once

#include "lanting/membership/v1/onboarding_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class OnboardingService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit OnboardingService(pg::Pool& pool) : pool_(pool) {}

  Result<v1::Onboarding> GetOnboarding(const rpc::Call& call, const v1::GetOnboardingRequest& request);
  Result<v1::Onboarding> UpdateOnboarding(const rpc::Call& call, const v1::UpdateOnboardingRequest& request);
  Result<v1::MemberOnboarding> GetMemberOnboarding(const rpc::Call& call,
                                                   const v1::GetMemberOnboardingRequest& request);
  Result<v1::MemberOnboarding> CompleteOnboardingStep(const rpc::Call& call,
                                                      const v1::CompleteOnboardingStepRequest& request);
  Result<v1::MemberOnboarding> ReopenOnboardingStep(const rpc::Call& call,
                                                    const v1::ReopenOnboardingStepRequest& request);
  Result<v1::ListOverdueOnboardingsResponse> ListOverdueOnboardings(const rpc::Call& call,
                                                                    const v1::ListOverdueOnboardingsRequest& request);

  // Every RPC of lanting.membership.v1.OnboardingService.
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
