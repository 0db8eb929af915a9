#include "platform/inbox/consumer.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "platform/base/fault.h"
#include "platform/base/worker_thread.h"
#include "platform/inbox/apply.h"
#include "platform/inbox/dead_letter.h"
#include "platform/inbox/group_reader.h"
#include "platform/obs/log.h"
#include "platform/obs/metrics.h"
#include "platform/redis/backoff.h"

namespace lanting::inbox {
namespace {

using std::chrono::milliseconds;

struct Event {
  Delivery delivery;
  EventEnvelope envelope;
  Id tenant;
  int attempts = 0;

  // What is ordered: the subject in its tenant.
  std::string OrderKey() const { return envelope.tenant_id() + '/' + envelope.subject(); }
};

// Events of one subject waiting for the first of them to be tried again.
struct Held {
  std::deque<Event> events;
  Deadline due;
};

struct ConsumerMetrics {
  explicit ConsumerMetrics(const ConsumerOptions& o)
      : dead_letters(prometheus::BuildGauge()
                         .Name("lanting_dead_letters")
                         .Help("Events given up, waiting for someone to look")
                         .Register(*obs::Metrics())
                         .Add({{"consumer", o.name}})) {
    auto& handled = prometheus::BuildCounter()
                        .Name("lanting_consumer_handled_total")
                        .Help("Entries by what became of them")
                        .Register(*obs::Metrics());
    for (const char* outcome : {"handled", "duplicate", "stale", "ignored", "retried", "dead_letter", "trimmed"})
      outcomes[outcome] = &handled.Add({{"consumer", o.name}, {"outcome", outcome}});
    auto& lags = prometheus::BuildGauge()
                     .Name("lanting_consumer_lag_entries")
                     .Help("Entries not acknowledged: unread and pending")
                     .Register(*obs::Metrics());
    for (const auto& source : o.sources) lag.push_back(&lags.Add({{"consumer", o.name}, {"source", source}}));
  }
  void Count(std::string_view outcome) { outcomes.find(outcome)->second->Increment(); }

  prometheus::Gauge& dead_letters;
  std::map<std::string, prometheus::Counter*, std::less<>> outcomes;
  std::vector<prometheus::Gauge*> lag;  // per source
};

ConsumerOptions Complete(ConsumerOptions o) {
  if (o.instance.empty()) {
    char host[256] = {};
    gethostname(host, sizeof host - 1);
    o.instance = std::string(host) + "." + std::to_string(getpid());
  }
  return o;
}

std::vector<std::string> AllStreams(const ConsumerOptions& o) {
  std::vector<std::string> out;
  for (const auto& source : o.sources)
    for (auto& key : redis::StreamKeys(source, o.buckets)) out.push_back(std::move(key));
  return out;
}

const char* NameOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDuplicate:
      return "duplicate";
    case Outcome::kStale:
      return "stale";
    default:
      return "handled";
  }
}

}  // namespace

class Consumer::Impl {
 public:
  Impl(ConsumerOptions options, Handlers handlers, pg::Pool& pool)
      : options_(Complete(std::move(options))),
        handlers_(std::move(handlers)),
        pool_(pool),
        client_({.url = options_.redis_url}),
        reader_(client_, options_.name, options_.instance, AllStreams(options_), options_.batch),
        dead_letters_(client_, options_.name),
        metrics_(options_),
        retry_(options_.retry_first, options_.retry_most) {}

  void Start() {
    thread_.Start([this] { Run(); });
  }
  void Stop() { thread_.Stop(); }

 private:
  // Any fault of Redis starts anew with what is pending: held entries are among it.
  void Run() {
    redis::Backoff backoff(milliseconds(50), milliseconds(1000));
    bool joined = false, looked_for_killers = false, remade = false;
    while (!thread_.stopping()) {
      Result<void> step = joined ? Step(looked_for_killers) : reader_.CreateGroups();
      if (step.ok()) {
        // That the groups are there does not mean that they can be read.
        if (joined) {
          backoff.Reset();
          remade = false;
        }
        joined = true;
        continue;
      }
      joined = false;
      held_.clear();
      held_ids_.clear();
      if (step.error().code == Code::kNotFound && !std::exchange(remade, true)) continue;
      obs::Warn("consumer: will try again", {{"reason", step.error().reason}, {"cause", step.error().internal}});
      thread_.Sleep(backoff.Next());
    }
    if (joined && !reader_.Leave().ok()) obs::Warn("consumer: could not leave its groups");
  }

  Result<void> Step(bool& looked_for_killers) {
    RETURN_IF_ERROR(Observe());
    if (const auto wait = Remaining(paused_until_); wait.count() > 0) {
      thread_.Sleep(wait);
      return {};
    }
    RETURN_IF_ERROR(RetryHeld());
    if (Remaining(paused_until_).count() > 0) return {};
    if (held_ids_.size() >= options_.max_held) {
      thread_.Sleep(std::max(milliseconds(1), std::min(options_.block, UntilNextRetry())));
      return {};
    }
    if (!reader_.reading_pending() && std::chrono::steady_clock::now() >= next_claim_) {
      next_claim_ = DeadlineIn(std::max(milliseconds(50), options_.claim_idle / 4));
      ASSIGN_OR_RETURN(auto claimed, reader_.Claim(options_.claim_idle));
      RETURN_IF_ERROR(DropKillers(claimed));
      RETURN_IF_ERROR(Process(std::move(claimed)));
    }
    const bool pending = reader_.reading_pending();
    ASSIGN_OR_RETURN(auto deliveries, reader_.Read(std::min(options_.block, UntilNextRetry())));
    if (pending && !looked_for_killers && !deliveries.empty()) RETURN_IF_ERROR(DropKillers(deliveries));
    looked_for_killers |= pending;
    return Process(std::move(deliveries));
  }

  // Entries are handled in order, so if one kills the process it is the first that is left in its stream. Only that one
  // is given up for having been delivered too often; its neighbours were merely there.
  Result<void> DropKillers(std::vector<Delivery>& deliveries) {
    std::set<std::size_t> looked;
    std::vector<Delivery> killers;
    for (const auto& delivery : deliveries) {
      if (!looked.insert(delivery.stream).second) continue;
      ASSIGN_OR_RETURN(const auto times, reader_.Deliveries(delivery));
      if (times <= options_.max_attempts) continue;
      RETURN_IF_ERROR(Bury(Parse(delivery), "DELIVERED_TOO_OFTEN", "", static_cast<int>(times)));
      killers.push_back(delivery);
    }
    std::erase_if(deliveries, [&](const Delivery& d) {
      return std::ranges::any_of(killers,
                                 [&](const Delivery& k) { return k.stream == d.stream && k.entry.id == d.entry.id; });
    });
    return reader_.Acknowledge(killers);
  }

  static Event Parse(Delivery delivery) {
    Event event{.delivery = std::move(delivery)};
    if (const auto* bytes = event.delivery.entry.Field(redis::kEnvelopeField))
      if (!event.envelope.ParseFromString(*bytes)) event.envelope.Clear();
    event.tenant = Id::Parse(event.envelope.tenant_id()).value_or(Id());
    return event;
  }

  // Sorts out what needs no transaction, and handles the rest tenant by tenant.
  Result<void> Process(std::vector<Delivery> deliveries) {
    std::vector<Delivery> done;
    std::vector<std::vector<Event>> batches;
    std::map<Id, std::size_t> batch_of;
    for (auto& delivery : deliveries) {
      if (held_ids_.contains({delivery.stream, delivery.entry.id})) continue;
      if (delivery.entry.fields.empty()) {
        metrics_.Count("trimmed");
        done.push_back(std::move(delivery));
        continue;
      }
      Event event = Parse(std::move(delivery));
      const auto& e = event.envelope;
      if (event.tenant.IsNil() || e.type().empty() || !Id::Parse(e.event_id())) {
        RETURN_IF_ERROR(Bury(event, "CANNOT_PARSE", "not an EventEnvelope with event_id, tenant_id and type", 1));
        done.push_back(std::move(event.delivery));
      } else if (FindHandler(handlers_, e.type()) == nullptr) {
        metrics_.Count("ignored");
        done.push_back(std::move(event.delivery));
      } else {
        const auto [at, added] = batch_of.try_emplace(event.tenant, batches.size());
        if (added) batches.emplace_back();
        batches[at->second].push_back(std::move(event));
      }
    }
    RETURN_IF_ERROR(reader_.Acknowledge(done));
    for (auto& batch : batches) RETURN_IF_ERROR(HandleBatch(std::move(batch)));
    return {};
  }

  Result<void> HandleBatch(std::vector<Event> batch) {
    std::vector<Event> now;
    for (auto& event : batch) {
      if (Remaining(paused_until_).count() > 0 || held_.contains(event.OrderKey()))
        Hold(std::move(event), paused_until_);
      else
        now.push_back(std::move(event));
    }
    if (now.size() > 1 && TryAll(now)) return Finish(std::move(now));
    // One of them is at fault: each alone.
    for (auto& event : now) {
      if (Remaining(paused_until_).count() > 0 || held_.contains(event.OrderKey())) {
        Hold(std::move(event), paused_until_);
        continue;
      }
      ASSIGN_OR_RETURN(const auto retry_in, HandleOne(event));
      if (retry_in) Hold(std::move(event), DeadlineIn(*retry_in));
    }
    return {};
  }

  bool TryAll(const std::vector<Event>& events) {
    std::vector<const EventEnvelope*> envelopes;
    for (const auto& event : events) envelopes.push_back(&event.envelope);
    const auto applied =
        Apply(pool_, options_.name, handlers_, events.front().tenant, envelopes, DeadlineIn(options_.handle_timeout));
    if (applied.error) {
      if (applied.error->kind == ApplyError::Kind::kUnreachable) Pause(applied.error->error);
      return false;
    }
    pause_backoff_.Reset();
    Committed(applied.outcomes);
    return true;
  }

  void Committed(const std::vector<Outcome>& outcomes) {
    for (auto outcome : outcomes) metrics_.Count(NameOf(outcome));
    const bool effects = std::ranges::find(outcomes, Outcome::kHandled) != outcomes.end();
    if (effects && options_.committed) options_.committed();
  }

  Result<void> Finish(std::vector<Event> events) {
    LANTING_FAULT_POINT("consumer.before_xack");
    std::vector<Delivery> done;
    for (auto& event : events) done.push_back(std::move(event.delivery));
    return reader_.Acknowledge(done);
  }

  // Handles and acknowledges one event. A wait means that it is to be tried again then.
  Result<std::optional<milliseconds>> HandleOne(Event& event) {
    const auto applied =
        Apply(pool_, options_.name, handlers_, event.tenant, {&event.envelope}, DeadlineIn(options_.handle_timeout));
    if (applied.error) {
      const auto& [kind, error] = *applied.error;
      if (kind == ApplyError::Kind::kUnreachable) {
        Pause(error);
        return std::optional(std::max(milliseconds(1), Remaining(paused_until_)));
      }
      ++event.attempts;
      if (kind == ApplyError::Kind::kTransient && event.attempts < options_.max_attempts) {
        metrics_.Count("retried");
        return std::optional(retry_.After(event.attempts));
      }
      RETURN_IF_ERROR(
          Bury(event, error.reason, error.internal.empty() ? error.message : error.internal, event.attempts));
    } else {
      pause_backoff_.Reset();
      Committed(applied.outcomes);
    }
    LANTING_FAULT_POINT("consumer.before_xack");
    RETURN_IF_ERROR(reader_.Acknowledge({event.delivery}));
    return std::optional<milliseconds>();
  }

  Result<void> Bury(const Event& event, const std::string& reason, const std::string& detail, int attempts) {
    const auto& e = event.envelope;
    const auto* bytes = event.delivery.entry.Field(redis::kEnvelopeField);
    obs::LogError("consumer: dead letter",
                  {{"reason", reason}, {"type", e.type()}, {"event", e.event_id()}, {"tenant", e.tenant_id()}});
    RETURN_IF_ERROR(dead_letters_.Add({.stream = reader_.streams()[event.delivery.stream],
                                       .entry_id = event.delivery.entry.id,
                                       .reason = reason,
                                       .detail = detail,
                                       .attempts = attempts,
                                       .failed_time = Clock::System().Now(),
                                       .event_id = e.event_id(),
                                       .tenant_id = e.tenant_id(),
                                       .type = e.type(),
                                       .subject = e.subject(),
                                       .envelope = bytes ? *bytes : std::string()}));
    metrics_.Count("dead_letter");
    metrics_.dead_letters.Increment();
    return {};
  }

  void Hold(Event event, Deadline due) {
    held_ids_.insert({event.delivery.stream, event.delivery.entry.id});
    auto& held = held_[event.OrderKey()];
    if (held.events.empty()) held.due = due;
    held.events.push_back(std::move(event));
  }

  Result<void> RetryHeld() {
    for (auto at = held_.begin(); at != held_.end();) {
      auto& [due_events, due] = at->second;
      while (!due_events.empty() && std::chrono::steady_clock::now() >= due && Remaining(paused_until_).count() <= 0 &&
             !thread_.stopping()) {
        ASSIGN_OR_RETURN(const auto retry_in, HandleOne(due_events.front()));
        if (retry_in) {
          due = DeadlineIn(*retry_in);
        } else {
          held_ids_.erase({due_events.front().delivery.stream, due_events.front().delivery.entry.id});
          due_events.pop_front();
        }
      }
      at = due_events.empty() ? held_.erase(at) : std::next(at);
    }
    return {};
  }

  milliseconds UntilNextRetry() const {
    milliseconds least = options_.block;
    for (const auto& [key, held] : held_) least = std::min(least, Remaining(held.due));
    return std::max(least, milliseconds(0));
  }

  void Pause(const Error& error) {
    paused_until_ = DeadlineIn(pause_backoff_.Next());
    obs::Warn("consumer: waiting for PostgreSQL", {{"cause", error.internal}});
  }

  // The gauges, every few seconds.
  Result<void> Observe() {
    if (std::chrono::steady_clock::now() < next_observation_) return {};
    next_observation_ = DeadlineIn(milliseconds(5000));
    const auto buckets = static_cast<std::size_t>(options_.buckets);
    for (std::size_t i = 0; i < metrics_.lag.size(); ++i) {
      ASSIGN_OR_RETURN(const auto lag, reader_.Lag(i * buckets, (i + 1) * buckets));
      metrics_.lag[i]->Set(static_cast<double>(lag));
    }
    ASSIGN_OR_RETURN(const auto letters, dead_letters_.Count());
    metrics_.dead_letters.Set(static_cast<double>(letters));
    return {};
  }

  const ConsumerOptions options_;
  const Handlers handlers_;
  pg::Pool& pool_;
  redis::Client client_;
  GroupReader reader_;
  DeadLetters dead_letters_;
  ConsumerMetrics metrics_;
  redis::Backoff retry_;
  redis::Backoff pause_backoff_{milliseconds(50), milliseconds(2000)};

  std::map<std::string, Held> held_;  // by OrderKey
  std::set<std::pair<std::size_t, std::string>> held_ids_;
  Deadline paused_until_{}, next_claim_{}, next_observation_{};

  WorkerThread thread_;
};

Consumer::Consumer(ConsumerOptions options, Handlers handlers, pg::Pool& pool)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handlers), pool)) {}
Consumer::~Consumer() { Stop(); }
void Consumer::Start() { impl_->Start(); }
void Consumer::Stop() { impl_->Stop(); }

}  // namespace lanting::inbox
