// Where the bytes of an import come from.
#pragma once

#include <functional>
#include <string>

#include "membership/store/import_store.h"
#include "platform/base/result.h"
#include "platform/pg/pool.h"

namespace lanting::membership {

// The next bytes of a file, "" at its end. Of one thread at a time.
using ReadPiece = std::function<Result<std::string>()>;

// From memory; `file` must outlive it.
ReadPiece PiecesOf(std::string_view file);
// From the parts of the upload of this import, each piece in a transaction of its own.
ReadPiece PiecesOf(pg::Pool& pool, const Id& tenant, const MemberImport& import);

// Whether the whole file has the SHA-256 (hex) that was announced; reads it to its end, unless `stopping` says so.
// UPLOAD_NOT_READY if it has not.
Result<void> CheckSha256(const ReadPiece& read, const std::string& sha256, const std::function<bool()>& stopping);

}  // namespace lanting::membership
