// Files of people that are sent in parts: the rows of member_upload and member_upload_part.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership {

struct MemberUpload {
  Id id, community;
  std::int64_t size = 0, received_bytes = 0;
  std::string sha256;  // hex; "" if it was not announced
  Id import;           // that reads it now; nil: none
  Time create_time, expire_time;

  bool complete() const { return received_bytes == size; }
};

// How long one that nobody works on is kept, and most of a tenant at a time.
inline constexpr std::chrono::hours kUploadKept{24};
inline constexpr int kMaxUploads = 20;

namespace upload_store {

MemberUpload Read(const pqxx::row& row);
int Count(pg::Tx& tx, Time now);
void Insert(idempotency::Work& work, const Id& tenant, const MemberUpload& upload);
// Nullopt also for one that has expired.
std::optional<MemberUpload> Get(pg::Tx& tx, const Id& community, const Id& upload, Time now);
std::optional<MemberUpload> Lock(pg::Tx& tx, const Id& community, const Id& upload, Time now);
// Whether these bytes are stored as the part at this offset.
bool HasPart(pg::Tx& tx, const Id& upload, std::int64_t offset, std::string_view bytes);
// The next part; `upload` as it is with it.
void Append(idempotency::Work& work, const Id& tenant, const MemberUpload& upload, std::string_view part);
// It is not there any more from `now` on.
void Expire(idempotency::Work& work, const Id& tenant, const Id& upload, Time now);
// At most `bytes` from `offset` on, "" at the end.
std::string Read(pg::Tx& tx, const Id& upload, std::int64_t offset, int bytes);

// An import reads it, until Leave: from then on it is kept until `expire_time`.
void Take(pg::Tx& tx, const Id& upload, const Id& import);
void Leave(pg::Tx& tx, const Id& upload, Time expire_time);

struct Reference {
  Id tenant, upload;
};
// Of all tenants. For a transaction of no tenant.
std::vector<Reference> Expired(pg::Tx& tx, int limit);
// Deletes at most `parts` of an expired one, and it itself with the last. True: there is nothing left to delete.
bool DeleteSome(pg::Tx& tx, const Id& upload, int parts);

}  // namespace upload_store
}  // namespace lanting::membership
