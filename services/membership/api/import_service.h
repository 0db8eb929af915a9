// The import RPCs of MemberService.
#pragma once

#include <functional>

#include "lanting/membership/v1/member_service.pb.h"
#include "membership/store/import_store.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

// The handler of the method of this name.
Result<v1::ListImportRowErrorsResponse> ListImportRowErrors(pg::Pool& pool, const rpc::Call& call,
                                                            const v1::ListImportRowErrorsRequest& request);

// As a caller sees it.
v1::MemberImport ToProto(const MemberImport& import);

// What a request says about its file.
template <typename Request>
FileRules RulesOf(const Request& request) {
  return {.encoding = static_cast<Encoding>(request.encoding()),
          .mapping = {request.mapping().begin(), request.mapping().end()},
          .channel = request.channel(),
          .ignore_unknown_columns = request.ignore_unknown_columns()};
}
// A new import by such a request, of a file of this form. SCOPE_MISSING if it has columns for staff, whom the caller is
// not one of.
template <typename Request>
Result<MemberImport> MakeImport(const rpc::Call& call, const Id& community, const Request& request,
                                const FileForm& form) {
  if (form.header.of_staff() && !call.principal.Has("members.staff")) {
    return ::lanting::errors::ScopeMissing("members.staff");
  }
  MemberImport import{.id = Id::New(call.now), .community = community};
  import.bad_rows = request.bad_rows() == v1::BAD_ROWS_SKIP ? BadRows::kSkip : BadRows::kRefuse;
  import.validate_only = request.validate_only();
  import.row_count = form.rows;
  import.create_time = call.now;
  import.traceparent = call.traceparent;
  import.file = RulesOf(request);
  import.file.encoding = form.encoding;
  for (const auto& column : form.header.columns) {
    import.titles.push_back(Shown(column.title, 100));
    import.fields.push_back(column.field);
  }
  return import;
}

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
