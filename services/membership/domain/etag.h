// Entity tags of resources.
#pragma once

#include <cstdint>
#include <string>

namespace lanting::membership {

// Changes with every change of the resource; quoted, as RFC 9110 and AIP-154 write it.
inline std::string Etag(std::int64_t version) { return '"' + std::to_string(version) + '"'; }

}  // namespace lanting::membership
