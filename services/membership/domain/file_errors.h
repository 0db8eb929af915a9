// Errors of files that are imported, one factory each.
#pragma once

#include "membership/domain/errors.h"

namespace lanting::membership::errors {

inline Error MemberUploadNotFound(const std::string& name) {
  return NotFound("MEMBER_UPLOAD_NOT_FOUND", "The upload", name);
}
inline Error UploadOffsetMismatch(std::int64_t expected) {
  const auto offset = std::to_string(expected);
  return {.code = Code::kFailedPrecondition,
          .reason = "UPLOAD_OFFSET_MISMATCH",
          .message = "The next part of the upload begins at offset " + offset + ".",
          .metadata = {{"expected_offset", offset}}};
}
inline Error UploadNotReady(std::string message) {
  return {.code = Code::kFailedPrecondition, .reason = "UPLOAD_NOT_READY", .message = std::move(message)};
}
inline Error TooManyUploads(int limit) {
  return {.code = Code::kFailedPrecondition,
          .reason = "TOO_MANY_UPLOADS",
          .message = "There are " + std::to_string(limit) + " uploads already: import them, or wait until they expire.",
          .metadata = {{"limit", std::to_string(limit)}}};
}
inline Error ImportTooLarge(int limit) {
  return {.code = Code::kFailedPrecondition,
          .reason = "IMPORT_TOO_LARGE",
          .message = "The file has more than " + std::to_string(limit) +
                     " rows, which cannot be imported all or none, nor be checked as a whole: import it with "
                     "BAD_ROWS_SKIP, which takes the good rows and reports the others, or divide it.",
          .metadata = {{"limit", std::to_string(limit)}}};
}

}  // namespace lanting::membership::errors
