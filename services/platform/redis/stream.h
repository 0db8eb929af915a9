// Names and entries of the streams that carry events between services.
//
//   lanting:{<svc>.<bucket>}   events of one service; the bucket is a hash of the subject, and with the braces the hash
//                              tag of Redis Cluster. One field per entry: e = serialised EventEnvelope.
//   lanting:dlq:{<consumer>}   what a consumer gave up (inbox/dead_letter.h)
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/redis/client.h"

namespace lanting::redis {

inline constexpr char kEnvelopeField[] = "e";

std::string StreamKey(std::string_view service, int bucket);
std::vector<std::string> StreamKeys(std::string_view service, int buckets);
std::string DeadLetterKey(std::string_view consumer);
// Stable over processes, builds and machines: FNV-1a of the subject, modulo `buckets`.
int BucketOf(std::string_view subject, int buckets);

// "1700000000000-3"
struct StreamId {
  std::uint64_t ms = 0, seq = 0;
  static std::optional<StreamId> Parse(std::string_view text);
  std::string ToString() const;
  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};

struct Entry {
  std::string id;
  // Name and value, in turn. Empty: the entry was trimmed while it was pending.
  std::vector<std::string> fields;
  // The value of a field; nullptr if there is none.
  const std::string* Field(std::string_view name) const;
};

// The entries of one stream as in the replies of XRANGE, XREADGROUP (per stream) and XAUTOCLAIM.
std::vector<Entry> ToEntries(Reply& reply);

}  // namespace lanting::redis
