// KeyUsage: when keys were last seen in use. Whoever authenticates notes it in memory and goes on; a worker writes it
// down in batches (workers/key_usage_worker.h), each key once a minute at most. What a process had noted and not
// written when it died is lost: at most a minute.
//
// Processes remember keys (gateway/auth/key_cache.h, platform/auth/key_authenticator.h) and ask membership again only
// after up to 10 s of use. So the time is late by up to that, the minute, and a round of the worker: 75 s.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/id.h"

namespace lanting::membership {

class KeyUsage {
 public:
  static constexpr std::chrono::seconds kEvery{60};

  explicit KeyUsage(std::size_t max_keys = 65'536) : max_keys_(max_keys) {}

  // Never blocks for longer than it takes to put it into a table. Beyond the bound of keys it is not noted.
  void Note(const Id& tenant, const Id& key, Time now);

  struct Batch {
    std::vector<Id> keys;
    std::vector<Time> times;
  };
  // What is to be written now, by tenant; keys that were written less than a minute ago wait. `all`: they do not.
  std::map<Id, Batch> Take(Time now, bool all = false);
  // What could not be written is to be written again, unless something later was noted meanwhile.
  void PutBack(const Id& tenant, const Batch& batch);

 private:
  struct Entry {
    Id tenant;
    Time used;
    Time written{};
    bool pending = false;
  };

  const std::size_t max_keys_;
  std::mutex mutex_;
  std::unordered_map<Id, Entry> entries_;  // by key
};

}  // namespace lanting::membership
