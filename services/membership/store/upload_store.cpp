#include "membership/store/upload_store.h"

#include "membership/store/sql_upload.h"
#include "platform/base/strings.h"

namespace lanting::membership::upload_store {
namespace {

std::optional<MemberUpload> First(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return Read(rows[0]);
}

}  // namespace

MemberUpload Read(const pqxx::row& r) {
  return {.id = pg::GetId(r["id"]),
          .community = pg::GetId(r["community_id"]),
          .size = pg::GetInt(r["size"]),
          .received_bytes = pg::GetInt(r["received_bytes"]),
          .sha256 = pg::GetString(r["sha256"]),
          .import = pg::GetOptionalId(r["import_id"]).value_or(Id()),
          .create_time = pg::GetTime(r["create_time"]),
          // 'infinity' is no time of ours: an import keeps it.
          .expire_time = r["import_id"].is_null() ? pg::GetTime(r["expire_time"]) : Time()};
}

int Count(pg::Tx& tx, Time now) {
  return static_cast<int>(pg::GetInt(tx.Run(sql::kCountUploads, tx.tenant(), now)[0]["uploads"]));
}

void Insert(idempotency::Work& work, const Id& tenant, const MemberUpload& u) {
  work.Do(sql::kInsertUpload, tenant, u.id, u.community, u.size, u.sha256, u.create_time, u.expire_time);
}

std::optional<MemberUpload> Get(pg::Tx& tx, const Id& community, const Id& upload, Time now) {
  return First(tx.Run(sql::kGetUpload, tx.tenant(), community, upload, now));
}

std::optional<MemberUpload> Lock(pg::Tx& tx, const Id& community, const Id& upload, Time now) {
  return First(tx.Run(sql::kLockUpload, tx.tenant(), community, upload, now));
}

bool HasPart(pg::Tx& tx, const Id& upload, std::int64_t offset, std::string_view bytes) {
  const std::string hash = Sha256(bytes);
  const auto rows =
      tx.Run(sql::kSamePart, tx.tenant(), upload, offset, static_cast<std::int32_t>(bytes.size()), pg::Bytes{hash});
  return !rows.empty() && pg::GetBool(rows[0]["same"]);
}

void Append(idempotency::Work& work, const Id& tenant, const MemberUpload& upload, std::string_view part) {
  work.Do(sql::kAppendPart, tenant, upload.id, upload.received_bytes - static_cast<std::int64_t>(part.size()),
          pg::Bytes{part}, upload.received_bytes, upload.expire_time);
}

void Expire(idempotency::Work& work, const Id& tenant, const Id& upload, Time now) {
  work.Do(sql::kExpireUpload, tenant, upload, now);
}

std::string Read(pg::Tx& tx, const Id& upload, std::int64_t offset, int bytes) {
  const auto rows = tx.Run(sql::kReadUpload, tx.tenant(), upload, offset, bytes);
  return rows.empty() ? std::string() : pg::GetBytes(rows[0]["data"]);
}

void Take(pg::Tx& tx, const Id& upload, const Id& import) { tx.Run(sql::kTakeUpload, tx.tenant(), upload, import); }

void Leave(pg::Tx& tx, const Id& upload, Time expire_time) {
  tx.Run(sql::kLeaveUpload, tx.tenant(), upload, expire_time);
}

std::vector<Reference> Expired(pg::Tx& tx, int limit) {
  std::vector<Reference> out;
  for (const auto& r : tx.Run(sql::kExpiredUploads, limit))
    out.push_back({pg::GetId(r["tenant_id"]), pg::GetId(r["id"])});
  return out;
}

bool DeleteSome(pg::Tx& tx, const Id& upload, int parts) {
  if (tx.Run(sql::kLockExpired, tx.tenant(), upload).empty()) return true;  // somebody uses it after all
  if (tx.Run(sql::kDeleteParts, tx.tenant(), upload, parts).affected_rows() >= static_cast<std::size_t>(parts))
    return false;
  tx.Run(sql::kDeleteUpload, tx.tenant(), upload);
  return true;
}

}  // namespace lanting::membership::upload_store
