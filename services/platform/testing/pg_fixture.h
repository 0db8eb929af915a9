// A private PostgreSQL for the tests of one binary: started on first use in a temporary directory on a unix socket, as
// an unprivileged user when the test runs as root, and stopped and deleted at exit, also after a crash of the test.
//
//   testing::PgDatabase db({{"membership", membership::kMigrations}});   // a clone of a migrated template, ~50 ms
//   pg::Pool pool({.url = db.Url("membership", testing::PgRole::kApp)});
#pragma once

#include <span>
#include <string>
#include <vector>

#include "platform/pg/migrate.h"

namespace lanting::testing {

enum class PgRole { kOwner, kApp, kRelay, kSuperuser };

struct PgService {
  std::string name;  // schema; roles <name>_owner, <name>_app, <name>_relay
  std::span<const pg::Migration> migrations;
};

class PgServer {
 public:
  // The server of this test binary. Aborts with the server's log if it cannot be started.
  static PgServer& Get();

  void Start();  // returns when it accepts connections
  void Stop();   // fast shutdown: sessions are ended, data is flushed
  void Kill();   // SIGKILL to all of its processes, as in a crash
  void Restart() { Stop(), Start(); }
  void Pause();  // SIGSTOP to all of its processes: connections hang
  void Resume();

  std::string Url(const std::string& database, const std::string& user) const;
  std::string socket_dir() const;

  // Runs a statement as superuser in `database`; aborts on an error. Returns the first column of the first row or "".
  std::string Query(const std::string& database, const std::string& sql);

 private:
  friend class PgDatabase;
  PgServer();
  ~PgServer();
  // Name of the template database with these services, made on first use.
  std::string Template(const std::vector<PgService>& services);

  struct State;
  State* state_;
};

// A database of its own for a test, dropped at the end of its scope.
class PgDatabase {
 public:
  explicit PgDatabase(std::vector<PgService> services);
  ~PgDatabase();
  PgDatabase(const PgDatabase&) = delete;

  const std::string& name() const { return name_; }
  std::string Url(const std::string& service, PgRole role) const;
  // As superuser, whom row-level security does not bind. First column of the first row or "".
  std::string Query(const std::string& sql) { return PgServer::Get().Query(name_, sql); }

 private:
  std::string name_;
};

// Tables of the schema that lack ENABLE or FORCE row-level security, or (partitions aside) a policy. Each service's
// store test expects exactly its tenantless tables here: those of the platform (schema_migrations, outbox_cursor) are
// left out.
std::vector<std::string> TablesWithoutRls(PgDatabase& db, const std::string& schema);

}  // namespace lanting::testing
