#include "platform/pg/pool.h"

#include <algorithm>
#include <random>
#include <thread>

#include "platform/pg/lease.h"
#include "platform/pg/sql_error.h"

namespace lanting::pg {

constexpr std::chrono::milliseconds kWatchdogGrace{500};
// Also of a caller without a deadline.
constexpr std::chrono::milliseconds kLongestStatement{3'600'000};
constexpr int kMaxTries = 3;

Pool::Pool(PoolOptions options) : state_(std::make_shared<State>(std::move(options))) {
  state_->watchdog = std::thread([s = state_.get()] { s->Watch(); });
}

Pool::~Pool() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake_watchdog.notify_one();
  state_->watchdog.join();
}

void Pool::State::Watch() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    auto next = Deadline::max();
    auto now = std::chrono::steady_clock::now();
    for (auto& [connection, limit] : leased) {
      if (limit <= now) {
        connection->ShutDownSocket();
        limit = Deadline::max();
      }
      next = std::min(next, limit);
    }
    watching_until = next;
    if (next == Deadline::max()) {
      wake_watchdog.wait(lock);
    } else {
      wake_watchdog.wait_until(lock, next);
    }
  }
}

void Pool::State::Lend(Connection* connection, Deadline deadline) {
  auto limit = deadline < Deadline::max() - kWatchdogGrace ? deadline + kWatchdogGrace : Deadline::max();
  leased[connection] = limit;
  if (limit < watching_until) wake_watchdog.notify_one();
}

void Pool::State::Return(std::unique_ptr<Connection> connection, std::uint64_t round_trips_before) {
  std::unique_ptr<Connection> dropped;  // closed outside the lock
  {
    std::lock_guard lock(mutex);
    leased.erase(connection.get());
    round_trips += connection->round_trips() - round_trips_before;
    if (connection->broken() || connection->failed() || stopping) {
      --open;
      dropped = std::move(connection);
    } else {
      idle.push_back(std::move(connection));
    }
  }
  freed.notify_one();
}

void Pool::State::DropIdle() {
  std::vector<std::unique_ptr<Connection>> dropped;
  std::lock_guard lock(mutex);
  open -= idle.size();
  dropped.swap(idle);
}

Result<Pool::Lease> Pool::Acquire(Deadline deadline) {
  auto& s = *state_;
  std::unique_lock lock(s.mutex);
  ++s.waiting;
  bool free = s.freed.wait_until(lock, deadline, [&] { return !s.idle.empty() || s.open < s.options.size; });
  --s.waiting;
  if (!free) return errors::DeadlineExceeded();
  if (!s.idle.empty()) {
    auto connection = std::move(s.idle.back());
    s.idle.pop_back();
    s.Lend(connection.get(), deadline);
    return Lease(state_, std::move(connection), true);
  }
  ++s.open;
  lock.unlock();
  try {
    auto connection =
        std::make_unique<Connection>(s.options.url, s.options.application_name, s.options.connect_timeout, deadline);
    lock.lock();
    s.Lend(connection.get(), deadline);
    return Lease(state_, std::move(connection), false);
  } catch (const std::exception& e) {
    lock.lock();
    --s.open;
    lock.unlock();
    s.freed.notify_one();
    return ToError(CurrentFailure(), {});
  }
}

Pool::Stats Pool::stats() const {
  std::lock_guard lock(state_->mutex);
  return {state_->open, state_->leased.size(), state_->waiting, state_->round_trips};
}

bool CommitInDoubt(const Error& error) { return error.internal.starts_with("commit in doubt"); }

namespace detail {
namespace {

// The outcome of one try.
struct Try {
  Result<void> result;
  bool again = false;  // 40001, 40P01
  bool stale = false;  // a pooled session turned out to be dead before anything was done
};

std::string BeginSql(const Id& tenant, Deadline deadline, std::chrono::milliseconds lock_timeout, bool read_only) {
  auto left = std::clamp<std::int64_t>(Remaining(deadline).count(), 1, kLongestStatement.count());
  // The idle limit frees the locks of a process that hangs or whose machine vanished in the middle.
  return std::string("BEGIN") + (read_only ? " READ ONLY" : "") + "; SELECT set_config('lanting.tenant_id', '" +
         (tenant.IsNil() ? "" : tenant.ToUuid()) + "', true), set_config('statement_timeout', '" +
         std::to_string(left) + "', true), set_config('lock_timeout', '" + std::to_string(lock_timeout.count()) +
         "', true), set_config('idle_in_transaction_session_timeout', '" + std::to_string(left + 5000) + "', true)";
}

// Leaves a session whose ROLLBACK failed marked as failed, so that it is dropped.
void RollBack(Connection& c) {
  if (c.broken()) return;
  c.ClearFailed();
  try {
    c.Exec("ROLLBACK");
  } catch (const std::exception&) {
    return;
  }
}

Try Refused(Error error) { return {.result = std::move(error)}; }

Try RunBody(Connection& c, const Id& tenant, Deadline deadline, const std::function<Result<void>(Tx&)>& body,
            const ConstraintErrors& constraints) {
  bool committing = false;
  try {
    Tx tx(c, tenant, deadline);
    auto result = body(tx);
    if (result.ok() && c.failed()) result = errors::Internal("a failed statement was taken for a success");
    if (result.ok() && Remaining(deadline).count() <= 0) result = errors::DeadlineExceeded();
    if (!result.ok()) {
      RollBack(c);
      return Refused(std::move(result).error());
    }
    committing = true;
    c.Exec("COMMIT");
    return {};
  } catch (const std::exception&) {
    auto failure = CurrentFailure();
    failure.lost |= c.broken();
    RollBack(c);
    if (committing && failure.lost)
      return Refused(errors::DependencyUnavailable("postgres", "commit in doubt: " + failure.text));
    // A watchdog that cut the line is the deadline's doing.
    failure.deadline |= failure.lost && Remaining(deadline).count() <= 0;
    return {.result = ToError(failure, constraints), .again = failure.retryable()};
  }
}

Try RunOnce(Pool& pool, const Id& tenant, Deadline deadline, bool read_only,
            const std::function<Result<void>(Tx&)>& body, const ConstraintErrors& constraints) {
  auto lease = pool.Acquire(deadline);
  if (!lease.ok()) return Refused(std::move(lease).error());
  Connection& c = lease->connection();
  try {
    c.Exec(BeginSql(tenant, deadline, lease->lock_timeout(), read_only));
  } catch (const std::exception&) {
    auto failure = CurrentFailure();
    failure.lost |= c.broken();
    failure.deadline |= failure.lost && Remaining(deadline).count() <= 0;
    bool stale = failure.lost && !failure.deadline && lease->reused();
    if (stale) lease->DropIdle();  // the others of its age are dead as well
    return {.result = ToError(failure, {}), .stale = stale};
  }
  return RunBody(c, tenant, deadline, body, constraints);
}

void Pause(int tries) {
  thread_local std::minstd_rand random(std::random_device{}());
  std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution(1, 10 * tries)(random)));
}

}  // namespace

Result<void> RunTx(Pool& pool, const Id& tenant, Deadline deadline, bool read_only,
                   const std::function<Result<void>(Tx&)>& body, const ConstraintErrors& constraints) {
  int tries = 0;
  while (true) {
    if (Remaining(deadline).count() <= 0) return errors::DeadlineExceeded();
    auto t = RunOnce(pool, tenant, deadline, read_only, body, constraints);
    if (t.stale) continue;
    if (!t.again || ++tries == kMaxTries) return std::move(t.result);
    Pause(tries);
  }
}

}  // namespace detail

pqxx::result Tx::RunParams(const Statement& statement, const std::vector<Param>& params) {
  CheckDeadline();
  return connection_.ExecPrepared(statement, params);
}

pqxx::result Tx::RunDynamic(const std::string& sql, const std::vector<Param>& params) {
  CheckDeadline();
  return connection_.ExecParams(sql, params);
}

void Tx::CheckDeadline() const {
  if (Remaining(deadline_).count() <= 0) throw DeadlinePassed();
}

}  // namespace lanting::pg
