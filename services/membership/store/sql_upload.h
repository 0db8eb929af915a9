// Statements of uploads.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

#define UPLOAD_COLUMNS "id, community_id, size, sha256, received_bytes, import_id, create_time, expire_time"

inline constexpr pg::Statement kCountUploads{
    "count_uploads", "SELECT count(*) AS uploads FROM member_upload WHERE tenant_id = $1 AND expire_time > $2"};

inline constexpr idempotency::Effect kInsertUpload{
    "insert_upload",
    "u AS (INSERT INTO member_upload (tenant_id, id, community_id, size, sha256, create_time, expire_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7))",
    7};

// One that may be deleted is not there any more.
inline constexpr pg::Statement kGetUpload{
    "get_upload", "SELECT " UPLOAD_COLUMNS
                  " FROM member_upload WHERE tenant_id = $1 AND community_id = $2 AND id = $3 AND expire_time > $4"};
inline constexpr pg::Statement kLockUpload{
    "lock_upload", "SELECT " UPLOAD_COLUMNS
                   " FROM member_upload WHERE tenant_id = $1 AND community_id = $2 AND id = $3 AND expire_time > $4"
                   " FOR NO KEY UPDATE"};

// Whether the bytes with this SHA-256 are the part at $3.
inline constexpr pg::Statement kSamePart{
    "same_upload_part",
    "SELECT length(data) = $4::int AND sha256(data) = $5::bytea AS same FROM member_upload_part "
    "WHERE tenant_id = $1 AND upload_id = $2 AND part_offset = $3"};

inline constexpr idempotency::Effect kAppendPart{
    "append_upload_part",
    "p AS (INSERT INTO member_upload_part (tenant_id, upload_id, part_offset, data) VALUES ($1, $2, $3, $4)),"
    " u AS (UPDATE member_upload SET received_bytes = $5, expire_time = $6 WHERE tenant_id = $1 AND id = $2)",
    6};

// At most $4 bytes from offset $3 on; nothing at the end.
inline constexpr pg::Statement kReadUpload{
    "read_upload",
    "SELECT substring(data FROM ($3::bigint - part_offset + 1)::int FOR $4::int) AS data FROM member_upload_part "
    "WHERE tenant_id = $1 AND upload_id = $2 AND part_offset <= $3::bigint ORDER BY part_offset DESC LIMIT 1"};

inline constexpr const char* kListUploads =
    "SELECT " UPLOAD_COLUMNS
    " FROM member_upload u WHERE u.tenant_id = $1 AND u.community_id = $2 AND u.expire_time > now()";
// Whoever clears away what has expired does the rest.
inline constexpr idempotency::Effect kExpireUpload{
    "expire_upload", "u AS (UPDATE member_upload SET expire_time = $3 WHERE tenant_id = $1 AND id = $2)", 3};

// An import begins to read it: it stays as long as that takes.
inline constexpr pg::Statement kTakeUpload{
    "take_upload",
    "UPDATE member_upload SET import_id = $3, expire_time = 'infinity' WHERE tenant_id = $1 AND id = $2"};
// The import has ended.
inline constexpr pg::Statement kLeaveUpload{
    "leave_upload", "UPDATE member_upload SET import_id = NULL, expire_time = $3 WHERE tenant_id = $1 AND id = $2"};

inline constexpr pg::Statement kExpiredUploads{"expired_uploads", "SELECT tenant_id, id FROM expired_uploads($1)"};
// Holds off whoever would still use it.
inline constexpr pg::Statement kLockExpired{
    "lock_expired_upload",
    "SELECT 1 FROM member_upload WHERE tenant_id = $1 AND id = $2 AND expire_time < now() FOR UPDATE"};
// Some of its parts, so that no transaction is long.
inline constexpr pg::Statement kDeleteParts{
    "delete_upload_parts",
    "DELETE FROM member_upload_part WHERE tenant_id = $1 AND upload_id = $2 AND part_offset IN "
    "(SELECT part_offset FROM member_upload_part WHERE tenant_id = $1 AND upload_id = $2 LIMIT $3)"};
inline constexpr pg::Statement kDeleteUpload{"delete_upload",
                                             "DELETE FROM member_upload WHERE tenant_id = $1 AND id = $2"};

}  // namespace lanting::membership::sql
