// The import RPCs of MemberService.
#pragma once

#include <functional>

#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

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
