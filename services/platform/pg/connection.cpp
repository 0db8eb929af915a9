#include "platform/pg/connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>

namespace lanting::pg {
namespace {

// PQconnectdb waits for whole seconds and at least two; a caller's deadline may be shorter.
PGconn* ConnectBefore(const std::string& url, const std::string& application_name, Deadline deadline) {
  const char* keys[] = {"dbname", "fallback_application_name", "client_encoding", nullptr};
  const char* values[] = {url.c_str(), application_name.c_str(), "UTF8", nullptr};
  std::unique_ptr<PGconn, decltype(&PQfinish)> conn(PQconnectStartParams(keys, values, 1), &PQfinish);
  if (!conn) throw std::bad_alloc();
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (status != PGRES_POLLING_OK) {
    if (PQstatus(conn.get()) == CONNECTION_BAD || status == PGRES_POLLING_FAILED) {
      throw pqxx::broken_connection(PQerrorMessage(conn.get()));
    }
    pollfd p{PQsocket(conn.get()), static_cast<short>(status == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    auto left = Remaining(deadline).count();
    if (left <= 0 || poll(&p, 1, static_cast<int>(left)) == 0) throw pqxx::broken_connection("connect timed out");
    status = PQconnectPoll(conn.get());
  }
  return conn.release();
}

class Policy : public pqxx::connectionpolicy {
 public:
  Policy(const std::string& url, std::string application_name, Deadline deadline)
      : connectionpolicy(url), application_name_(std::move(application_name)), deadline_(deadline) {}

  handle do_startconnect(handle orig) override {
    return orig ? orig : raw = ConnectBefore(options(), application_name_, deadline_);
  }
  handle do_completeconnect(handle orig) override { return orig; }
  handle do_dropconnect(handle orig) noexcept override { return orig; }
  bool is_ready(handle) const noexcept override { return true; }

  handle raw = nullptr;

 private:
  std::string application_name_;
  Deadline deadline_;
};

template <typename Invocation>
Invocation With(const std::vector<Param>& params, Invocation invocation) {
  for (const Param& p : params) {
    if (!p.value) {
      invocation();
    } else if (p.binary) {
      invocation(pqxx::binarystring(*p.value));
    } else {
      invocation(*p.value);
    }
  }
  return invocation;
}

}  // namespace

class Connection::Raw : private Policy, public pqxx::connection_base {
 public:
  Raw(const std::string& url, const std::string& application_name, Deadline deadline)
      : Policy(url, application_name, deadline), connection_base(static_cast<Policy&>(*this)) {
    init();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    inhibit_reactivation(true);
#pragma GCC diagnostic pop
    // Verbose messages name the broken constraint, which libpqxx 6 has no accessor for.
    set_verbosity(verbose);
  }
  ~Raw() { close(); }

  int socket() const { return PQsocket(raw); }
  bool bad() const { return PQstatus(raw) == CONNECTION_BAD; }
};

Connection::Connection(const std::string& url, const std::string& application_name,
                       std::chrono::milliseconds connect_timeout, Deadline deadline) {
  raw_ = std::make_unique<Raw>(url, application_name, std::min(deadline, DeadlineIn(connect_timeout)));
  socket_ = raw_->socket();
  channel_.emplace(*raw_);
}

Connection::~Connection() { channel_.reset(); }

template <typename F>
pqxx::result Connection::Guard(F&& f) {
  if (broken_) throw pqxx::broken_connection("the connection was lost before");
  ++round_trips_;
  try {
    return f();
  } catch (...) {
    failed_ = true;
    broken_ = raw_->bad();
    throw;
  }
}

pqxx::result Connection::Exec(const std::string& sql) {
  return Guard([&] { return channel_->exec(sql); });
}

// Deprecated in libpqxx 6 for a variadic form, which cannot pass binary parameters whose number is not known here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
pqxx::result Connection::ExecPrepared(const Statement& statement, const std::vector<Param>& params) {
  auto known = prepared_.find(statement.name);
  if (known == prepared_.end()) {
    raw_->prepare(statement.name, statement.sql);
    Guard([&] {
      raw_->prepare_now(statement.name);
      return pqxx::result();
    });
    prepared_.emplace(statement.name, statement.sql);
  } else if (known->second != statement.sql) {
    throw std::logic_error(std::string("two statements are named ") + statement.name);
  }
  return Guard([&] { return With(params, channel_->prepared(statement.name)).exec(); });
}

pqxx::result Connection::ExecParams(const std::string& sql, const std::vector<Param>& params) {
  return Guard([&] { return With(params, channel_->parameterized(sql)).exec(); });
}
#pragma GCC diagnostic pop

void Connection::ShutDownSocket() { ::shutdown(socket_, SHUT_RDWR); }

int Connection::backend_pid() const { return raw_->backendpid(); }

}  // namespace lanting::pg
