#include "webhooks/api/ping_waiter.h"

#include <algorithm>

#include "webhooks/api/convert.h"
#include "webhooks/domain/errors.h"
#include "webhooks/domain/names.h"
#include "webhooks/store/delivery_store.h"

namespace lanting::webhooks {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxWaiting = 100;
constexpr int kRetryAfterMs = 1000;
constexpr milliseconds kPoll{100}, kIdle{60'000}, kReadTimeout{2'000};

}  // namespace

void PingWaiter::Start() {
  thread_.Start([this] {
    while (!thread_.stopping()) {
      LookAtAll();
      std::unique_lock lock(mutex_);
      const auto wait = waiting_.empty() ? kIdle : kPoll;
      lock.unlock();
      thread_.Wait(wait);
    }
  });
}

void PingWaiter::Stop() {
  thread_.Stop();
  std::vector<Waiting> left;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(waiting_);
  }
  for (auto& waiting : left) {
    waiting.deadline = Deadline();
    Look(waiting);
  }
}

void PingWaiter::Await(const Id& tenant, const Id& webhook, const Id& delivery, Deadline deadline, Done done) {
  {
    std::lock_guard lock(mutex_);
    if (!stopped_ && waiting_.size() < kMaxWaiting) {
      waiting_.push_back({tenant, webhook, delivery, deadline, std::move(done)});
      done = nullptr;
    }
  }
  if (done) return done(lanting::errors::Overloaded(kRetryAfterMs));
  thread_.Wake();
}

bool PingWaiter::Look(const Waiting& w) {
  auto found = pg::ReadTenant(pool_, w.tenant, DeadlineIn(kReadTimeout), [&](pg::Tx& tx) -> Result<v1::Delivery> {
    const auto delivery = delivery_store::Get(tx, w.webhook, w.delivery);
    if (!delivery) return errors::DeliveryNotFound(names::Delivery(w.webhook, w.delivery));
    return convert::ToProto(*delivery, delivery_store::Attempts(tx, w.delivery, 1));
  });
  const bool late = Remaining(w.deadline).count() <= 0;
  const bool open = found.ok() ? found->state() == v1::DELIVERY_STATE_PENDING : found.error().transient();
  if (open && !late) return false;
  w.done(std::move(found));
  return true;
}

void PingWaiter::LookAtAll() {
  std::vector<Waiting> now;
  {
    std::lock_guard lock(mutex_);
    now.swap(waiting_);
  }
  std::erase_if(now, [this](const Waiting& waiting) { return Look(waiting); });
  std::lock_guard lock(mutex_);
  std::ranges::move(now, std::back_inserter(waiting_));
}

}  // namespace lanting::webhooks
