// The consumer's side of Redis: one group over all streams of its sources. Internal to the inbox.
#pragma once

#include <string>
#include <vector>

#include "platform/redis/client.h"
#include "platform/redis/stream.h"

namespace lanting::inbox {

struct Delivery {
  std::size_t stream = 0;  // index into GroupReader::streams()
  redis::Entry entry;
};

class GroupReader {
 public:
  GroupReader(redis::Client& client, std::string group, std::string instance, std::vector<std::string> streams,
              int batch);

  const std::vector<std::string>& streams() const { return streams_; }

  // Makes the group at the start of every stream, and the streams; what exists stays. Afterwards Read() begins with
  // what this instance has pending.
  Result<void> CreateGroups();
  // True while Read() returns what was pending rather than what is new.
  bool reading_pending() const { return !pending_from_.empty(); }
  // The next entries; blocks for `block` if there are none and nothing is pending. NOT_FOUND: a stream or its group is
  // gone: CreateGroups().
  Result<std::vector<Delivery>> Read(std::chrono::milliseconds block);
  // Takes over entries of other instances that they have not acknowledged for `idle`; a batch per stream.
  Result<std::vector<Delivery>> Claim(std::chrono::milliseconds idle);
  // How often an entry has been delivered, this time included; 0 if it is not pending.
  Result<std::int64_t> Deliveries(const Delivery& delivery);
  Result<void> Acknowledge(const std::vector<Delivery>& deliveries);
  // Entries of streams [from, to) that this group has not acknowledged: not yet read plus pending.
  Result<std::int64_t> Lag(std::size_t from, std::size_t to);
  // Takes this instance out of the groups where it has nothing pending.
  Result<void> Leave();

 private:
  Result<std::vector<Delivery>> ReadPending();
  void Collect(redis::Reply& reply, std::vector<Delivery>& out) const;
  std::size_t IndexOf(const std::string& stream) const;

  redis::Client& client_;
  const std::string group_, instance_;
  const std::vector<std::string> streams_;
  const std::string batch_;
  std::vector<std::string> pending_from_;  // per stream: read on after this id; empty when all is read
};

}  // namespace lanting::inbox
