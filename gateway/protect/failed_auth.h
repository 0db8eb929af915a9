// FailedAuth: how often one address may make this process ask membership about a credential that turns out to be none,
// so that guessing cannot flood it. A GCRA bucket (gcra.h) per IPv4 address or IPv6 /64. What memory refuses costs
// nobody anything and is not counted.
//
// A failure is known only after it was asked for, and many may be under way at once: unlike a rate limit, the bucket
// goes into debt for them, of one hour at most, so that the average holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "gateway/auth/client_address.h"
#include "gateway/protect/gcra.h"

namespace lanting::gateway {

class FailedAuth {
 public:
  // Of more addresses than `max_addresses` the least recently seen are forgotten.
  explicit FailedAuth(Rate rate, std::size_t max_addresses = 65'536)
      : rate_(rate), capacity_(max_addresses / kShards + 1) {}

  // Microseconds until the address may ask again; 0: it may now. Times are of the steady clock. Thread safe.
  std::int64_t RetryAfter(const IpAddress& address, std::int64_t now_us);
  void Failed(const IpAddress& address, std::int64_t now_us);

 private:
  static constexpr std::size_t kShards = 16;
  using Order = std::list<std::pair<IpAddress, std::int64_t>>;  // newest first, with its TAT
  struct Shard {
    std::mutex mutex;
    Order order;
    std::unordered_map<IpAddress, Order::iterator> index;
  };
  Shard& Of(const IpAddress& network) { return shards_[std::hash<IpAddress>()(network) % kShards]; }

  const Rate rate_;
  const std::size_t capacity_;  // of a shard
  std::array<Shard, kShards> shards_;
};

}  // namespace lanting::gateway
