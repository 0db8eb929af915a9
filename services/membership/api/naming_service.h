// NamingService: what members of a community are to be called, and who is not called so.
#pragma once

#include "lanting/membership/v1/naming_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class NamingService {
 public:
  // Must outlive the servers it is registered with, as must `pool`. A page of offenders looks at `max_scan` members at
  // most.
  explicit NamingService(pg::Pool& pool, int max_scan = 20'000) : pool_(pool), max_scan_(max_scan) {}

  Result<v1::NamingConvention> GetNamingConvention(const rpc::Call& call,
                                                   const v1::GetNamingConventionRequest& request);
  Result<v1::NamingConvention> UpdateNamingConvention(const rpc::Call& call,
                                                      const v1::UpdateNamingConventionRequest& request);
  Result<v1::PreviewNameResponse> PreviewName(const rpc::Call& call, const v1::PreviewNameRequest& request);
  Result<v1::ListNamingOffendersResponse> ListNamingOffenders(const rpc::Call& call,
                                                              const v1::ListNamingOffendersRequest& request);

  // Every RPC of lanting.membership.v1.NamingService.
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
  const int max_scan_;
};

}  // namespace lanting::membership
