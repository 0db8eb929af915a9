// The RPCs of MemberService that write files.
#pragma once

#include <functional>

#include "lanting/common/v1/raw_body.pb.h"
#include "lanting/membership/v1/member_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class ExportService {
 public:
  // Takes the next piece of a file; an error ends it.
  using Put = std::function<Result<void>(common::v1::RawBody)>;

  // `pool` must outlive this and every server it is registered with.
  explicit ExportService(pg::Pool& pool) : pool_(pool) {}

  // lanting.membership.v1.MemberService: ExportMembers, ExportImportRowErrors.
  void Register(rpc::Service& members);

  Result<void> Members(const rpc::Call& call, const v1::ExportMembersRequest& request, const Put& put);
  Result<void> RowErrors(const rpc::Call& call, const v1::ExportImportRowErrorsRequest& request, const Put& put);

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
