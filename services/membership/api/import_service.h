// The import RPCs of MemberService.
#pragma once

#include <functional>

#include "lanting/membership/v1/member_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

// The handler of the method of this name.
Result<v1::ListImportRowErrorsResponse> ListImportRowErrors(pg::Pool& pool, const rpc::Call& call,
                                                            const v1::ListImportRowErrorsRequest& request);

class ImportService {
 public:
  // `pool` must outlive this and every server it is registered with. `wake` is called when an import was accepted.
  ImportService(pg::Pool& pool, std::function<void()> wake) : pool_(pool), wake_(std::move(wake)) {}

  // lanting.membership.v1.MemberService: ImportMembers, GetMemberImport, ListMemberImports, ListImportRowErrors.
  void Register(rpc::Service& members);

 private:
  pg::Pool& pool_;
  std::function<void()> wake_;
};

}  // namespace lanting::membership
