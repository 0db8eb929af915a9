#include "gateway/protect/gate.h"

#include <lanting/common/v1/options.pb.h>
#include <prometheus/counter.h>

#include <algorithm>
#include <mutex>

#include "gateway/protect/cors.h"
#include "gateway/protect/failed_auth.h"
#include "platform/http/wire.h"
#include "platform/obs/metrics.h"

namespace lanting::gateway {
namespace {

std::int64_t SteadyMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int CeilSeconds(std::int64_t us) { return static_cast<int>((us + 999'999) / 1'000'000); }
int CeilMillis(std::int64_t us) { return static_cast<int>(std::max<std::int64_t>((us + 999) / 1000, 1)); }

Error Overloaded() {
  return {.code = Code::kUnavailable,
          .reason = "OVERLOADED",
          .message = "The gateway is at capacity; try again shortly.",
          .retry_after_ms = 1000};
}

Error TooManyInFlight() {
  return {.code = Code::kResourceExhausted,
          .reason = "TOO_MANY_IN_FLIGHT",
          .message = "Too many calls of this tenant are in flight; wait for some to finish.",
          .retry_after_ms = 1000};
}

// `limit` names what was counted: "key", "tenant" or "address".
Error RateLimited(const char* limit, std::int64_t retry_us) {
  return {.code = Code::kResourceExhausted,
          .reason = "RATE_LIMITED",
          .message = "Too many requests; slow down and try again after the time that Retry-After says.",
          .metadata = {{"limit", limit}},
          .retry_after_ms = CeilMillis(retry_us)};
}

Error OriginNotAllowed(std::string_view origin) {
  return {.code = Code::kPermissionDenied,
          .reason = "ORIGIN_NOT_ALLOWED",
          .message = "Pages of this origin may not call on behalf of this tenant; list it in its settings.",
          .metadata = {{"origin", std::string(origin.substr(0, 300))}}};
}

const std::string& ScopeOf(const Route& route) {
  return route.method->options().GetExtension(common::v1::required_scope);
}

const char* Name(RateDecision::Bucket bucket) { return bucket == RateDecision::Bucket::kKey ? "key" : "tenant"; }

void AddPolicy(const Rate& rate, const char* name, std::string* out) {
  if (rate.off()) return;
  if (!out->empty()) *out += ", ";
  *out += std::to_string(rate.quota) + ";w=" + std::to_string(rate.window_s) + ";burst=" + std::to_string(rate.burst) +
          ";policy=\"" + name + '"';
}

// draft-ietf-httpapi-ratelimit-headers-06; of two buckets the numbers are those of the one with less left.
void AddRateHeaders(const RateDecision& d, http::Response* response) {
  if (d.key_rate.off() && d.tenant_rate.off()) return;
  const bool of_key = d.tenant_rate.off() || d.refused_by == RateDecision::Bucket::kKey ||
                      (!d.key_rate.off() && d.allowed() && d.key.remaining <= d.tenant.remaining);
  const Rate& rate = of_key ? d.key_rate : d.tenant_rate;
  const Level& level = of_key ? d.key : d.tenant;
  std::string policy;
  AddPolicy(d.key_rate, "key", &policy);
  AddPolicy(d.tenant_rate, "tenant", &policy);
  response->headers.emplace_back("ratelimit-limit", std::to_string(rate.burst));
  response->headers.emplace_back("ratelimit-remaining", std::to_string(level.remaining));
  response->headers.emplace_back("ratelimit-reset", std::to_string(CeilSeconds(level.reset_us)));
  response->headers.emplace_back("ratelimit-policy", std::move(policy));
}

}  // namespace

std::optional<Ticket> Ticket::Take(std::shared_ptr<std::atomic<int>> count, int most) {
  if (count->fetch_add(1, std::memory_order_relaxed) >= most && most > 0) {
    count->fetch_sub(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  Ticket ticket;
  std::atomic<int>* raw = count.get();
  ticket.held_ =
      std::shared_ptr<void>(raw, [count = std::move(count)](void*) { count->fetch_sub(1, std::memory_order_relaxed); });
  return ticket;
}

void Pass::Decorate(http::Response* response) const {
  if (rates) AddRateHeaders(*rates, response);
  if (readers == Readers::kAnyPage) cors::AllowAny(response);
  if (readers == Readers::kOrigin) cors::Allow(origin, response);
}

struct Gate::Impl : std::enable_shared_from_this<Gate::Impl> {
  explicit Impl(GateOptions o)
      : options(std::move(o)),
        limits(std::make_shared<const GateLimits>(options.limits)),
        failed(Rate::Per(60, options.failed_auth_per_minute, options.failed_auth_burst)),
        refusals(prometheus::BuildCounter()
                     .Name("lanting_edge_refused_total")
                     .Help("Requests that the gateway refused before they reached a service, by reason.")
                     .Register(*obs::Metrics())) {
    for (const char* reason : {"UNAUTHENTICATED", "DEPENDENCY_UNAVAILABLE", "ORIGIN_NOT_ALLOWED", "SCOPE_MISSING",
                               "TOO_MANY_IN_FLIGHT", "RATE_LIMITED", "OVERLOADED"})
      refused.emplace(reason, &refusals.Add({{"reason", reason}}));
    if (!options.post) options.post = [](const std::function<void()>& f) { f(); };
    if (options.introspect) keys.emplace(options.introspect, options.post, options.keys);
    limiter.emplace(options.rates, options.post);
  }

  GateOptions options;
  std::shared_ptr<const GateLimits> limits;  // by std::atomic_load and _store
  FailedAuth failed;
  prometheus::Family<prometheus::Counter>& refusals;
  std::map<std::string, prometheus::Counter*> refused;  // not changed after construction
  const std::shared_ptr<std::atomic<int>> in_flight = std::make_shared<std::atomic<int>>(0);
  std::optional<KeyCache> keys;  // none: nobody can be asked
  std::optional<RateLimiter> limiter;

  std::shared_ptr<const GateLimits> Limits() const { return std::atomic_load(&limits); }

  Pass Refuse(Pass pass, Error error) const {
    if (auto counter = refused.find(error.reason); counter != refused.end()) counter->second->Increment();
    pass.refused = std::move(error);
    pass.Leave();
    return pass;
  }

  // A key that memory does not know, from an address that has failed too often.
  std::optional<Error> Exhausted(const IpAddress& address) {
    const std::int64_t retry_us = failed.RetryAfter(address, SteadyMicros());
    if (retry_us == 0) return std::nullopt;
    return RateLimited("address", retry_us);
  }

  // Asks about a key that memory does not know, and remembers against the address what is none.
  void Ask(const auth::ParsedKey& key, const IpAddress& address, KeyCache::Done done) {
    keys->Lookup(key, [weak = weak_from_this(), address, done = std::move(done)](KeyCache::Answer answer) {
      auto impl = weak.lock();
      if (!impl) return;
      if (!answer.ok() && answer.error().code == Code::kUnauthenticated) impl->failed.Failed(address, SteadyMicros());
      done(std::move(answer));
    });
  }

  // What is asked once the key is known and costs nothing.
  std::optional<Error> Judge(const EdgeKey& key, std::string_view host, const std::string& scope, Pass* pass) const {
    pass->tenant = key.principal.tenant;
    pass->subject = key.principal.subject;
    if (pass->readers == Pass::Readers::kAnyPage) {
      const auto verdict = cors::Judge(pass->origin, host, key.origins);
      pass->readers = verdict == cors::Verdict::kListed ? Pass::Readers::kOrigin : Pass::Readers::kUntouched;
      if (verdict == cors::Verdict::kRefused) return OriginNotAllowed(pass->origin);
    }
    if (!key.principal.Has(scope)) return errors::ScopeMissing(scope);
    return std::nullopt;
  }

  struct Rates {
    Rate key, tenant;
  };
  static Rates RatesOf(const EdgeKey& key, const GateLimits& l) {
    return {
        Rate::Per(1, key.limits.key_per_second.value_or(l.key_per_second), key.limits.key_burst.value_or(l.key_burst)),
        Rate::Per(1, key.limits.tenant_per_second.value_or(l.tenant_per_second),
                  key.limits.tenant_burst.value_or(l.tenant_burst))};
  }
  static int MostInFlight(const EdgeKey& key, const GateLimits& l) {
    return key.limits.max_in_flight.value_or(l.tenant_in_flight);
  }

  Pass Limited(Pass pass, const RateDecision& decision) const {
    pass.rates = decision;
    if (decision.allowed()) return pass;
    return Refuse(std::move(pass), RateLimited(Name(decision.refused_by), decision.retry_us()));
  }

  void Accept(const EdgeKeyPtr& key, std::string_view host, const std::string& scope, Pass pass, const Done& done) {
    if (auto error = Judge(*key, host, scope, &pass)) return done(Refuse(std::move(pass), std::move(*error)));
    const auto l = Limits();
    auto ticket = Ticket::Take({key->tenant_state, &key->tenant_state->in_flight}, MostInFlight(*key, *l));
    if (!ticket) return done(Refuse(std::move(pass), TooManyInFlight()));
    pass.of_tenant = std::move(*ticket);
    const auto [key_rate, tenant_rate] = RatesOf(*key, *l);
    limiter->Check(key, key_rate, tenant_rate,
                   [this, pass = std::move(pass), done](const RateDecision& decision) mutable {
                     done(Limited(std::move(pass), decision));
                   });
  }

  // Without anybody to ask. True: `pass` is what comes in, or refused.
  void Claimed(const auth::ParsedKey& key, std::string_view host, Pass* pass) const {
    pass->tenant = key.tenant;
    if (pass->readers == Pass::Readers::kUntouched) return;
    pass->readers = Pass::Readers::kUntouched;
    if (cors::Judge(pass->origin, host, {}) == cors::Verdict::kRefused)
      *pass = Refuse(std::move(*pass), OriginNotAllowed(pass->origin));
  }

  Pass Begin(const http::Request& request) const {
    Pass pass;
    pass.origin = request.Header("origin");
    if (!pass.origin.empty()) pass.readers = Pass::Readers::kAnyPage;
    return pass;
  }

  IpAddress AddressOf(const http::Request& request) const {
    std::vector<std::string_view> forwarded;
    if (!options.trusted_proxies.empty())
      for (const auto& [name, value] : request.headers)
        if (http::EqualsIgnoreCase(name, "x-forwarded-for")) forwarded.push_back(value);
    return ClientAddress(request.peer, forwarded, options.trusted_proxies);
  }
};

Gate::Gate(GateOptions options) : impl_(std::make_shared<Impl>(std::move(options))) {}

Gate::~Gate() { impl_->keys.reset(); }

void Gate::Enter(const http::Request& request, const Route& route, Done done) {
  Impl& g = *impl_;
  Pass pass = g.Begin(request);
  const auto refuse = [&](Error error) { done(g.Refuse(std::move(pass), std::move(error))); };
  auto ticket = Ticket::Take(g.in_flight, g.Limits()->process_in_flight);
  if (!ticket) return refuse(Overloaded());
  pass.process = std::move(*ticket);
  const std::string_view authorization = request.Header("authorization");
  const std::string& scope = ScopeOf(route);
  if (authorization.empty() && scope == "public") return done(std::move(pass));
  const auto key = auth::ParseKey(auth::BearerCredential(authorization));
  if (!key) return refuse(errors::Unauthenticated());
  const std::string_view host = request.Header("host");
  if (!g.keys) {
    g.Claimed(*key, host, &pass);
    return done(std::move(pass));
  }
  if (auto known = g.keys->Recall(*key)) {
    if (!known->ok()) return refuse(std::move(*known).error());
    return g.Accept(**known, host, scope, std::move(pass), done);
  }
  const IpAddress address = g.AddressOf(request);
  if (auto error = g.Exhausted(address)) return refuse(std::move(*error));
  // The pass moves on: a copy left here would keep its place in flight.
  g.Ask(*key, address,
        [&g, host = std::string(host), &scope, pass = std::move(pass), done = std::move(done)](auto answer) mutable {
          if (!answer.ok()) return done(g.Refuse(std::move(pass), std::move(answer).error()));
          g.Accept(*answer, host, scope, std::move(pass), done);
        });
}

std::optional<Pass> Gate::Admit(const http::Request& request, const Route& route) {
  Impl& g = *impl_;
  Pass pass = g.Begin(request);
  const auto l = g.Limits();
  if (l->process_in_flight > 0 && g.in_flight->load(std::memory_order_relaxed) >= l->process_in_flight)
    return g.Refuse(std::move(pass), Overloaded());
  const std::string_view authorization = request.Header("authorization");
  const std::string& scope = ScopeOf(route);
  if (authorization.empty() && scope == "public") return std::nullopt;
  const auto parsed = auth::ParseKey(auth::BearerCredential(authorization));
  if (!parsed) return g.Refuse(std::move(pass), errors::Unauthenticated());
  const std::string_view host = request.Header("host");
  if (!g.keys) {
    g.Claimed(*parsed, host, &pass);
    return pass.refused ? std::optional(std::move(pass)) : std::nullopt;
  }
  const auto known = g.keys->Recall(*parsed);
  if (!known) {
    const IpAddress address = g.AddressOf(request);
    if (auto error = g.Exhausted(address)) return g.Refuse(std::move(pass), std::move(*error));
    g.Ask(*parsed, address, [](const auto&) {});
    return std::nullopt;
  }
  if (!known->ok()) return g.Refuse(std::move(pass), known->error());
  const EdgeKey& key = ***known;
  if (auto error = g.Judge(key, host, scope, &pass)) return g.Refuse(std::move(pass), std::move(*error));
  if (const int most = Impl::MostInFlight(key, *l); most > 0 && key.tenant_state->in_flight.load() >= most)
    return g.Refuse(std::move(pass), TooManyInFlight());
  const auto [key_rate, tenant_rate] = Impl::RatesOf(key, *l);
  RateDecision decision;
  if (!g.limiter->Refuses(key, key_rate, tenant_rate, &decision)) return std::nullopt;
  return g.Limited(std::move(pass), decision);
}

std::optional<http::Response> Gate::Preflight(const http::Request& request, const std::set<std::string>& methods) {
  return cors::Preflight(request, methods);
}

void Gate::DecorateUnentered(const http::Request& request, http::Response* response) {
  if (!request.Header("origin").empty()) cors::AllowAny(response);
}

IpAddress Gate::AddressOf(const http::Request& request) const { return impl_->AddressOf(request); }

void Gate::SetLimits(const GateLimits& limits) {
  std::atomic_store(&impl_->limits, std::make_shared<const GateLimits>(limits));
}

}  // namespace lanting::gateway
