#include "membership/api/export_service.h"

#include <algorithm>

#include "membership/api/export_columns.h"
#include "membership/api/list_members.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/domain/people_cells.h"
#include "membership/store/community_store.h"
#include "membership/store/import_store.h"

namespace lanting::membership {
namespace pb = lanting::membership::v1;
namespace {

constexpr int kPage = 1000;
constexpr std::chrono::seconds kPageTimeout{10};
constexpr const char* kByteOrderMark = "\xef\xbb\xbf";  // without it Excel reads UTF-8 as the code page of the system

// The deadline of one statement of a long call.
Deadline Soon(const rpc::Call& call) { return std::min(call.deadline, DeadlineIn(kPageTimeout)); }

class CsvFile {
 public:
  CsvFile(std::string file_name, const ExportService::Put& put) : file_name_(std::move(file_name)), put_(put) {}

  void Add(const std::vector<std::string>& row) { cells::AppendRow(row, text_); }
  Result<void> Send() {
    common::v1::RawBody piece;
    piece.set_content_type("text/csv; charset=utf-8");
    piece.set_file_name(file_name_);
    piece.set_data(std::move(text_));
    text_.clear();
    return put_(std::move(piece));
  }

 private:
  const std::string file_name_;
  const ExportService::Put& put_;
  std::string text_ = kByteOrderMark;
};

std::string LastSegment(const std::string& name) { return name.substr(name.rfind('/') + 1); }

std::vector<std::string> ErrorTitles(const std::string& locale) {
  if (locale.starts_with("zh")) return {"行号", "文件中的行", "列", "原因", "说明"};
  return {"row", "line", "column", "reason", "message"};
}

}  // namespace

Result<void> ExportService::Members(const rpc::Call& call, const pb::ExportMembersRequest& request, const Put& put) {
  const auto community = names::Parse(request.parent()).first;
  pb::ListMembersRequest list;
  list.set_parent(request.parent());
  list.set_filter(request.filter());
  list.set_page_size(kPage);
  auto page_call = call;
  page_call.deadline = Soon(call);
  ASSIGN_OR_RETURN(const auto columns,
                   pg::ReadTenant(pool_, call.tenant(), Soon(call), [&](pg::Tx& tx) -> Result<ExportColumns> {
                     if (!community_store::Exists(tx, community)) return errors::CommunityNotFound(request.parent());
                     return ExportColumns::Of(tx, community, call.principal.Has("members.staff"));
                   }));
  CsvFile file("members-" + LastSegment(request.parent()) + ".csv", put);
  file.Add(columns.Titles());
  do {
    page_call.deadline = Soon(call);
    ASSIGN_OR_RETURN(const auto page, ListMembers(pool_, page_call, list));
    for (const auto& member : page.members()) {
      ASSIGN_OR_RETURN(const auto row, columns.Row(member));
      file.Add(row);
    }
    RETURN_IF_ERROR(file.Send());
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  return {};
}

Result<void> ExportService::RowErrors(const rpc::Call& call, const pb::ExportImportRowErrorsRequest& request,
                                      const Put& put) {
  const auto ids = names::Parse(request.name());
  CsvFile file("import-errors-" + LastSegment(request.name()) + ".csv", put);
  RowError last;
  std::string locale;
  for (bool first = true;; first = false) {
    ASSIGN_OR_RETURN(const auto found,
                     pg::ReadTenant(pool_, call.tenant(), Soon(call), [&](pg::Tx& tx) -> Result<std::vector<RowError>> {
                       if (!import_store::Get(tx, ids.first, ids.second))
                         return errors::MemberImportNotFound(request.name());
                       if (first) locale = community_store::Get(tx, ids.first)->locale;
                       return import_store::ListRowErrors(tx, ids.second, last.row, last.column, kPage);
                     }));
    if (first) file.Add(ErrorTitles(locale));
    for (const auto& e : found) {
      file.Add({std::to_string(e.row), std::to_string(e.line), e.column, e.reason, cells::Protect(e.message)});
    }
    if (first || !found.empty()) RETURN_IF_ERROR(file.Send());
    if (found.size() < static_cast<std::size_t>(kPage)) return {};
    last = found.back();
  }
}

void ExportService::Register(rpc::Service& members) {
  const auto into = [](rpc::Writer<common::v1::RawBody>& writer) {
    return [&writer](const common::v1::RawBody& piece) { return writer.Write(piece); };
  };
  members.Stream<pb::ExportMembersRequest, common::v1::RawBody>(
      "ExportMembers", [this, into](const rpc::Call& call, const auto& request, auto& writer) {
        return Members(call, request, into(writer));
      });
  members.Stream<pb::ExportImportRowErrorsRequest, common::v1::RawBody>(
      "ExportImportRowErrors", [this, into](const rpc::Call& call, const auto& request, auto& writer) {
        return RowErrors(call, request, into(writer));
      });
}

}  // namespace lanting::membership
