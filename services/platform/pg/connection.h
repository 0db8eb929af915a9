// Connection: one PostgreSQL session. Internal to the platform: services see Tx.
//
// libpqxx 6 re-opens a lost session silently; here that is inhibited, so a broken Connection stays broken and its owner
// drops it. Every method throws pqxx exceptions (sql_error.h turns them into Errors).
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <unordered_map>
#include <vector>

#include "platform/base/clock.h"
#include "platform/pg/tx.h"

namespace lanting::pg {

class Connection {
 public:
  // Connects within min(deadline, connect_timeout); throws pqxx::broken_connection. Name resolution is libpq's and is
  // bounded by the resolver's own time-out only.
  Connection(const std::string& url, const std::string& application_name, std::chrono::milliseconds connect_timeout,
             Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;

  // One round trip of the simple protocol; `sql` may hold several statements, the last result is returned.
  pqxx::result Exec(const std::string& sql);
  // Prepares on first use in this session (one more round trip), then one round trip.
  pqxx::result ExecPrepared(const Statement& statement, const std::vector<Param>& params);
  pqxx::result ExecParams(const std::string& sql, const std::vector<Param>& params);

  // A statement failed since the last ClearFailed: the transaction can only be rolled back.
  bool failed() const { return failed_; }
  void ClearFailed() { failed_ = false; }
  bool broken() const { return broken_; }
  // Statements sent so far, preparing included.
  std::uint64_t round_trips() const { return round_trips_; }
  // Ends all communication at once, from any thread; a caller blocked in Exec gets broken_connection.
  void ShutDownSocket();
  int backend_pid() const;

 private:
  class Raw;
  template <typename F>
  pqxx::result Guard(F&& f);

  std::unique_ptr<Raw> raw_;
  std::optional<pqxx::nontransaction> channel_;
  std::unordered_map<std::string, std::string> prepared_;  // name -> text
  std::uint64_t round_trips_ = 0;
  bool failed_ = false;
  bool broken_ = false;
  int socket_ = -1;
};

}  // namespace lanting::pg
