// Statements of imports.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

#define IMPORT_COLUMNS                                                                                              \
  "id, community_id, state, bad_rows, validate_only, row_count, processed_count, imported_count, waiting_count, "   \
  "bad_row_count, error_reason, error_message, create_time, finish_time, version, traceparent, encoding, mapping, " \
  "channel, ignore_unknown_columns, titles, fields, upload_id, total_bytes, processed_bytes"

inline constexpr idempotency::Effect kInsertImport{
    "insert_import",
    "i AS (INSERT INTO member_import (tenant_id, id, community_id, state, bad_rows, validate_only, csv, traceparent, "
    "row_count, version, create_time, encoding, mapping, channel, ignore_unknown_columns, titles, fields, upload_id, "
    "total_bytes) VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, 1, $9, $10, $11, $12, $13, $14, $15, $16, $17))",
    17};

inline constexpr pg::Statement kGetImport{"get_import",
                                          "SELECT " IMPORT_COLUMNS
                                          " FROM member_import WHERE tenant_id = $1 AND community_id = $2 AND id = $3"};

inline constexpr const char* kListImports =
    "SELECT " IMPORT_COLUMNS " FROM member_import i WHERE i.tenant_id = $1 AND i.community_id = $2";

inline constexpr pg::Statement kListRowErrors{
    "list_import_row_errors",
    "SELECT e.row_number, e.line, e.column_name, e.reason, e.message FROM import_row_error e "
    "WHERE e.tenant_id = $1 AND e.import_id = $2 AND (e.row_number, e.column_name) > ($3, $4) "
    "ORDER BY e.row_number, e.column_name LIMIT $5"};

inline constexpr pg::Statement kRunningImports{"running_imports", "SELECT tenant_id, id FROM running_imports($1, $2)"};

// Where the import stands, without its file; no row if it is no longer running.
inline constexpr pg::Statement kLoadImport{
    "load_import", "SELECT " IMPORT_COLUMNS " FROM member_import WHERE tenant_id = $1 AND id = $2 AND state = 1"};

// One process at a time works on an import; the lock ends with the transaction. An advisory lock and not a row lock, so
// that progress can be shown from another transaction. What the lock protects is read by another statement, after it:
// the snapshot of this one may be older than the lock, and would show a chunk as not done that its last holder did.
inline constexpr pg::Statement kTryLockImport{
    "try_lock_import", "SELECT pg_try_advisory_xact_lock(hashtextextended($1::uuid::text, 0)) AS locked"};
inline constexpr pg::Statement kGetProcessedRows{
    "get_processed_rows", "SELECT processed_count FROM member_import WHERE tenant_id = $1 AND id = $2 AND state = 1"};
inline constexpr pg::Statement kGetImportFile{
    "get_import_file", "SELECT csv FROM member_import WHERE tenant_id = $1 AND id = $2 AND csv IS NOT NULL"};

inline constexpr pg::Statement kInsertRowErrors{
    "insert_import_row_errors",
    "INSERT INTO import_row_error (tenant_id, import_id, row_number, line, column_name, reason, message) "
    "SELECT $1, $2, e.* FROM unnest($3::int[], $4::int[], $5::text[], $6::text[], $7::text[]) e ON CONFLICT DO "
    "NOTHING"};

// Adds to the counts; processed_count becomes $3, processed_bytes $7.
inline constexpr pg::Statement kAdvanceImport{
    "advance_import",
    "UPDATE member_import SET processed_count = $3, imported_count = imported_count + $4, "
    "waiting_count = waiting_count + $5, bad_row_count = bad_row_count + $6, processed_bytes = $7 WHERE tenant_id = $1 "
    "AND id = $2"};

inline constexpr pg::Statement kShowProgress{"show_import_progress",
                                             "UPDATE member_import SET processed_count = $3, processed_bytes = $4 "
                                             "WHERE tenant_id = $1 AND id = $2 AND state = 1"};

// Ends the import with these counts, of $10 rows, and forgets the file.
inline constexpr idempotency::Effect kFinishImport{
    "finish_import",
    "i AS (UPDATE member_import SET state = $3, row_count = $10, processed_count = $10, processed_bytes = total_bytes, "
    "imported_count = $4, waiting_count = $5, bad_row_count = $6, "
    "error_reason = $7, error_message = $8, finish_time = $9, csv = NULL, version = version + 1 "
    "WHERE tenant_id = $1 AND id = $2)",
    10};

}  // namespace lanting::membership::sql
