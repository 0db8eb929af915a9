#include "platform/outbox/relay.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <algorithm>
#include <atomic>

#include "platform/base/clock.h"
#include "platform/base/fault.h"
#include "platform/base/worker_thread.h"
#include "platform/obs/log.h"
#include "platform/obs/metrics.h"
#include "platform/outbox/relay_store.h"
#include "platform/outbox/relay_streams.h"
#include "platform/redis/backoff.h"

namespace lanting::outbox {
namespace {

using std::chrono::milliseconds;

struct RelayMetrics {
  explicit RelayMetrics(const std::string& service)
      : oldest_age(
            Gauge("lanting_outbox_oldest_age_seconds", "Age of the oldest event that is not in its stream", service)),
        leader(Gauge("lanting_relay_leader", "1 if this process relays the outbox", service)),
        relayed(Counter("lanting_outbox_relayed_total", "Events added to streams, repeats included", service)),
        rewinds(Counter("lanting_outbox_rewinds_total", "Times the outbox was sent again since Redis had lost a part",
                        service)) {}
  static prometheus::Gauge& Gauge(const char* name, const char* help, const std::string& service) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(*obs::Metrics()).Add({{"service", service}});
  }
  static prometheus::Counter& Counter(const char* name, const char* help, const std::string& service) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(*obs::Metrics()).Add({{"service", service}});
  }
  prometheus::Gauge &oldest_age, &leader;
  prometheus::Counter &relayed, &rewinds;
};

constexpr int kFailuresOfALeader = 10;  // in a row, about 5 s

// A thing to be done now and then.
struct Timer {
  milliseconds every;
  Deadline next{};  // the first time at once
  bool Due() {
    if (std::chrono::steady_clock::now() < next) return false;
    next = DeadlineIn(every);
    return true;
  }
};

}  // namespace

class Relay::Impl {
 public:
  explicit Impl(RelayOptions o)
      : options_(std::move(o)),
        store_(options_.pg_url, options_.service),
        streams_(options_.redis_url, options_.service, options_.buckets),
        metrics_(options_.service) {}

  void Start() {
    thread_.Start([this] { Run(); });
  }
  void Stop() { thread_.Stop(); }
  void Wake() { thread_.Wake(); }

  bool leader() const { return leader_; }

 private:
  void Run() {
    redis::Backoff backoff(milliseconds(50), milliseconds(1000));
    int failed = 0;
    while (!thread_.stopping()) {
      auto more = Round();
      if (!more.ok()) {
        obs::Warn("relay: will try again", {{"reason", more.error().reason}, {"cause", more.error().internal}});
        SetLeader(store_.connected() && leader_);
        failed = leader_ ? failed + 1 : 0;
        if (failed < kFailuresOfALeader) {
          thread_.Sleep(backoff.Next());
        } else {
          failed = 0;
          GiveWay();
        }
        continue;
      }
      backoff.Reset();
      failed = 0;
      if (*more) continue;
      const bool busy = std::chrono::steady_clock::now() < busy_until_;
      thread_.Sleep(options_.min_round);
      thread_.Wait((busy ? options_.busy_poll : options_.idle_poll) - options_.min_round);
    }
    store_.Disconnect();
    SetLeader(false);
  }

  // Perhaps only this process's way to Redis is cut: another replica may take over. The age of the oldest event stays
  // told until it is known who leads.
  void GiveWay() {
    obs::Warn("relay: gives way to another", {{"outbox", options_.service}});
    store_.Disconnect();
    leader_ = false;
    metrics_.leader.Set(0);
    thread_.Sleep(2 * options_.idle_poll);
  }

  // True if there is more to do at once.
  Result<bool> Round() {
    if (!leader_ || !store_.connected()) {
      leader_ = false;
      metrics_.leader.Set(0);
      ASSIGN_OR_RETURN(const bool mine, store_.TryLead());
      if (!mine) {
        SetLeader(false);
        return false;
      }
      ASSIGN_OR_RETURN(cursor_, store_.LoadCursor());
      SetLeader(true);
      obs::Info("relay: leading", {{"outbox", options_.service}});
    }
    if (age_.Due()) {
      ASSIGN_OR_RETURN(const double seconds, store_.OldestAgeSeconds(cursor_.position));
      metrics_.oldest_age.Set(seconds);
    }
    const auto more = Forward();
    // Needs no Redis, so it goes on while that is down.
    if (store_.connected()) RETURN_IF_ERROR(Housekeeping());
    if (more.ok() && trim_.Due()) RETURN_IF_ERROR(Trim());
    return more;
  }

  // A batch from the outbox to the streams. True if there is more.
  Result<bool> Forward() {
    Position end;
    ASSIGN_OR_RETURN(const auto rows, store_.Read(cursor_.position, options_.batch, end));
    if (!rows.empty()) {
      RETURN_IF_ERROR(Send(rows, end));
      busy_until_ = DeadlineIn(milliseconds(5000));
    } else if (check_.Due()) {
      RETURN_IF_ERROR(Send(rows, end));
    }
    return static_cast<int>(rows.size()) == options_.batch;
  }

  Result<void> Send(const std::vector<Row>& rows, const Position& end) {
    const Position before = cursor_.position;
    if (!rows.empty()) LANTING_FAULT_POINT("relay.before_xadd");
    ASSIGN_OR_RETURN(const auto lost, streams_.Add(rows, cursor_));
    if (!rows.empty()) LANTING_FAULT_POINT("relay.after_xadd");
    if (!lost.empty()) {
      cursor_.position = {};
      metrics_.rewinds.Increment();
      obs::Warn("relay: Redis lost events; sending the retained outbox again", {{"stream", lost.front()}});
      busy_until_ = DeadlineIn(milliseconds(5000));
      Wake();
    } else if (rows.empty()) {
      return {};
    } else {
      cursor_.position = end;
      metrics_.relayed.Increment(static_cast<double>(rows.size()));
    }
    return store_.StoreCursor(before, cursor_);
  }

  Result<void> Trim() {
    Cursor next = cursor_;  // a newcomer that was noted and not served would be forgotten
    ASSIGN_OR_RETURN(const bool changed, streams_.Trim(next, options_.keep_days));
    if (!changed) return {};
    RETURN_IF_ERROR(store_.StoreCursor(cursor_.position, next));
    if (next.position != cursor_.position) {
      metrics_.rewinds.Increment();
      obs::Info("relay: a new consumer; sending the retained outbox again", {{"outbox", options_.service}});
      Wake();
    }
    cursor_ = std::move(next);
    return {};
  }

  Result<void> Housekeeping() {
    if (maintain_.Due()) {
      // What has not been relayed is kept, however old it is.
      ASSIGN_OR_RETURN(const double age, store_.OldestAgeSeconds(cursor_.position));
      RETURN_IF_ERROR(store_.Maintain(std::max(options_.keep_days, static_cast<int>(age / 86400) + 2)));
    }
    if (purge_.Due()) {
      ASSIGN_OR_RETURN(const bool more, store_.Purge(options_.inbox_keep_days));
      if (more) purge_.next = DeadlineIn(milliseconds(500));
    }
    return {};
  }

  void SetLeader(bool leader) {
    leader_ = leader;
    metrics_.leader.Set(leader ? 1 : 0);
    if (!leader) metrics_.oldest_age.Set(0);
  }

  const RelayOptions options_;
  RelayStore store_;
  RelayStreams streams_;
  RelayMetrics metrics_;
  Cursor cursor_;
  std::atomic<bool> leader_ = false;
  Deadline busy_until_{};
  Timer age_{milliseconds(1000)}, check_{milliseconds(500)};
  Timer trim_{options_.trim_every}, maintain_{options_.maintain_every}, purge_{milliseconds(60000)};

  WorkerThread thread_;
};

Relay::Relay(RelayOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Relay::~Relay() { Stop(); }
void Relay::Start() { impl_->Start(); }
void Relay::Stop() { impl_->Stop(); }
void Relay::Wake() { impl_->Wake(); }
bool Relay::leader() const { return impl_->leader(); }

}  // namespace lanting::outbox
