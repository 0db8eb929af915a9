// Pool: a bounded set of PostgreSQL connections of one role, and the functions that run a body in a transaction.
//
// A connection that broke is dropped, never reused: libpqxx 6 re-opens silently and would lose session state. Every
// wait is bounded: for a free connection by the deadline, for the server by statement_timeout and lock_timeout (set
// per transaction from the deadline), and for a server that hangs by a watchdog that shuts the socket down.
#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <string>

#include "platform/pg/tx.h"

namespace lanting::pg {

struct PoolOptions {
  std::string url;  // libpq connection string or postgresql:// URL
  std::string application_name = "lanting";
  std::size_t size = 8;  // 8 is best on 2 cores; 32 loses 20-30 % (performance.md)
  std::chrono::milliseconds connect_timeout{2000};
  std::chrono::milliseconds lock_timeout{2000};  // a concurrent twin of a request waits at most this long
};

class Pool {
 public:
  explicit Pool(PoolOptions options);
  ~Pool();

  // A free connection or a new one; errors::DependencyUnavailable("postgres") when none can be made, DeadlineExceeded
  // when none came free in time. Connections are made lazily: a Pool can be built while PostgreSQL is down.
  class Lease;
  Result<Lease> Acquire(Deadline deadline);

  struct Stats {
    std::size_t open, in_use, waiting;
    std::uint64_t round_trips;  // statements sent on connections that were given back
  };
  Stats stats() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// How a failed statement is told from another: SQLSTATE and constraint name of what the body threw, mapped to an Error.
// 23505 -> the mapping given by the caller or INTERNAL; 40001, 40P01 -> retried, then ConcurrentWrite; 55P03 (lock
// timeout) -> Busy, at the claim of a request RequestInProgress; 57014 (statement timeout) -> DeadlineExceeded;
// connection loss -> DependencyUnavailable.
using ConstraintErrors = std::function<std::optional<Error>(std::string_view constraint)>;

// The Error of a transaction whose connection broke during COMMIT: it may have been done or not.
bool CommitInDoubt(const Error& error);

namespace detail {
// Runs `body` in BEGIN + tenant setting ... COMMIT (or ROLLBACK when it returns false), up to 3 times on 40001/40P01.
Result<void> RunTx(Pool& pool, const Id& tenant, Deadline deadline, bool read_only,
                   const std::function<Result<void>(Tx&)>& body, const ConstraintErrors& constraints);
}  // namespace detail

// Runs body(Tx&) -> Result<T> in one tenant transaction. Commits if the result is ok; rolls back and returns the Error
// otherwise. `body` may run more than once and must not have effects outside the transaction.
// A connection that breaks during COMMIT leaves the outcome unknown: DependencyUnavailable; callers with a request_id
// re-run and get the remembered reply (idempotency/write.h).
template <typename F>
auto InTenantTx(Pool& pool, const Id& tenant, Deadline deadline, F&& body, const ConstraintErrors& constraints = {})
    -> std::invoke_result_t<F, Tx&> {
  using R = std::invoke_result_t<F, Tx&>;
  std::optional<R> out;
  auto status = detail::RunTx(
      pool, tenant, deadline, false,
      [&](Tx& tx) -> Result<void> {
        out.emplace(body(tx));
        if (!out->ok()) return out->error();
        return {};
      },
      constraints);
  if (!status.ok()) return std::move(status).error();
  return std::move(*out);
}

// The same, READ ONLY.
template <typename F>
auto ReadTenant(Pool& pool, const Id& tenant, Deadline deadline, F&& body) -> std::invoke_result_t<F, Tx&> {
  using R = std::invoke_result_t<F, Tx&>;
  std::optional<R> out;
  auto status = detail::RunTx(pool, tenant, deadline, true,
                              [&](Tx& tx) -> Result<void> {
                                out.emplace(body(tx));
                                if (!out->ok()) return out->error();
                                return {};
                              },
                              {});
  if (!status.ok()) return std::move(status).error();
  return std::move(*out);
}

}  // namespace lanting::pg
