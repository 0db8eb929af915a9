#include "gateway/auth/key_cache.h"

#include <prometheus/counter.h>

#include "lanting/membership/v1/tenant_service.pb.h"
#include "platform/obs/metrics.h"

namespace lanting::gateway {
namespace {

namespace pb = membership::v1;

struct LookupCounters {
  prometheus::Counter &active, &unknown, &failed;
};

LookupCounters& Counters() {
  static auto& family = prometheus::BuildCounter()
                            .Name("lanting_edge_key_lookups_total")
                            .Help("Questions to membership what a key is, by its answer.")
                            .Register(*obs::Metrics());
  static LookupCounters counters{family.Add({{"result", "active"}}), family.Add({{"result", "unknown"}}),
                                 family.Add({{"result", "failed"}})};
  return counters;
}

Error TooManyLookups() {
  return {.code = Code::kUnavailable,
          .reason = "OVERLOADED",
          .message = "The gateway is at capacity; try again shortly.",
          .retry_after_ms = 1000};
}

TenantLimits FromProto(const pb::TenantLimits& from) {
  TenantLimits limits;
  if (from.has_key_per_second()) limits.key_per_second = from.key_per_second();
  if (from.has_key_burst()) limits.key_burst = from.key_burst();
  if (from.has_tenant_per_second()) limits.tenant_per_second = from.tenant_per_second();
  if (from.has_tenant_burst()) limits.tenant_burst = from.tenant_burst();
  if (from.has_max_in_flight()) limits.max_in_flight = from.max_in_flight();
  return limits;
}

// The key of an active answer; nullptr if it is no answer to this question.
std::shared_ptr<EdgeKey> FromReply(const pb::IntrospectKeyResponse& reply, const Id& tenant) {
  if (!reply.active() || reply.tenant() != "tenants/" + tenant.ToString()) return nullptr;
  auto key = std::make_shared<EdgeKey>();
  key->principal = {tenant, reply.key(), {reply.scopes().begin(), reply.scopes().end()}};
  if (reply.has_expire_time())
    key->expire_time = Time(std::chrono::seconds(reply.expire_time().seconds()) +
                            std::chrono::microseconds(reply.expire_time().nanos() / 1000));
  key->limits = FromProto(reply.limits());
  key->origins = {reply.cors_allowed_origins().begin(), reply.cors_allowed_origins().end()};
  key->tenant_bucket = "lanting:limit:{" + tenant.ToString() + "}";
  key->key_bucket = key->tenant_bucket + ":" + reply.key();
  return key;
}

}  // namespace

// Shared with the calls in flight, which may come back after the cache has gone.
struct KeyCache::Core : std::enable_shared_from_this<Core> {
  Core(Introspect ask, Post on_io, KeyCacheOptions o)
      : introspect(std::move(ask)),
        post(std::move(on_io)),
        options(std::move(o)),
        accepted(options.max_keys),
        unknown(options.max_keys) {
    Counters();
  }

  const Introspect introspect;
  const Post post;
  const KeyCacheOptions options;
  auth::KeyMemory<EdgeKey> accepted, unknown;
  std::mutex mutex;  // of what follows
  std::unordered_map<std::string, std::vector<Done>> pending;
  std::unordered_map<Id, std::weak_ptr<TenantState>> tenants;
  std::size_t prune_at = 1024;

  bool Expired(const EdgeKey& key) const { return key.expire_time && *key.expire_time <= options.clock->Now(); }

  std::optional<Answer> Recall(const auth::ParsedKey& key) {
    const auto now = options.steady();
    if (auto known = accepted.Find(key.secret_hash, now)) {
      if (Expired(*known->info)) return Answer(errors::Unauthenticated());
      if (now >= known->fresh_until) return std::nullopt;
      if (now >= known->refresh_at) Ask(key, nullptr);
      return Answer(std::move(known->info));
    }
    if (unknown.Find(key.secret_hash, now)) return Answer(errors::Unauthenticated());
    return std::nullopt;
  }

  // Joins the question that is being asked about this key, or asks it. Without `done` nobody waits.
  void Ask(const auth::ParsedKey& key, Done done) {
    {
      std::unique_lock lock(mutex);
      auto it = pending.find(key.secret_hash);
      const bool asked = it != pending.end();
      if (!asked && pending.size() >= options.max_lookups) {
        lock.unlock();
        if (done) done(TooManyLookups());
        return;
      }
      if (!asked) it = pending.try_emplace(key.secret_hash).first;
      if (done) it->second.push_back(std::move(done));
      if (asked) return;
    }
    pb::IntrospectKeyRequest request;
    request.set_secret(key.text);
    introspect(request.SerializeAsString(),
               [weak = weak_from_this(), tenant = key.tenant, hash = key.secret_hash](Result<std::string> reply) {
                 if (auto core = weak.lock()) core->Answered(tenant, hash, std::move(reply));
               });
  }

  void Answered(const Id& tenant, const std::string& hash, Result<std::string> reply) {
    pb::IntrospectKeyResponse response;
    Answer answer = reply.ok() && response.ParseFromString(*reply)
                        ? Learn(tenant, hash, response)
                        : Unheard(hash, reply.ok() ? "no reply" : reply.error().reason + " " + reply.error().internal);
    std::vector<Done> waiting;
    {
      std::lock_guard lock(mutex);
      auto it = pending.find(hash);
      waiting = std::move(it->second);
      pending.erase(it);
    }
    if (waiting.empty()) return;
    post([waiting = std::move(waiting), answer = std::move(answer)] {
      for (const Done& done : waiting) done(answer);
    });
  }

  Answer Learn(const Id& tenant, const std::string& hash, const pb::IntrospectKeyResponse& reply) {
    const auto now = options.steady();
    auto key = FromReply(reply, tenant);
    if (!key || Expired(*key)) {
      Counters().unknown.Increment();
      accepted.Forget(hash);
      unknown.Put(hash, {nullptr, now + options.unknown_for, now + options.unknown_for});
      return errors::Unauthenticated();
    }
    Counters().active.Increment();
    auto before = accepted.Find(hash, now);
    key->key_state = before ? before->info->key_state : std::make_shared<KeyState>();
    key->tenant_state = before ? before->info->tenant_state : StateOf(tenant);
    accepted.Put(hash, {key, now + options.valid_for, now + options.stale_for, now + options.refresh_after});
    return EdgeKeyPtr(std::move(key));
  }

  Answer Unheard(const std::string& hash, const std::string& cause) {
    Counters().failed.Increment();
    const auto now = options.steady();
    if (auto stale = accepted.Find(hash, now)) {
      stale->fresh_until = stale->usable_until;
      stale->refresh_at = now + options.retry_after;
      accepted.Put(hash, *stale);
      if (!Expired(*stale->info)) return std::move(stale->info);
    }
    return errors::DependencyUnavailable("membership", "IntrospectKey: " + cause);
  }

  std::shared_ptr<TenantState> StateOf(const Id& tenant) {
    std::lock_guard lock(mutex);
    if (tenants.size() >= prune_at) {
      std::erase_if(tenants, [](const auto& entry) { return entry.second.expired(); });
      prune_at = std::max<std::size_t>(1024, 2 * tenants.size());
    }
    auto& weak = tenants[tenant];
    auto state = weak.lock();
    if (!state) weak = state = std::make_shared<TenantState>();
    return state;
  }
};

KeyCache::KeyCache(Introspect introspect, Post post, KeyCacheOptions options)
    : core_(std::make_shared<Core>(std::move(introspect), std::move(post), std::move(options))) {}
KeyCache::~KeyCache() = default;

std::optional<KeyCache::Answer> KeyCache::Recall(const auth::ParsedKey& key) { return core_->Recall(key); }

void KeyCache::Lookup(const auth::ParsedKey& key, Done done) {
  if (auto known = core_->Recall(key)) return done(std::move(*known));
  core_->Ask(key, std::move(done));
}

}  // namespace lanting::gateway
