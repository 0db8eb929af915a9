// Dead letters: what a consumer gave up, kept in the stream lanting:dlq:{<consumer>} until someone has looked at it.
// `lantingctl dlq list | show | redrive | purge`.
//
// A dead letter is written before its entry is acknowledged. The two are not atomic (their streams may be on different
// nodes of a Redis Cluster), so a crash in between leaves the same letter twice: harmless.
#pragma once

#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "platform/redis/client.h"

namespace lanting::inbox {

// Oldest letters are dropped beyond this number; alert on lanting_dead_letters long before.
inline constexpr int kMostDeadLetters = 100000;

struct DeadLetter {
  std::string id;        // in the dead-letter stream; List and Show fill it in
  std::string stream;    // where the entry was
  std::string entry_id;  // its id there
  std::string reason;    // "CANNOT_PARSE", "DELIVERED_TOO_OFTEN" or the reason of the last Error
  std::string detail;    // for the operator; may be empty
  int attempts = 0;
  Time failed_time{};
  std::string event_id, tenant_id, type, subject;  // empty if the envelope cannot be parsed
  std::string envelope;                            // serialised EventEnvelope, as it came
};

class DeadLetters {
 public:
  // `client` outlives this.
  DeadLetters(redis::Client& client, std::string consumer);

  Result<void> Add(const DeadLetter& letter);
  // Oldest first, those after the id `after` ("" for the first page), at most `limit`.
  Result<std::vector<DeadLetter>> List(const std::string& after, int limit);
  Result<DeadLetter> Show(const std::string& id);  // NOT_FOUND
  // Puts the event back into the stream it came from and removes the letter. Every group of the stream gets it; those
  // that had handled it drop it by their inbox.
  Result<void> Redrive(const std::string& id);
  Result<void> Purge(const std::string& id);  // NOT_FOUND
  Result<std::int64_t> PurgeAll();            // how many there were
  Result<std::int64_t> Count();

 private:
  redis::Client& client_;
  std::string key_;
};

}  // namespace lanting::inbox
