#include "gateway/protect/rate_limiter.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "gateway/protect/rate_script.h"
#include "platform/base/worker_thread.h"
#include "platform/obs/log.h"
#include "platform/obs/metrics.h"
#include "platform/redis/client.h"

namespace lanting::gateway {
namespace {

constexpr std::size_t kMaxPipeline = 512;

std::int64_t SteadyMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Waiting {
  EdgeKeyPtr key;
  Rate key_rate, tenant_rate;
  RateLimiter::Done done;
  std::int64_t since_us;
};

struct Decided {
  RateLimiter::Done done;
  RateDecision decision;
};

RateDecision Decide(std::int64_t key_tat, std::int64_t tenant_tat, std::int64_t now, const Rate& key_rate,
                    const Rate& tenant_rate) {
  RateDecision d{.key_rate = key_rate, .tenant_rate = tenant_rate};
  if (!key_rate.off()) d.key = Look(key_tat, now, key_rate);
  if (!tenant_rate.off()) d.tenant = Look(tenant_tat, now, tenant_rate);
  if (!d.key.allowed)
    d.refused_by = RateDecision::Bucket::kKey;
  else if (!d.tenant.allowed)
    d.refused_by = RateDecision::Bucket::kTenant;
  return d;
}

// Looks at what this process knows, behind the tenant's mutex.
RateDecision Peek(const EdgeKey& key, std::int64_t now, const Rate& key_rate, const Rate& tenant_rate) {
  std::int64_t &key_tat = key.key_state->tat, &tenant_tat = key.tenant_state->tat;
  if (!key_rate.off()) key_tat = PutRight(key_tat, now, key_rate);
  if (!tenant_rate.off()) tenant_tat = PutRight(tenant_tat, now, tenant_rate);
  return Decide(key_tat, tenant_tat, now, key_rate, tenant_rate);
}

// In this process alone.
RateDecision Count(const EdgeKey& key, const Rate& key_rate, const Rate& tenant_rate) {
  const std::int64_t now = SteadyMicros();
  std::lock_guard lock(key.tenant_state->mutex);
  RateDecision d = Peek(key, now, key_rate, tenant_rate);
  if (!d.allowed()) return d;
  if (!key_rate.off()) key.key_state->tat = Taken(d.key, now);
  if (!tenant_rate.off()) key.tenant_state->tat = Taken(d.tenant, now);
  return d;
}

// What Redis answered to a question sent at `sent`. Its TATs were that far ahead at a later time, so what is remembered
// of them is never too late: a refusal by memory is one that Redis would give.
RateDecision Heard(const Waiting& w, const redis::Reply& reply, std::int64_t sent) {
  const std::int64_t key_ahead = reply.items[1].integer, tenant_ahead = reply.items[2].integer;
  RateDecision d = Decide(sent + key_ahead, sent + tenant_ahead, sent, w.key_rate, w.tenant_rate);
  std::lock_guard lock(w.key->tenant_state->mutex);
  const auto remember = [&](std::int64_t& tat, const Rate& rate, const Level& level, std::int64_t ahead) {
    if (!rate.off()) tat = std::max(tat, d.allowed() ? Taken(level, sent) : sent + ahead);
  };
  remember(w.key->key_state->tat, w.key_rate, d.key, key_ahead);
  remember(w.key->tenant_state->tat, w.tenant_rate, d.tenant, tenant_ahead);
  return d;
}

void Fill(const Waiting& w, const std::string& sha, redis::Args* args) {
  args->resize(9);
  auto it = args->begin();
  *it++ = "EVALSHA";
  *it++ = sha;
  *it++ = "2";
  *it++ = w.key->key_bucket;
  *it++ = w.key->tenant_bucket;
  for (const Rate* rate : {&w.key_rate, &w.tenant_rate}) {
    *it++ = std::to_string(rate->interval_us);
    *it++ = std::to_string(rate->full_us());
  }
}

bool IsAnswer(const redis::Reply& reply) {
  return reply.items.size() == 3 && reply.items[0].type == redis::Reply::Type::kInteger;
}

}  // namespace

struct RateLimiter::Impl {
  Impl(RateLimiterOptions o, Post p)
      : options(std::move(o)),
        post(std::move(p)),
        // A request may wait half its time in the queue, and the other half for Redis.
        wait_us(std::chrono::microseconds(options.deadline).count() / 2),
        client({.url = options.redis_url,
                .connect_timeout = options.pause,
                .command_timeout = std::max(options.deadline / 2, std::chrono::milliseconds(1))}) {
    auto& registry = *obs::Metrics();
    fallbacks = &prometheus::BuildCounter()
                     .Name("lanting_edge_limiter_fallback_total")
                     .Help("Requests counted in this process because Redis did not answer in time.")
                     .Register(registry)
                     .Add({});
    up = &prometheus::BuildGauge()
              .Name("lanting_edge_limiter_shared")
              .Help("1 while requests are counted in Redis for all gateways together, 0 while in this process.")
              .Register(registry)
              .Add({});
  }

  // --- any thread ---
  void Check(Waiting w) {
    {
      std::lock_guard lock(mutex);
      if (shared && queue.size() < options.max_queue) {
        const bool first = queue.empty();
        queue.push_back(std::move(w));
        if (first) thread.Wake();
        return;
      }
    }
    w.done(CountHere(w));
  }

  RateDecision CountHere(const Waiting& w) {
    if (!options.redis_url.empty()) fallbacks->Increment();
    return Count(*w.key, w.key_rate, w.tenant_rate);
  }

  // --- the thread ---
  void Run() {
    while (!thread.stopping()) {
      if (!shared && !Connect()) {
        thread.Sleep(options.pause);
        continue;
      }
      auto batch = Take();
      if (batch.empty())
        thread.Wait(std::chrono::milliseconds(1000));
      else
        Answer(batch);
    }
  }

  std::vector<Waiting> Take() {
    std::lock_guard lock(mutex);
    std::vector<Waiting> batch;
    if (queue.size() <= kMaxPipeline) {
      batch.swap(queue);
    } else {
      const auto end = queue.begin() + kMaxPipeline;
      batch.assign(std::make_move_iterator(queue.begin()), std::make_move_iterator(end));
      queue.erase(queue.begin(), end);
    }
    return batch;
  }

  bool Connect() {
    client.Disconnect();
    auto loaded = client.Command({"SCRIPT", "LOAD", kRateScript});
    if (!loaded.ok() || loaded->error()) {
      if (!said_down) obs::Warn("rate limits are counted in this process alone", {{"cause", "redis"}});
      said_down = true;
      return false;
    }
    if (said_down) obs::Info("rate limits are counted in Redis again");
    said_down = false;
    sha = loaded->text;
    std::lock_guard lock(mutex);
    shared = true;
    up->Increment();  // not Set: with other settings there may be two for a moment
    return true;
  }

  // Redis is left alone; whoever waits for it is counted here.
  void Down(std::vector<Decided>* decided) {
    std::vector<Waiting> waiting;
    {
      std::lock_guard lock(mutex);
      if (shared) up->Decrement();
      shared = false;
      waiting.swap(queue);
    }
    for (Waiting& w : waiting) decided->push_back({std::move(w.done), CountHere(w)});
  }

  void Answer(std::vector<Waiting>& batch) {
    std::vector<Decided> decided;
    decided.reserve(batch.size());
    const std::int64_t now = SteadyMicros();
    const auto late =
        std::partition(batch.begin(), batch.end(), [&](const Waiting& w) { return now - w.since_us <= wait_us; });
    for (auto w = late; w != batch.end(); ++w) decided.push_back({std::move(w->done), CountHere(*w)});
    batch.erase(late, batch.end());
    bool failed = false;
    if (!batch.empty()) failed = !Ask(batch, &decided);
    if (failed) Down(&decided);
    post([decided = std::move(decided)] {
      for (const Decided& d : decided) d.done(d.decision);
    });
    if (failed) thread.Sleep(options.pause);
  }

  // False: Redis failed.
  bool Ask(std::vector<Waiting>& batch, std::vector<Decided>* decided) {
    commands.resize(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) Fill(batch[i], sha, &commands[i]);
    const std::int64_t sent = SteadyMicros();
    auto replies = client.Pipeline(commands);
    if (replies.ok()) RunUnknownScripts(&*replies);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const bool heard = replies.ok() && IsAnswer((*replies)[i]);
      RateDecision decision = heard ? Heard(batch[i], (*replies)[i], sent) : CountHere(batch[i]);
      decided->push_back({std::move(batch[i].done), std::move(decision)});
    }
    return replies.ok();
  }

  // Redis forgot the script (restarted, or SCRIPT FLUSH): by its text, which it then knows again. Once: whoever gets no
  // answer then is counted here.
  void RunUnknownScripts(std::vector<redis::Reply>* replies) {
    std::vector<redis::Args> again;
    std::vector<std::size_t> which;
    for (std::size_t i = 0; i < replies->size(); ++i) {
      if (!(*replies)[i].error("NOSCRIPT")) continue;
      which.push_back(i);
      again.push_back(commands[i]);
      again.back()[0] = which.size() == 1 ? "EVAL" : "EVALSHA";
      if (which.size() == 1) again.back()[1] = kRateScript;
    }
    if (which.empty()) return;
    auto more = client.Pipeline(again);
    if (!more.ok()) return;
    for (std::size_t i = 0; i < which.size(); ++i) (*replies)[which[i]] = std::move((*more)[i]);
  }

  const RateLimiterOptions options;
  const Post post;
  const std::int64_t wait_us;
  prometheus::Counter* fallbacks;
  prometheus::Gauge* up;

  mutable std::mutex mutex;  // of `shared` and `queue`
  bool shared = false;       // written by the thread only
  std::vector<Waiting> queue;

  redis::Client client;  // what follows is the thread's
  std::string sha;
  bool said_down = false;
  std::vector<redis::Args> commands;  // kept for its memory
  WorkerThread thread;
};

RateLimiter::RateLimiter(RateLimiterOptions options, Post post)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(post))) {
  if (!impl_->options.redis_url.empty()) impl_->thread.Start([impl = impl_.get()] { impl->Run(); });
}

RateLimiter::~RateLimiter() {
  impl_->thread.Stop();
  std::vector<Decided> left;
  impl_->Down(&left);
  for (const Decided& d : left) d.done(d.decision);
}

void RateLimiter::Check(const EdgeKeyPtr& key, const Rate& key_rate, const Rate& tenant_rate, Done done) {
  RateDecision decision{.key_rate = key_rate, .tenant_rate = tenant_rate};
  if ((key_rate.off() && tenant_rate.off()) || Refuses(*key, key_rate, tenant_rate, &decision)) return done(decision);
  impl_->Check({key, key_rate, tenant_rate, std::move(done), SteadyMicros()});
}

bool RateLimiter::Refuses(const EdgeKey& key, const Rate& key_rate, const Rate& tenant_rate,
                          RateDecision* decision) const {
  const std::int64_t now = SteadyMicros();
  std::lock_guard lock(key.tenant_state->mutex);
  const RateDecision d = Peek(key, now, key_rate, tenant_rate);
  if (!d.allowed()) *decision = d;
  return !d.allowed();
}

bool RateLimiter::shared() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->shared;
}

}  // namespace lanting::gateway
