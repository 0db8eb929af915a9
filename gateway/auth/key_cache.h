// KeyCache: which keys are accepted at the edge. Asks membership (TenantService/IntrospectKey) once for all that wait
// for the same key, and remembers: an accepted key for 10 s, which is how long a revocation takes to be effective, an
// unknown one for 2 s. A key in use is asked for again before its time is over, so that nobody waits for it.
//
// While membership cannot be asked, an accepted key goes on being served for up to 5 minutes, unless it expires; it is
// asked for once a second, and nobody waits for that.
//
// The services authenticate by themselves too: this is the first of two walls, and the one that knows a tenant's
// limits.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/auth/edge_key.h"
#include "platform/auth/key_memory.h"
#include "platform/base/clock.h"
#include "platform/base/result.h"

namespace lanting::gateway {

// Runs a function on an I/O thread, later.
using Post = std::function<void(std::function<void()>)>;

// Calls TenantService/IntrospectKey: a serialised IntrospectKeyRequest in, a serialised IntrospectKeyResponse out. Must
// call back exactly once, on any thread, within a deadline of its own (2 s).
using Introspect = std::function<void(std::string request, std::function<void(Result<std::string>)> done)>;

struct KeyCacheOptions {
  std::chrono::milliseconds valid_for{10'000};
  std::chrono::milliseconds refresh_after{8'000};  // in use: ask again, while it is still served
  std::chrono::milliseconds unknown_for{2'000};
  std::chrono::milliseconds stale_for{300'000};
  std::chrono::milliseconds retry_after{1'000};  // after a failure
  std::size_t max_keys = 16'384;                 // remembered of each kind, accepted and unknown
  std::size_t max_lookups = 1'024;               // questions at once; beyond: OVERLOADED
  const Clock* clock = &Clock::System();
  std::function<Deadline()> steady = [] { return std::chrono::steady_clock::now(); };
};

class KeyCache {
 public:
  // A key that is accepted; errors::Unauthenticated() for one that is unknown, revoked or expired;
  // DEPENDENCY_UNAVAILABLE when membership cannot be asked, OVERLOADED when too much is being asked.
  using Answer = Result<EdgeKeyPtr>;
  using Done = std::function<void(Answer)>;

  KeyCache(Introspect introspect, Post post, KeyCacheOptions options = {});
  // Answers that are still to come find nobody: what waits is dropped.
  ~KeyCache();

  // From memory alone: nullopt when membership must be asked.
  std::optional<Answer> Recall(const auth::ParsedKey& key);
  // `done` is called once: at once, if memory answers, or on an I/O thread.
  void Lookup(const auth::ParsedKey& key, Done done);

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace lanting::gateway
