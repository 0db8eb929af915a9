// What an empty list asks.
#pragma once

#include <functional>
#include <string>

#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/store/community_store.h"

namespace lanting::membership {

// For resource::ReadPage: COMMUNITY_NOT_FOUND unless there is the community `parent`, which must outlive it.
inline std::function<Result<void>(pg::Tx&)> CommunityMustExist(const std::string& parent) {
  return [&parent](pg::Tx& tx) -> Result<void> {
    if (!community_store::Exists(tx, names::Parse(parent).first)) return errors::CommunityNotFound(parent);
    return {};
  };
}

}  // namespace lanting::membership
