// RateLimiter: requests per key and per tenant, counted in Redis for all gateway processes together, by one script call
// a request that looks at both buckets and takes from both or from none (gcra.h; Redis' own clock).
//
// No thread of the caller ever waits for Redis: one thread sends what has queued as one pipeline. A request that Redis
// has not answered within `deadline`, that finds the queue full, or that comes while Redis is down is counted in this
// process instead, with the same parameters (so each process then gives the full rate), from where the buckets were
// when Redis was last heard. After a failure Redis is left alone for `pause` and then tried again by that thread, at
// nobody's expense.
//
// What this process knows to be refused, it refuses without asking: a bucket only fills with time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "gateway/auth/edge_key.h"
#include "gateway/auth/key_cache.h"
#include "gateway/protect/gcra.h"
#include "platform/base/clock.h"

namespace lanting::gateway {

struct RateLimiterOptions {
  std::string redis_url;  // empty: count in this process only
  std::chrono::milliseconds deadline{50};
  std::chrono::milliseconds pause{1'000};
  std::size_t max_queue = 4'096;
};

struct RateDecision {
  enum class Bucket { kNone, kKey, kTenant };
  Bucket refused_by = Bucket::kNone;
  Rate key_rate, tenant_rate;
  Level key, tenant;  // of a rate that is off: not filled

  bool allowed() const { return refused_by == Bucket::kNone; }
  std::int64_t retry_us() const { return std::max(key.retry_us, tenant.retry_us); }
};

class RateLimiter {
 public:
  using Done = std::function<void(const RateDecision&)>;

  // `post`: where answers of Redis are delivered.
  RateLimiter(RateLimiterOptions options, Post post);
  // Ends the thread; what waits is counted in the process and answered on the caller's thread.
  ~RateLimiter();

  // `done` is called once: at once if no rate is on, if it is refused for certain, or while Redis is down; otherwise on
  // an I/O thread.
  void Check(const EdgeKeyPtr& key, const Rate& key_rate, const Rate& tenant_rate, Done done);
  // Whether Check would refuse for certain, without counting anything.
  bool Refuses(const EdgeKey& key, const Rate& key_rate, const Rate& tenant_rate, RateDecision* decision) const;

  // Whether Redis counts at this moment.
  bool shared() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lanting::gateway
