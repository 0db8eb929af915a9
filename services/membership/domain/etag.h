// Entity tags of resources.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

namespace lanting::membership {

// Changes with every change of what a reader is shown; quoted, as RFC 9110 and AIP-154 write it: "7" or, with numbers
// that are shown but move without a new version (counts, positions), "7.10003.1". A write is conditional on the version
// alone: CheckEtag compares what stands before the first dot, so that somebody's joining refuses nobody's edit.
inline std::string Etag(std::int64_t version, std::initializer_list<std::int64_t> volatile_numbers = {}) {
  std::string etag = '"' + std::to_string(version);
  for (std::int64_t n : volatile_numbers) etag += '.' + std::to_string(n);
  return etag + '"';
}

}  // namespace lanting::membership
