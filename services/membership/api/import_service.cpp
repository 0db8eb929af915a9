#include "membership/api/import_service.h"

#include <charconv>

#include "membership/api/community_must_exist.h"
#include "membership/api/convert.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/domain/people_csv.h"
#include "membership/store/community_store.h"
#include "membership/store/import_store.h"
#include "membership/store/sql_import.h"
#include "platform/paging/page_token.h"
#include "platform/resource/page.h"
#include "platform/resource/times.h"

namespace lanting::membership {

namespace pb = lanting::membership::v1;

pb::MemberImport ToProto(const MemberImport& import) {
  pb::MemberImport out;
  out.set_name(names::MemberImport(import.community, import.id));
  out.set_state(static_cast<pb::ImportState>(import.state));
  out.set_bad_rows(static_cast<pb::BadRows>(import.bad_rows));
  out.set_validate_only(import.validate_only);
  out.set_row_count(import.row_count);
  out.set_processed_count(import.counts.processed);
  out.set_imported_count(import.counts.imported);
  out.set_waiting_count(import.counts.waiting);
  out.set_bad_row_count(import.counts.bad);
  out.set_error_reason(import.error_reason);
  out.set_error_message(import.error_message);
  *out.mutable_create_time() = resource::ToTimestamp(import.create_time);
  out.set_total_bytes(import.total_bytes);
  out.set_processed_bytes(import.processed_bytes);
  for (std::size_t i = 0; i < import.titles.size(); ++i) {
    auto* column = out.add_columns();
    column->set_title(import.titles[i]);
    column->set_field(import.fields[i]);
  }
  out.set_encoding(static_cast<pb::TextEncoding>(import.file.encoding));
  if (!import.upload.IsNil()) out.set_upload(names::MemberUpload(import.community, import.upload));
  if (import.finish_time) *out.mutable_finish_time() = resource::ToTimestamp(*import.finish_time);
  return out;
}

namespace {

Result<pb::MemberImport> Start(pg::Pool& pool, const rpc::Call& call, const pb::ImportMembersRequest& request) {
  const auto& csv = request.csv().data();
  const auto rules = RulesOf(request);
  RETURN_IF_ERROR(CheckMapping(rules.mapping));
  ASSIGN_OR_RETURN(const auto form, CheckFile(csv, rules, request.bad_rows() == pb::BAD_ROWS_SKIP));
  ASSIGN_OR_RETURN(auto import, MakeImport(call, names::Parse(request.parent()).first, request, form));
  import.total_bytes = static_cast<std::int64_t>(csv.size());
  return idempotency::Write<pb::MemberImport>(pool, call,
                                              [&](pg::Tx& tx, idempotency::Work& work) -> Result<pb::MemberImport> {
                                                if (!community_store::Exists(tx, import.community))
                                                  return errors::CommunityNotFound(request.parent());
                                                import_store::Insert(work, tx.tenant(), import, request.csv().data());
                                                return ToProto(import);
                                              });
}

Result<pb::ListMemberImportsResponse> List(pg::Pool& pool, const rpc::Call& call,
                                           const pb::ListMemberImportsRequest& request) {
  static const resource::ListSpec spec{.select = sql::kListImports, .id_column = "i.id"};
  const Id community = names::Parse(request.parent()).first;
  pb::ListMemberImportsResponse response;
  ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      resource::ReadPage(
          pool, call, spec, {.parent = community, .page_size = request.page_size(), .page_token = request.page_token()},
          [&](const pqxx::row& row) { *response.add_member_imports() = ToProto(import_store::Read(row)); },
          CommunityMustExist(request.parent())));
  return response;
}

// The place in the list of row errors, "17:user_id".
struct RowPlace {
  int row = 0;
  std::string column;
};

// Tokens are not signed: what is in them is the caller's text.
Result<RowPlace> PlaceOf(const std::optional<paging::Cursor>& cursor) {
  if (!cursor) return RowPlace{};
  const std::string text = cursor->last_value.value_or("");
  RowPlace place;
  const auto* const end = text.data() + text.size();
  const auto [colon, error] = std::from_chars(text.data(), end, place.row);
  if (error != std::errc() || colon == end || *colon != ':' || text.find('\0') != std::string::npos) {
    return lanting::errors::InvalidField("pageToken", "INVALID_PAGE_TOKEN", "not a page token of this list");
  }
  place.column.assign(colon + 1, end);
  return place;
}

}  // namespace

Result<pb::ListImportRowErrorsResponse> ListImportRowErrors(pg::Pool& pool, const rpc::Call& call,
                                                            const pb::ListImportRowErrorsRequest& request) {
  ASSIGN_OR_RETURN(int size, paging::PageSize(request.page_size()));
  const paging::ListKey key{call.tenant(), call.method, request.parent(), "", ""};
  ASSIGN_OR_RETURN(auto cursor, paging::DecodePageToken(key, request.page_token()));
  ASSIGN_OR_RETURN(const auto place, PlaceOf(cursor));
  const auto ids = names::Parse(request.parent());
  ASSIGN_OR_RETURN(auto found,
                   pg::ReadTenant(pool, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<std::vector<RowError>> {
                     if (!import_store::Get(tx, ids.first, ids.second)) {
                       return errors::MemberImportNotFound(request.parent());
                     }
                     return import_store::ListRowErrors(tx, ids.second, place.row, place.column, size + 1);
                   }));
  pb::ListImportRowErrorsResponse response;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (static_cast<int>(i) == size) {
      auto last = std::to_string(found[i - 1].row) + ":" + found[i - 1].column;
      response.set_next_page_token(paging::EncodePageToken(key, {last, ids.second}));
      break;
    }
    auto* out = response.add_row_errors();
    out->set_row(found[i].row);
    out->set_line(found[i].line);
    out->set_column(found[i].column);
    out->set_reason(found[i].reason);
    out->set_message(found[i].message);
  }
  return response;
}

void ImportService::Register(rpc::Service& members) {
  members.Unary<pb::ImportMembersRequest, pb::MemberImport>(
      "ImportMembers", [this](const rpc::Call& call, const pb::ImportMembersRequest& request) {
        auto started = Start(pool_, call, request);
        if (started.ok()) wake_();
        return started;
      });
  members.Unary<pb::GetMemberImportRequest, pb::MemberImport>(
      "GetMemberImport",
      [this](const rpc::Call& call, const pb::GetMemberImportRequest& request) -> Result<pb::MemberImport> {
        const auto ids = names::Parse(request.name());
        ASSIGN_OR_RETURN(auto import, pg::ReadTenant(pool_, call.tenant(), call.deadline,
                                                     [&](pg::Tx& tx) -> Result<std::optional<MemberImport>> {
                                                       return import_store::Get(tx, ids.first, ids.second);
                                                     }));
        if (!import) return errors::MemberImportNotFound(request.name());
        return ToProto(*import);
      });
  members.Unary<pb::ListMemberImportsRequest, pb::ListMemberImportsResponse>(
      "ListMemberImports", [this](const rpc::Call& call, const auto& request) { return List(pool_, call, request); });
  members.Unary<pb::ListImportRowErrorsRequest, pb::ListImportRowErrorsResponse>(
      "ListImportRowErrors",
      [this](const rpc::Call& call, const auto& request) { return ListImportRowErrors(pool_, call, request); });
}

}  // namespace lanting::membership
