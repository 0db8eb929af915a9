#include "platform/testing/pg_fixture.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>

extern char** environ;

#ifdef __SANITIZE_ADDRESS__
// libpqxx 6.4.5 drops the PGresult (about 1 KB) when the session is lost during a statement: make_result asks for the
// encoding, which throws, before it owns the result.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6.4.so\n"; }
#endif

namespace lanting::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBin = LANTING_PG_BIN "/";
constexpr std::chrono::seconds kPatience{30};

// The supervisor outlives a crashed test: it waits for the end of its standard input, which the test holds open.
constexpr const char* kSupervisor = R"sh(
dir=$1
cat > /dev/null
pid=$(head -n 1 "$dir/data/postmaster.pid" 2> /dev/null)
if [ -n "$pid" ]; then
  all="$pid $(cat /proc/$pid/task/*/children 2> /dev/null)"
  kill -CONT $all 2> /dev/null
  kill -QUIT "$pid" 2> /dev/null
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.1
  done
  kill -KILL $all 2> /dev/null
fi
rm -rf "$dir"
)sh";

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "pg_fixture: %s\n", what.c_str());
  std::abort();
}

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

struct SpawnOptions {
  std::string output;  // file for stdout and stderr; empty: inherited
  int stdin_fd = -1;
  bool own_session = false;
};

pid_t Spawn(const std::vector<std::string>& args, const SpawnOptions& options) {
  std::vector<char*> argv;
  for (const auto& a : args) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (options.stdin_fd >= 0) {
    posix_spawn_file_actions_adddup2(&actions, options.stdin_fd, 0);
  } else {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  }
  if (!options.output.empty()) {
    posix_spawn_file_actions_addopen(&actions, 1, options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  if (options.own_session) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t pid = 0;
  int error = posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) Fail("cannot run " + args[0]);
  return pid;
}

void Run(const std::vector<std::string>& args, const std::string& output) {
  int status = 0;
  if (waitpid(Spawn(args, {.output = output}), &status, 0) < 0 || status != 0) {
    Fail(args[0] + " failed:\n" + ReadFile(output));
  }
}

using Conn = std::unique_ptr<PGconn, decltype(&PQfinish)>;
Conn Connect(const std::string& url) {
  return {PQconnectdb((url + " options='-c client_min_messages=warning'").c_str()), &PQfinish};
}

std::string QueryOn(PGconn* conn, const std::string& sql) {
  std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(conn, sql.c_str()), &PQclear);
  auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) Fail(sql + "\n" + PQerrorMessage(conn));
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

std::string Role(const std::string& service, PgRole role) {
  switch (role) {
    case PgRole::kOwner:
      return service + "_owner";
    case PgRole::kApp:
      return service + "_app";
    case PgRole::kRelay:
      return service + "_relay";
    case PgRole::kSuperuser:
      break;
  }
  return "postgres";
}

}  // namespace

struct PgServer::State {
  std::string dir;                        // holds data/, the socket and the logs
  std::vector<std::string> unprivileged;  // command prefix that drops root
  pid_t postmaster = -1;
  pid_t supervisor = -1;
  int lifeline = -1;  // write end of the supervisor's standard input
  std::mutex mutex;
  std::map<std::string, std::string> templates;
  int databases = 0;

  std::string log() const { return dir + "/postgres.log"; }
  std::vector<std::string> Command(std::vector<std::string> args) const {
    std::vector<std::string> all = unprivileged;
    all.insert(all.end(), args.begin(), args.end());
    return all;
  }
  std::vector<pid_t> Processes() const;
  void SignalAll(int signal) const {
    for (pid_t pid : Processes()) kill(pid, signal);
  }
  void Reap();
};

// The postmaster first, then its children.
std::vector<pid_t> PgServer::State::Processes() const {
  std::vector<pid_t> out{postmaster};
  std::istringstream children(
      ReadFile("/proc/" + std::to_string(postmaster) + "/task/" + std::to_string(postmaster) + "/children"));
  for (pid_t pid; children >> pid;) out.push_back(pid);
  return out;
}

void PgServer::State::Reap() {
  auto until = std::chrono::steady_clock::now() + kPatience;
  while (waitpid(postmaster, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > until) Fail("postgres does not stop:\n" + ReadFile(log()));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  postmaster = -1;
}

PgServer& PgServer::Get() {
  static PgServer server;
  return server;
}

PgServer::PgServer() : state_(new State) {
  auto& s = *state_;
  char dir[] = "/tmp/lanting-pg-XXXXXX";  // short: a socket path has 107 bytes at most
  if (!mkdtemp(dir)) Fail("cannot make a directory in /tmp");
  s.dir = dir;
  if (geteuid() == 0) {
    const passwd* user = getpwnam("postgres");
    if (!user) user = getpwnam("nobody");
    if (!user || chown(dir, user->pw_uid, user->pw_gid) != 0) Fail("no unprivileged user for postgres");
    s.unprivileged = {"setpriv", "--reuid=" + std::to_string(user->pw_uid), "--regid=" + std::to_string(user->pw_gid),
                      "--clear-groups", "--"};
  }
  chmod(dir, 0755);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) Fail("pipe");
  s.lifeline = ends[1];
  s.supervisor = Spawn({"/bin/sh", "-c", kSupervisor, "sh", s.dir},
                       {.output = "/dev/null", .stdin_fd = ends[0], .own_session = true});
  close(ends[0]);
  Run(s.Command({std::string(kBin) + "initdb", "-D", s.dir + "/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync", "--no-instructions"}),
      s.dir + "/initdb.log");
  Start();
}

PgServer::~PgServer() {
  if (state_->postmaster > 0) {
    Resume();
    kill(state_->postmaster, SIGQUIT);
    state_->Reap();
  }
  close(state_->lifeline);
  waitpid(state_->supervisor, nullptr, 0);
  delete state_;
}

void PgServer::Start() {
  auto& s = *state_;
  if (s.postmaster > 0) return;
  const char* fsync = std::getenv("LANTING_TEST_PG_FSYNC");
  auto command = s.Command({std::string(kBin) + "postgres", "-D", s.dir + "/data", "-k", s.dir, "-c",
                            "listen_addresses=", "-c", std::string("fsync=") + (fsync ? fsync : "off"), "-c",
                            "synchronous_commit=on", "-c", "shared_buffers=64MB", "-c", "max_connections=200", "-c",
                            "autovacuum=off", "-c", "timezone=Asia/Shanghai"});
  auto until = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    s.postmaster = Spawn(command, {.output = s.log(), .own_session = true});
    while (waitpid(s.postmaster, nullptr, WNOHANG) == 0) {
      if (PQping(Url("postgres", "postgres").c_str()) == PQPING_OK) return;
      if (std::chrono::steady_clock::now() > until) Fail("postgres does not start:\n" + ReadFile(s.log()));
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    // After a kill the old children may hold the shared memory for a moment.
    if (std::chrono::steady_clock::now() > until) Fail("postgres does not start:\n" + ReadFile(s.log()));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void PgServer::Stop() {
  if (state_->postmaster <= 0) return;
  kill(state_->postmaster, SIGINT);
  state_->Reap();
}

void PgServer::Kill() {
  if (state_->postmaster <= 0) return;
  state_->SignalAll(SIGKILL);
  state_->Reap();
}

void PgServer::Pause() { state_->SignalAll(SIGSTOP); }
void PgServer::Resume() { state_->SignalAll(SIGCONT); }

std::string PgServer::Url(const std::string& database, const std::string& user) const {
  return "host=" + state_->dir + " port=5432 dbname=" + database + " user=" + user;
}

std::string PgServer::socket_dir() const { return state_->dir; }

std::string PgServer::Query(const std::string& database, const std::string& sql) {
  auto conn = Connect(Url(database, "postgres"));
  if (PQstatus(conn.get()) != CONNECTION_OK) Fail(PQerrorMessage(conn.get()));
  return QueryOn(conn.get(), sql);
}

std::string PgServer::Template(const std::vector<PgService>& services) {
  auto& s = *state_;
  std::string key;
  for (const auto& service : services) {
    key += service.name + "/" + std::to_string(reinterpret_cast<std::uintptr_t>(service.migrations.data())) + " ";
  }
  auto known = s.templates.find(key);
  if (known != s.templates.end()) return known->second;
  std::string name = "template_" + std::to_string(s.templates.size());
  Query("postgres", "CREATE DATABASE " + name);
  for (const auto& service : services) {
    Run({std::string(kBin) + "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "service=" + service.name, "-f",
         LANTING_BOOTSTRAP_SQL, Url(name, "postgres")},
        s.dir + "/psql.log");
    auto migrated = pg::Migrate(Url(name, service.name + "_owner"), service.name, service.migrations);
    if (!migrated.ok()) Fail("migrate: " + migrated.error().message + " " + migrated.error().internal);
  }
  return s.templates[key] = name;
}

PgDatabase::PgDatabase(std::vector<PgService> services) {
  auto& server = PgServer::Get();
  std::lock_guard lock(server.state_->mutex);
  auto source = server.Template(services);
  name_ = "test_" + std::to_string(++server.state_->databases);
  server.Query("postgres", "CREATE DATABASE " + name_ + " TEMPLATE " + source);
  // What bootstrap.sql says about a database is not cloned with it.
  server.Query("postgres", "REVOKE TEMPORARY ON DATABASE " + name_ + " FROM PUBLIC");
}

PgDatabase::~PgDatabase() {
  auto& server = PgServer::Get();
  if (server.state_->postmaster > 0) server.Query("postgres", "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
}

std::string PgDatabase::Url(const std::string& service, PgRole role) const {
  return PgServer::Get().Url(name_, Role(service, role));
}

std::vector<std::string> TablesWithoutRls(PgDatabase& db, const std::string& schema) {
  auto names = db.Query(
      "SELECT coalesce(string_agg(c.relname, ',' ORDER BY c.relname), '') FROM pg_class c"
      " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '" +
      schema +
      "' AND c.relkind IN ('r', 'p')"
      " AND c.relname NOT IN ('schema_migrations', 'outbox_cursor')"
      " AND NOT (c.relrowsecurity AND c.relforcerowsecurity"
      "          AND (c.relispartition OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)))");
  std::vector<std::string> out;
  std::istringstream in(names);
  for (std::string name; std::getline(in, name, ',');) out.push_back(name);
  return out;
}

}  // namespace lanting::testing
