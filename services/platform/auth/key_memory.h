// KeyMemory: what is known of keys, by the SHA-256 of their text. Bounded: the least recently used go first. Sharded,
// since every call of a process looks in here.
#pragma once

#include <algorithm>
#include <array>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "platform/base/clock.h"

namespace lanting::auth {

template <typename Info>
class KeyMemory {
 public:
  struct Entry {
    std::shared_ptr<const Info> info;  // null: unknown key
    Deadline fresh_until, usable_until;
    Deadline refresh_at = Deadline::max();  // for who asks again before its time is over
  };

  explicit KeyMemory(std::size_t capacity) : capacity_(std::max<std::size_t>(1, capacity / kShards)) {}

  // Nothing that is no longer usable.
  std::optional<Entry> Find(const std::string& hash, Deadline now) {
    Shard& shard = Of(hash);
    std::lock_guard lock(shard.mutex);
    auto it = shard.index.find(hash);
    if (it == shard.index.end()) return std::nullopt;
    if (now >= it->second->second.usable_until) {
      shard.order.erase(it->second);
      shard.index.erase(it);
      return std::nullopt;
    }
    shard.order.splice(shard.order.begin(), shard.order, it->second);
    return it->second->second;
  }

  void Put(const std::string& hash, Entry entry) {
    Shard& shard = Of(hash);
    std::lock_guard lock(shard.mutex);
    if (auto it = shard.index.find(hash); it != shard.index.end()) {
      it->second->second = std::move(entry);
      return;
    }
    if (shard.order.size() >= capacity_) {
      shard.index.erase(shard.order.back().first);
      shard.order.pop_back();
    }
    shard.order.emplace_front(hash, std::move(entry));
    shard.index.emplace(hash, shard.order.begin());
  }

  void Forget(const std::string& hash) {
    Shard& shard = Of(hash);
    std::lock_guard lock(shard.mutex);
    if (auto it = shard.index.find(hash); it != shard.index.end()) {
      shard.order.erase(it->second);
      shard.index.erase(it);
    }
  }

 private:
  static constexpr std::size_t kShards = 16;
  using Order = std::list<std::pair<std::string, Entry>>;
  struct Shard {
    std::mutex mutex;
    Order order;
    std::unordered_map<std::string, typename Order::iterator> index;
  };
  Shard& Of(const std::string& hash) { return shards_[static_cast<unsigned char>(hash[0]) % kShards]; }

  const std::size_t capacity_;
  std::array<Shard, kShards> shards_;
};

}  // namespace lanting::auth
