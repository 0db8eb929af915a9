#include "membership/workers/import_source.h"

#include <openssl/evp.h>

#include <chrono>
#include <memory>

#include "membership/domain/channel.h"
#include "membership/domain/file_errors.h"
#include "membership/store/upload_store.h"
#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

constexpr int kPieceBytes = 512 * 1024;  // as text of PostgreSQL it is twice that
constexpr auto kReadTimeout = std::chrono::milliseconds(10'000);

}  // namespace

ReadPiece PiecesOf(std::string_view file) {
  return [file]() mutable -> Result<std::string> {
    std::string piece(file.substr(0, kPieceBytes));
    file.remove_prefix(piece.size());
    return piece;
  };
}

ReadPiece PiecesOf(pg::Pool& pool, const Id& tenant, const MemberImport& import) {
  return [&pool, tenant, upload = import.upload, size = import.total_bytes,
          offset = std::int64_t{0}]() mutable -> Result<std::string> {
    if (offset == size) return std::string();
    ASSIGN_OR_RETURN(auto piece, pg::ReadTenant(pool, tenant, DeadlineIn(kReadTimeout), [&](pg::Tx& tx) {
                       return Result<std::string>(upload_store::Read(tx, upload, offset, kPieceBytes));
                     }));
    // Somebody has finished the import meanwhile, or it would be kept.
    if (piece.empty()) return ::lanting::errors::DependencyUnavailable("postgres", "the upload is gone");
    offset += static_cast<std::int64_t>(piece.size());
    return piece;
  };
}

Result<void> CheckSha256(const ReadPiece& read, const std::string& sha256, const std::function<bool()>& stopping) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (hash == nullptr || EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) != 1) {
    return ::lanting::errors::Internal("no SHA-256");
  }
  for (;;) {
    if (stopping()) return ::lanting::errors::ShuttingDown();
    ASSIGN_OR_RETURN(const auto piece, read());
    if (piece.empty()) break;
    EVP_DigestUpdate(hash.get(), piece.data(), piece.size());
  }
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  EVP_DigestFinal_ex(hash.get(), reinterpret_cast<unsigned char*>(digest.data()), &length);
  digest.resize(length);
  if (HexEncode(digest) == ToLowerAscii(sha256)) return {};
  return errors::UploadNotReady("The bytes of the upload do not have the SHA-256 that was announced: delete it, and send the file again.");
}

}  // namespace lanting::membership
