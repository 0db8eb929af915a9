// Relay: brings a service's outbox rows to its streams. Every process of the service has one; one of them at a time
// works, the one that holds the service's advisory lock, and another takes over when its connection ends, or when it
// has failed ten times in a row.
//
// Order and completeness. Rows are read by (xid, id) and only below pg_snapshot_xmin(): everything below is committed
// or gone for ever, so nothing can appear behind the cursor later. (Reading `id > last` loses the rows of a transaction
// that took its ids early and committed late.) Within a batch rows are sent by id, which is taken while the subject's
// row is locked.
//
// Redis may forget. With the cursor, PostgreSQL keeps the last id the relay added to each stream; rows are added by a
// script that first compares it with the stream's own last id. A stream that is gone, was made anew by a consumer, or
// lost its tail is noticed before anything is added to it (when idle: within a second), and the cursor goes back to the
// start of the retained outbox. Consumers drop what they have seen.
//
// It polls, and Wake() spares the wait after a commit of the same process. LISTEN/NOTIFY is not used: NOTIFY takes a
// database-wide lock at commit.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace lanting::outbox {

struct RelayOptions {
  std::string service;  // "membership": names the lock, the streams and the metrics
  // libpq URL of role <svc>_relay, search_path on the service's schema. Straight to PostgreSQL, not through PgBouncer
  // in transaction mode: the lock is the session's.
  std::string pg_url;
  std::string redis_url;
  int buckets = 4;  // LANTING_STREAM_BUCKETS; 1..64. More later is safe, order per subject aside
  int batch = 500;
  std::chrono::milliseconds busy_poll{100};
  std::chrono::milliseconds idle_poll{500};
  std::chrono::milliseconds min_round{5};  // wakes that come faster share a round
  std::chrono::milliseconds trim_every{10000};
  std::chrono::milliseconds maintain_every{3600000};
  int keep_days = 7;         // outbox retention; streams are cut at the same age, whoever has not read them
  int inbox_keep_days = 30;  // this service's own inbox; far longer than any source keeps its outbox
};

class Relay {
 public:
  // Never fails for a dependency that is down: it tries again with back-off until it is there.
  explicit Relay(RelayOptions options);
  ~Relay();  // Stop()

  void Start();
  void Stop();  // ends the running batch; at most a few seconds when a dependency hangs
  void Wake();  // there is something new; never blocks

  bool leader() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lanting::outbox
