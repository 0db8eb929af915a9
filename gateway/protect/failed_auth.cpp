#include "gateway/protect/failed_auth.h"

#include <algorithm>

namespace lanting::gateway {
namespace {

constexpr std::int64_t kMostDebt = 3'600'000'000;  // one hour

}  // namespace

std::int64_t FailedAuth::RetryAfter(const IpAddress& address, std::int64_t now_us) {
  if (rate_.off()) return 0;
  const IpAddress network = address.Network();
  Shard& shard = Of(network);
  std::lock_guard lock(shard.mutex);
  auto it = shard.index.find(network);
  if (it == shard.index.end()) return 0;
  const std::int64_t allowed_at = it->second->second + rate_.interval_us - rate_.full_us();
  return std::max<std::int64_t>(allowed_at - now_us, 0);
}

void FailedAuth::Failed(const IpAddress& address, std::int64_t now_us) {
  if (rate_.off()) return;
  const IpAddress network = address.Network();
  Shard& shard = Of(network);
  std::lock_guard lock(shard.mutex);
  auto it = shard.index.find(network);
  if (it == shard.index.end()) {
    if (shard.order.size() >= capacity_) {
      shard.index.erase(shard.order.back().first);
      shard.order.pop_back();
    }
    shard.order.emplace_front(network, now_us);
    it = shard.index.emplace(network, shard.order.begin()).first;
  } else {
    shard.order.splice(shard.order.begin(), shard.order, it->second);
  }
  std::int64_t& tat = it->second->second;
  tat = std::min(std::max(tat, now_us) + rate_.interval_us, now_us + rate_.full_us() + kMostDebt);
}

}  // namespace lanting::gateway
