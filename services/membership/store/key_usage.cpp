#include "membership/store/key_usage.h"

#include <algorithm>

namespace lanting::membership {

void KeyUsage::Note(const Id& tenant, const Id& key, Time now) {
  std::lock_guard lock(mutex_);
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= max_keys_) return;
    found = entries_.emplace(key, Entry{.tenant = tenant, .used = now}).first;
  }
  found->second.used = std::max(found->second.used, now);
  found->second.pending = true;
}

std::map<Id, KeyUsage::Batch> KeyUsage::Take(Time now, bool all) {
  std::map<Id, Batch> batches;
  std::lock_guard lock(mutex_);
  for (auto it = entries_.begin(); it != entries_.end();) {
    Entry& entry = it->second;
    const bool rested = all || now - entry.written >= kEvery;
    if (entry.pending && rested) {
      auto& batch = batches[entry.tenant];
      batch.keys.push_back(it->first);
      batch.times.push_back(entry.used);
      entry.pending = false;
      entry.written = now;
    }
    // Written long ago, and not used since.
    it = !entry.pending && rested && entry.written < now ? entries_.erase(it) : std::next(it);
  }
  return batches;
}

void KeyUsage::PutBack(const Id& tenant, const Batch& batch) {
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < batch.keys.size(); ++i) {
    auto found = entries_.find(batch.keys[i]);
    if (found == entries_.end()) {
      if (entries_.size() >= max_keys_) return;
      found = entries_.emplace(batch.keys[i], Entry{.tenant = tenant, .used = batch.times[i]}).first;
    }
    found->second.used = std::max(found->second.used, batch.times[i]);
    found->second.pending = true;
    found->second.written = {};
  }
}

}  // namespace lanting::membership
