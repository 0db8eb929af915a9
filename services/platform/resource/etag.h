// Entity tags of resources.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "platform/base/result.h"

namespace lanting::resource {

// Changes with every change of what a reader is shown; quoted, as RFC 9110 and AIP-154 write it: "7" or, with numbers
// that are shown but move without a new version (counts, times), "7.10003.1". A write is conditional on the version
// alone.
inline std::string Etag(std::int64_t version, std::initializer_list<std::int64_t> volatile_numbers = {}) {
  std::string etag = '"' + std::to_string(version);
  for (std::int64_t n : volatile_numbers) etag += '.' + std::to_string(n);
  return etag + '"';
}

// ETAG_MISMATCH unless `given` is empty, "*", or a tag of that version, whatever stands behind its first dot.
inline Result<void> CheckEtag(const std::string& given, std::int64_t version) {
  if (given.empty() || given == "*") return {};
  const std::string expected = Etag(version);
  const std::size_t dot = given.find('.');
  const bool same = dot == std::string::npos ? given == expected : given.substr(0, dot) + '"' == expected;
  if (same && given.ends_with('"')) return {};
  return Error{.code = Code::kAborted,
               .reason = "ETAG_MISMATCH",
               .message = "The resource has changed: the etag does not match."};
}

}  // namespace lanting::resource
