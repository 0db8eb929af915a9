#include "webhooks/workers/sender.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "platform/base/fault.h"
#include "platform/obs/log.h"
#include "webhooks/domain/names.h"
#include "webhooks/events/publish.h"
#include "webhooks/store/sending_store.h"
#include "webhooks/store/webhook_store.h"
#include "webhooks/workers/request.h"
#include "webhooks/workers/sender_metrics.h"

namespace lanting::webhooks {
namespace {

using std::chrono::milliseconds;

constexpr int kQueuesAtOnce = 32;
constexpr int kWhileFailing = 1;  // deliveries of a round of a webhook that fails

// One hold on the queue of a webhook.
struct Round {
  sending_store::Queue queue;
  std::optional<Time> last_success_time;
  std::size_t open = 0;  // deliveries whose outcome was not written down
};

struct Finished {
  std::shared_ptr<Round> round;
  Delivery delivery;  // as it was loaded
  Attempt attempt;
  double random;
};

// What writing down the outcomes of a round did.
struct Recorded {
  std::vector<Delivery> concluded;
  std::optional<DisableReason> disabled;
  bool due = false;  // there is more
};

}  // namespace

class Sender::Impl {
 public:
  Impl(pg::Pool& pool, const Clock& clock, const crypto::SecretBox& box, SenderOptions options)
      : pool_(pool), clock_(clock), box_(box), options_(std::move(options)), http_(options_.http) {}

  void Start() {
    if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  }
  void Stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    http_.Stop();
  }
  void Wake() {
    {
      std::lock_guard lock(mutex_);
      look_ = true;
    }
    changed_.notify_all();
  }

 private:
  void Run() {
    std::optional<Deadline> end;
    auto next_poll = Deadline();
    for (bool failed = false;;) {
      auto [finished, look, stopping] = Await(next_poll, failed);
      failed = !Record(std::move(finished));
      if (stopping) {
        if (!end) end = DeadlineIn(options_.drain);
        if (in_flight_ == 0 || Remaining(*end).count() <= 0) return;
        next_poll = DeadlineIn(milliseconds(100));
        continue;
      }
      if (look || std::chrono::steady_clock::now() >= next_poll) {
        next_poll = DeadlineIn(options_.poll);
        if (Claim()) Wake();
      }
    }
  }

  struct Work {
    std::vector<Finished> finished;
    bool look, stopping;
  };
  // Returns when there is something to do, and no later than `until`. After a failure not before a while.
  Work Await(Deadline until, bool failed) {
    std::unique_lock lock(mutex_);
    const bool was_stopping = stopping_;
    if (failed) changed_.wait_for(lock, options_.poll, [&] { return stopping_ != was_stopping; });
    changed_.wait_until(lock, until, [&] { return look_ || !finished_.empty() || (stopping_ && !was_stopping); });
    Work work{std::move(finished_), look_, stopping_};
    finished_.clear();
    look_ = false;
    return work;
  }

  // Takes queues with something due and begins to send; true if there may be more.
  bool Claim() {
    const int room = std::min(options_.max_in_flight - in_flight_, kQueuesAtOnce);
    if (room <= 0) return false;
    auto queues = pg::InTenantTx(pool_, Id(), DeadlineIn(options_.transaction),
                                 [&](pg::Tx& tx) -> Result<std::vector<sending_store::Queue>> {
                                   return sending_store::Claim(tx, clock_.Now(), options_.lease, room);
                                 });
    if (!queues.ok()) {
      obs::Debug("deliveries wait for the database", {{"reason", queues.error().internal}});
      return false;
    }
    for (const auto& queue : *queues) Begin(queue);
    return queues->size() == static_cast<std::size_t>(room) && in_flight_ < options_.max_in_flight;
  }

  // If this fails, the queue is free again when its lease ends.
  void Begin(const sending_store::Queue& queue) {
    const auto now = clock_.Now();
    const int limit = std::clamp(options_.max_in_flight - in_flight_, 1, options_.per_webhook);
    auto load = pg::InTenantTx(pool_, queue.tenant, DeadlineIn(options_.transaction),
                               [&](pg::Tx& tx) -> Result<std::optional<sending_store::Load>> {
                                 auto due = sending_store::Due(tx, box_, queue.webhook, now, limit, kWhileFailing);
                                 if (!due) return std::optional<sending_store::Load>();
                                 if (!due->ok()) return due->error();
                                 if ((*due)->deliveries.empty()) sending_store::Release(tx, queue, now);
                                 return std::optional(std::move(**due));
                               });
    if (!load.ok()) {
      obs::Warn("deliveries cannot be loaded", {{"webhook", names::Webhook(queue.webhook)},
                                                {"tenant", queue.tenant.ToString()},
                                                {"reason", load.error().reason},
                                                {"cause", load.error().internal}});
      return;
    }
    if (*load) Send(queue, **load, now);
  }

  void Send(const sending_store::Queue& queue, sending_store::Load& load, Time now) {
    auto round = std::make_shared<Round>(Round{queue, load.webhook.last_success_time, load.deliveries.size()});
    in_flight_ += static_cast<int>(round->open);
    for (auto& delivery : load.deliveries) {
      if (load.webhook.state == WebhookState::kDisabled && !delivery.once) {
        Finish({round,
                std::move(delivery),
                {.start_time = now, .result = AttemptResult::kDisabled, .error = "the webhook is disabled"},
                0});
        continue;
      }
      auto request = MakeRequest(load.webhook.url, delivery, load.secrets, now);
      const double random = std::uniform_real_distribution<double>(0, 1)(random_);
      http_.Post(std::move(request),
                 [this, round, delivery = std::move(delivery), now, random](net::HttpResult result) {
                   metrics_.seconds.Observe(std::chrono::duration<double>(result.duration).count());
                   Finish({round, delivery, MakeAttempt(std::move(result), now), random});
                 });
    }
  }

  void Finish(Finished finished) {
    {
      std::lock_guard lock(mutex_);
      finished_.push_back(std::move(finished));
    }
    changed_.notify_all();
  }

  // False if something could not be written down: it is kept for the next time.
  bool Record(std::vector<Finished> finished) {
    std::map<std::shared_ptr<Round>, std::vector<Finished>> rounds;
    for (auto& one : finished) rounds[one.round].push_back(std::move(one));
    bool all = true;
    for (auto& [round, outcomes] : rounds) {
      LANTING_FAULT_POINT("webhooks.before_record");
      auto recorded = pg::InTenantTx(pool_, round->queue.tenant, DeadlineIn(options_.transaction),
                                     [&](pg::Tx& tx) { return WriteDown(tx, *round, outcomes); });
      if (recorded.ok()) {
        Settle(*round, outcomes.size(), *recorded);
        continue;
      }
      all = false;
      obs::Warn("outcomes wait for the database", {{"reason", recorded.error().internal}});
      std::lock_guard lock(mutex_);
      std::ranges::move(outcomes, std::back_inserter(finished_));
    }
    return all;
  }

  Result<Recorded> WriteDown(pg::Tx& tx, const Round& round, const std::vector<Finished>& outcomes) {
    Recorded recorded;
    const auto now = clock_.Now();
    const auto& webhook = round.queue.webhook;
    bool succeeded = false, failed = false;
    std::optional<DisableReason> reason;
    for (const auto& one : outcomes) {
      auto after = one.delivery;
      const auto why = webhooks::Conclude(after, one.attempt, round.last_success_time, now, one.random);
      if (!sending_store::Conclude(tx, one.delivery, after, one.attempt)) continue;
      succeeded |= after.state == DeliveryState::kDelivered;
      failed |= after.state != DeliveryState::kDelivered && one.attempt.result != AttemptResult::kDisabled;
      if (why) reason = why;
      recorded.concluded.push_back(std::move(after));
    }
    if (succeeded) {
      sending_store::Succeeded(tx, webhook, now);
    } else if (failed) {
      sending_store::Failing(tx, webhook, now);
    }
    if (reason && (!succeeded || *reason == DisableReason::kGone) && DisableNow(tx, webhook, *reason, now))
      recorded.disabled = reason;
    if (outcomes.size() == round.open) recorded.due = sending_store::Release(tx, round.queue, now);
    return recorded;
  }

  static bool DisableNow(pg::Tx& tx, const Id& id, DisableReason reason, Time now) {
    auto webhook = webhook_store::Lock(tx, id);
    if (!webhook || !Disable(*webhook, reason, now)) return false;
    idempotency::Work work;
    webhook_store::Update(work, tx.tenant(), *webhook);
    work.Publish(events::WebhookDisabled(*webhook, now, ""));
    work.Apply(tx);
    return true;
  }

  void Settle(Round& round, std::size_t outcomes, const Recorded& recorded) {
    round.open -= outcomes;
    in_flight_ -= static_cast<int>(outcomes);
    for (const auto& delivery : recorded.concluded) metrics_.Count(delivery.state);
    if (recorded.disabled) {
      metrics_.CountDisabled(*recorded.disabled);
      obs::Info("webhook disabled", {{"webhook", names::Webhook(round.queue.webhook)},
                                     {"tenant", round.queue.tenant.ToString()},
                                     {"reason", *recorded.disabled == DisableReason::kGone ? "GONE" : "FAILING"}});
      idempotency::WakeRelay();
    }
    if (recorded.due) Wake();
    if (options_.recorded) options_.recorded();
  }

  pg::Pool& pool_;
  const Clock& clock_;
  const crypto::SecretBox& box_;
  const SenderOptions options_;
  SenderMetrics metrics_;
  std::mt19937_64 random_{std::random_device{}()};
  int in_flight_ = 0;  // the thread's: from loaded to written down

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Finished> finished_;
  bool look_ = true, stopping_ = false;

  net::HttpClient http_;
  std::thread thread_;
};

Sender::Sender(pg::Pool& pool, const Clock& clock, const crypto::SecretBox& box, SenderOptions options)
    : impl_(std::make_unique<Impl>(pool, clock, box, std::move(options))) {}
Sender::~Sender() { Stop(); }
void Sender::Start() { impl_->Start(); }
void Sender::Stop() { impl_->Stop(); }
void Sender::Wake() { impl_->Wake(); }

}  // namespace lanting::webhooks
