// The relay's side of Redis: adding to streams that are known to be whole, and trimming what every group has read.
// Internal to the outbox.
#pragma once

#include <string>
#include <vector>

#include "platform/outbox/relay_store.h"
#include "platform/redis/client.h"

namespace lanting::outbox {

class RelayStreams {
 public:
  RelayStreams(std::string redis_url, const std::string& service, int buckets);

  // Adds `rows` and notes the new last ids in `cursor`. Nothing is added to a stream that lost anything; such streams
  // are returned and forgotten in the cursor. An Error means that any part may have been added. No rows: a mere check.
  Result<std::vector<std::string>> Add(const std::vector<Row>& rows, Cursor& cursor);

  // Notes the groups there are in the cursor, and cuts each stream at the oldest entry that some group has not
  // acknowledged, or at `keep_days` if that is later. A stream without groups, or where a known group is missing, is
  // cut at `keep_days` only. Returns whether the cursor changed. A group that is there for the first time after
  // anything was cut off has missed that: the cursor goes back to the start of the retained outbox, and nothing is cut
  // this time.
  Result<bool> Trim(Cursor& cursor, int keep_days);

 private:
  Result<bool> Trimmed();
  Result<bool> NoteGroups(const std::string& key, Cursor& cursor, std::vector<std::string>& names,
                          redis::StreamId& acknowledged);

  redis::Client client_;
  std::vector<std::string> keys_;
};

}  // namespace lanting::outbox
