// PersonService: duplicates, merges, a person's export and erasure.
#pragma once

#include "lanting/membership/v1/person_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class PersonService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit PersonService(pg::Pool& pool) : pool_(pool) {}

  Result<v1::FindDuplicatesResponse> FindDuplicates(const rpc::Call& call, const v1::FindDuplicatesRequest& request);
  Result<v1::ListDuplicatesResponse> ListDuplicates(const rpc::Call& call, const v1::ListDuplicatesRequest& request);
  Result<v1::DismissDuplicateResponse> DismissDuplicate(const rpc::Call& call,
                                                        const v1::DismissDuplicateRequest& request);
  Result<v1::Merge> MergeMembers(const rpc::Call& call, const v1::MergeMembersRequest& request);
  Result<v1::Merge> UndoMerge(const rpc::Call& call, const v1::UndoMergeRequest& request);
  Result<v1::Merge> GetMerge(const rpc::Call& call, const v1::GetMergeRequest& request);
  Result<v1::ListMergesResponse> ListMerges(const rpc::Call& call, const v1::ListMergesRequest& request);
  Result<v1::PersonExport> ExportPerson(const rpc::Call& call, const v1::ExportPersonRequest& request);
  Result<v1::Erasure> ErasePerson(const rpc::Call& call, const v1::ErasePersonRequest& request);
  Result<v1::Erasure> GetErasure(const rpc::Call& call, const v1::GetErasureRequest& request);
  Result<v1::ListErasuresResponse> ListErasures(const rpc::Call& call, const v1::ListErasuresRequest& request);

  // Every RPC of lanting.membership.v1.PersonService.
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
