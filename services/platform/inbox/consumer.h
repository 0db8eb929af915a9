// Consumer: brings the events of other services to this one's handlers, each with its effect exactly once.
//
// An event is handled in one transaction of its tenant: an inbox row (consumer, event_id), then the handler; the entry
// is acknowledged after the commit. So a crash, a takeover or a stream that is sent again costs a second look, never a
// second effect.
//
//   * A type without a handler (kAnyType included) is acknowledged and ignored.
//   * What cannot be parsed, or what the handler refuses for good (an Error that is not transient), goes to the dead
//     letters (dead_letter.h) at once.
//   * Anything else (a transient Error, an SQL error) is tried again with back-off, max_attempts times, then it is a
//   dead
//     letter. Meanwhile later events of the same subject wait behind it, others do not.
//   * While PostgreSQL cannot be reached nothing is read and no attempt is counted.
//   * An event that kills the process is given up after max_attempts deliveries.
//
// The processes of one service share a group: each entry goes to one of them. Events of a subject arrive in order
// within a process; between processes, after a takeover or a redrive they may not: see Versions.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lanting/common/v1/event_envelope.pb.h"
#include "platform/pg/pool.h"

namespace lanting::inbox {

using common::v1::EventEnvelope;

// What becomes of an event whose aggregate_version is lower than one already seen of the same subject (0: no version).
enum class Versions {
  kEvery,   // handled: every fact counts, once each (ledgers, audits, counters)
  kNewest,  // ignored: the handler copies the subject's state, and the newer state is already there
};

struct Handler {
  // Runs in the tenant's transaction, perhaps more than once; no effect outside of it.
  std::function<Result<void>(pg::Tx&, const EventEnvelope&)> apply;
  Versions versions = Versions::kEvery;
};

// By full name of the payload message: "lanting.membership.v1.MemberJoined". kAnyType takes what no other entry takes.
using Handlers = std::map<std::string, Handler, std::less<>>;
inline constexpr char kAnyType[] = "*";
// nullptr: nobody takes the type.
const Handler* FindHandler(const Handlers& handlers, std::string_view type);

struct ConsumerOptions {
  std::string name;  // the consuming service: group, inbox rows, dead letters
  // This process, unique in the group. A name that is the same after a restart (a pod of a StatefulSet) takes its own
  // pending entries up again at once; another waits for claim_idle. Empty: host name and process id.
  std::string instance;
  std::vector<std::string> sources;  // services whose events to read
  std::string redis_url;
  int buckets = 4;  // as the relays of the sources: LANTING_STREAM_BUCKETS
  int batch = 100;  // entries per stream and read; those of one tenant share a transaction
  int max_attempts = 10;
  std::size_t max_held = 1000;  // entries waiting for another try; reading stops at this number
  std::chrono::milliseconds block{500};
  std::chrono::milliseconds claim_idle{60000};  // above the slowest handler: older entries of others are taken over
  std::chrono::milliseconds handle_timeout{10000};
  std::chrono::milliseconds retry_first{100}, retry_most{20000};
  // Called by the consumer's thread after a commit with effects: wakes whoever works on them. May be empty.
  std::function<void()> committed{};
};

class Consumer {
 public:
  // Never fails for a dependency that is down. `pool` is of the app role and outlives the consumer.
  Consumer(ConsumerOptions options, Handlers handlers, pg::Pool& pool);
  ~Consumer();  // Stop()

  void Start();
  void Stop();  // finishes and acknowledges what is in hand

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lanting::inbox
