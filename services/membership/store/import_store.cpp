#include "membership/store/import_store.h"

#include "lanting/membership/v1/events.pb.h"
#include "membership/domain/names.h"
#include "membership/store/sql_import.h"

namespace lanting::membership::import_store {
namespace {

std::int32_t Number(auto e) { return static_cast<std::int32_t>(e); }

}  // namespace

MemberImport Read(const pqxx::row& r) {
  MemberImport i;
  i.id = pg::GetId(r["id"]);
  i.community = pg::GetId(r["community_id"]);
  i.state = static_cast<ImportState>(pg::GetInt(r["state"]));
  i.bad_rows = static_cast<BadRows>(pg::GetInt(r["bad_rows"]));
  i.validate_only = pg::GetBool(r["validate_only"]);
  i.row_count = pg::GetInt32(r["row_count"]);
  i.counts = {pg::GetInt32(r["processed_count"]), pg::GetInt32(r["imported_count"]), pg::GetInt32(r["waiting_count"]),
              pg::GetInt32(r["bad_row_count"])};
  i.error_reason = pg::GetString(r["error_reason"]);
  i.error_message = pg::GetString(r["error_message"]);
  i.create_time = pg::GetTime(r["create_time"]);
  i.finish_time = pg::GetOptionalTime(r["finish_time"]);
  i.version = pg::GetInt(r["version"]);
  i.traceparent = pg::GetString(r["traceparent"]);
  i.file = {.encoding = static_cast<Encoding>(pg::GetInt(r["encoding"])),
            .mapping = pg::GetStringArray(r["mapping"]),
            .channel = pg::GetInt32(r["channel"]),
            .ignore_unknown_columns = pg::GetBool(r["ignore_unknown_columns"])};
  i.titles = pg::GetStringArray(r["titles"]);
  i.fields = pg::GetStringArray(r["fields"]);
  i.upload = pg::GetOptionalId(r["upload_id"]).value_or(Id());
  i.total_bytes = pg::GetInt(r["total_bytes"]);
  i.processed_bytes = pg::GetInt(r["processed_bytes"]);
  return i;
}

void Insert(idempotency::Work& work, const Id& tenant, const MemberImport& import, std::string_view csv) {
  std::optional<pg::Bytes> file;
  if (import.upload.IsNil()) file = pg::Bytes{csv};
  work.Do(sql::kInsertImport, tenant, import.id, import.community, Number(import.bad_rows), import.validate_only, file,
          import.traceparent, import.row_count, import.create_time, Number(import.file.encoding), import.file.mapping,
          import.file.channel, import.file.ignore_unknown_columns, import.titles, import.fields, import.upload,
          import.total_bytes);
}

std::optional<MemberImport> Get(pg::Tx& tx, const Id& community, const Id& import) {
  auto rows = tx.Run(sql::kGetImport, tx.tenant(), community, import);
  if (rows.empty()) return std::nullopt;
  return Read(rows[0]);
}

std::vector<RowError> ListRowErrors(pg::Tx& tx, const Id& import, int after_row, const std::string& after_column,
                                    int limit) {
  std::vector<RowError> out;
  for (const auto& r : tx.Run(sql::kListRowErrors, tx.tenant(), import, after_row, after_column, limit)) {
    out.push_back({pg::GetInt32(r["row_number"]), pg::GetInt32(r["line"]), pg::GetString(r["column_name"]),
                   pg::GetString(r["reason"]), pg::GetString(r["message"])});
  }
  return out;
}

std::vector<Reference> Running(pg::Tx& tx, int limit, std::optional<bool> of_uploads) {
  std::vector<Reference> out;
  for (const auto& r : tx.Run(sql::kRunningImports, limit, of_uploads)) {
    out.push_back({pg::GetId(r["tenant_id"]), pg::GetId(r["id"])});
  }
  return out;
}

std::optional<MemberImport> Load(pg::Tx& tx, const Id& import) {
  auto rows = tx.Run(sql::kLoadImport, tx.tenant(), import);
  if (rows.empty()) return std::nullopt;
  return Read(rows[0]);
}

std::optional<int> TryLock(pg::Tx& tx, const Id& import) {
  if (!pg::GetBool(tx.Run(sql::kTryLockImport, import)[0]["locked"])) return std::nullopt;
  auto rows = tx.Run(sql::kGetProcessedRows, tx.tenant(), import);
  if (rows.empty()) return std::nullopt;
  return pg::GetInt32(rows[0]["processed_count"]);
}

std::string File(pg::Tx& tx, const Id& import) {
  auto rows = tx.Run(sql::kGetImportFile, tx.tenant(), import);
  return rows.empty() ? std::string() : pg::GetBytes(rows[0]["csv"]);
}

void AddRowErrors(pg::Tx& tx, const Id& import, const std::vector<RowError>& row_errors) {
  if (row_errors.empty()) return;
  std::vector<std::int32_t> rows, lines;
  std::vector<std::string> columns, reasons, messages;
  for (const auto& e : row_errors) {
    rows.push_back(e.row);
    lines.push_back(e.line);
    columns.push_back(e.column);
    reasons.push_back(e.reason);
    messages.push_back(e.message);
  }
  tx.Run(sql::kInsertRowErrors, tx.tenant(), import, rows, lines, columns, reasons, messages);
}

void Advance(pg::Tx& tx, const Id& import, const ImportCounts& chunk, int processed, std::int64_t bytes) {
  tx.Run(sql::kAdvanceImport, tx.tenant(), import, processed, chunk.imported, chunk.waiting, chunk.bad, bytes);
}

void ShowProgress(pg::Tx& tx, const Id& import, int processed, std::int64_t bytes) {
  tx.Run(sql::kShowProgress, tx.tenant(), import, processed, bytes);
}

void Finish(idempotency::Work& work, const Id& tenant, const MemberImport& finished) {
  work.Do(sql::kFinishImport, tenant, finished.id, Number(finished.state), finished.counts.imported,
          finished.counts.waiting, finished.counts.bad, finished.error_reason, finished.error_message,
          finished.finish_time, finished.row_count);
  v1::MemberImportFinished fact;
  auto name = names::MemberImport(finished.community, finished.id);
  fact.set_member_import(name);
  fact.set_imported_count(finished.counts.imported);
  fact.set_bad_row_count(finished.counts.bad);
  work.Publish(outbox::MakeEvent(fact, name, finished.version + 1, *finished.finish_time, finished.traceparent));
}

}  // namespace lanting::membership::import_store
