// The relay's side of PostgreSQL: one session of role <svc>_relay that holds the lock, reads the outbox and keeps the
// cursor. Plain libpq with a deadline on every wait. Any fault ends the session, and with it the leadership. Internal
// to the outbox.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/result.h"
#include "platform/redis/stream.h"

struct pg_conn;
struct pg_result;

namespace lanting::outbox {

struct Position {
  std::uint64_t xid = 0;
  std::int64_t id = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

struct Cursor {
  Position position;
  // The last id the relay added to a stream; absent: the stream is not known to exist.
  std::map<std::string, redis::StreamId> last;
  // Consumer groups and when they were last there (Unix ms). What a known group has not read is not trimmed, also while
  // the group is missing because Redis was emptied.
  std::map<std::string, std::int64_t> groups;
};

struct Row {
  Position position;
  std::string subject;
  std::string envelope;  // serialised EventEnvelope
};

class RelayStore {
 public:
  RelayStore(std::string url, std::string service);
  ~RelayStore();

  bool connected() const { return conn_ != nullptr; }
  void Disconnect();
  // Whether this session holds the service's lock now; connects first if need be.
  Result<bool> TryLead();
  Result<Cursor> LoadCursor();
  // Aborted if someone else moved it: the session was not alone after all (a pooler in between).
  Result<void> StoreCursor(const Position& before, const Cursor& cursor);
  // The next rows after `after`, in the order to be sent; `end` becomes the position to store once they are.
  Result<std::vector<Row>> Read(const Position& after, int limit, Position& end);
  // Age of the oldest row that is not relayed, committed but held back by an open transaction or not; 0 if none.
  Result<double> OldestAgeSeconds(const Position& after);
  // Partitions of the outbox: makes the coming ones, drops those older than `keep_days`.
  Result<void> Maintain(int keep_days);
  // Deletes a few thousand remembered requests older than a day and inbox rows older than `inbox_days`. True: there is
  // more.
  Result<bool> Purge(int inbox_days);

 private:
  struct FreeConn {
    void operator()(pg_conn* c) const;
  };
  struct FreeResult {
    void operator()(pg_result* r) const;
  };
  using PgResult = std::unique_ptr<pg_result, FreeResult>;

  Result<void> Connect();
  Result<PgResult> Exec(const char* sql, const std::vector<std::string>& params);
  Result<void> WaitSocket(bool write, std::int64_t deadline_ms);
  Error Fail(const std::string& what);

  std::string url_, service_;
  std::unique_ptr<pg_conn, FreeConn> conn_;
};

// The cursor's state column.
std::string StateToJson(const Cursor& cursor);
void StateFromJson(const std::string& json, Cursor& cursor);

}  // namespace lanting::outbox
