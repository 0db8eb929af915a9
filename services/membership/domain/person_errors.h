// Errors about merges and erasures.
#pragma once

#include <string>

#include "membership/domain/errors.h"

namespace lanting::membership::errors {

inline Error MergeNotFound(const std::string& name) { return NotFound("MERGE_NOT_FOUND", "The merge", name); }
inline Error ErasureNotFound(const std::string& name) { return NotFound("ERASURE_NOT_FOUND", "The erasure", name); }

inline Error MergeNotUndoable(const std::string& cause, const std::string& what) {
  return {.code = Code::kFailedPrecondition,
          .reason = "MERGE_NOT_UNDOABLE",
          .message = "The merge cannot be undone: " + what + ".",
          .metadata = {{"cause", cause}}};
}
inline Error ImportRunning(const std::string& member_import) {
  return {.code = Code::kFailedPrecondition,
          .reason = "IMPORT_RUNNING",
          .message = "The import " + member_import + " is running and may hold the person: erase when it is finished.",
          .metadata = {{"member_import", member_import}}};
}

}  // namespace lanting::membership::errors
