#include "platform/idempotency/write.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>

#include "platform/base/fault.h"
#include "platform/pg/sql_error.h"

namespace lanting::idempotency {
namespace {

constexpr int kMaxReplays = 3;

constexpr pg::Statement kFindReply{"lanting_find_reply",
                                   "SELECT request_hash, response FROM request_log WHERE tenant_id = current_tenant()"
                                   " AND subject = $1 AND method = $2 AND request_id = $3"};

constexpr pg::Statement kFindReplies{
    "lanting_find_replies",
    "SELECT c.position, r.request_hash, r.response"
    " FROM unnest($1::int[], $2::text[], $3::text[], $4::text[]) AS c (position, subject, method, id)"
    " CROSS JOIN LATERAL (SELECT l.request_hash, l.response FROM request_log l WHERE l.tenant_id = current_tenant()"
    "   AND l.subject = c.subject AND l.method = c.method AND l.request_id = c.id LIMIT 1) r"};

struct Composed {
  std::string ctes, name, sql;
};

// facts and claims after the effect; their parameters are numbered after the effect's. The claims are read by the
// query proper, so they are made first: a twin waits there before it does anything.
std::string ComposeSql(std::string_view ctes, int params) {
  auto p = [n = params](int i) { return "$" + std::to_string(n + i); };
  std::string sql = "WITH ";
  if (!ctes.empty()) sql.append(ctes).append(", ");
  sql +=
      "facts AS (INSERT INTO outbox (event_id, tenant_id, subject, aggregate_version, type, payload, traceparent,"
      " occurred_at) SELECT e.id, current_tenant(), e.subject, e.version, e.type, e.payload, e.trace, e.at"
      " FROM unnest(" +
      p(1) + "::uuid[], " + p(2) + "::text[], " + p(3) + "::bigint[], " + p(4) + "::text[], " + p(5) + "::bytea[], " +
      p(6) + "::text[], " + p(7) +
      "::timestamptz[]) WITH ORDINALITY"
      " AS e(id, subject, version, type, payload, trace, at, n) ORDER BY e.n),"
      " claims AS (INSERT INTO request_log (tenant_id, subject, method, request_id, request_hash, response)"
      " SELECT current_tenant(), c.subject, c.method, c.id, c.hash, c.reply FROM unnest(" +
      p(8) + "::text[], " + p(9) + "::text[], " + p(10) + "::text[], " + p(11) + "::bytea[], " + p(12) +
      "::bytea[])"
      " AS c(subject, method, id, hash, reply) ON CONFLICT DO NOTHING RETURNING 1)"
      " SELECT (SELECT count(*) FROM claims)";
  return sql;
}

// One statement per Effect for the life of the process.
const Composed& Compose(const Effect* effect) {
  static std::shared_mutex mutex;
  static std::map<std::string, std::unique_ptr<const Composed>, std::less<>> all;
  std::string_view name = effect ? effect->name : "lanting", ctes = effect ? effect->ctes : "";
  auto check = [&](const Composed& c) -> const Composed& {
    if (c.ctes != ctes) throw std::logic_error("two effects are named " + std::string(name));
    return c;
  };
  {
    std::shared_lock lock(mutex);
    if (auto it = all.find(name); it != all.end()) return check(*it->second);
  }
  std::unique_lock lock(mutex);
  auto& made = all[std::string(name)];
  if (!made) {
    made = std::make_unique<Composed>(
        Composed{std::string(ctes), std::string(name) + ".write", ComposeSql(ctes, effect ? effect->params : 0)});
  }
  return check(*made);
}

template <typename T, typename F>
pg::Param Column(const std::vector<T>& rows, F field) {
  pg::ArrayBuilder column(pg::kTypeOid<std::decay_t<decltype(field(rows.front()))>>);
  for (const auto& row : rows) column.Add(field(row));
  return std::move(column).Finish();
}

// The statement takes its claims first, so a lock it does not get in time is most likely a twin's.
template <typename F>
auto Claiming(bool claims, F run) {
  try {
    return run();
  } catch (const std::exception&) {
    if (claims && pg::CurrentFailure().sqlstate == "55P03") throw pg::ClaimTimeout();
    throw;
  }
}

std::mutex wake_mutex;
std::shared_ptr<const std::function<void()>> wake_relay;

}  // namespace

bool Work::Apply(pg::Tx& tx) const {
  if (empty() && claims_.empty()) return true;
  const auto& composed = Compose(effect_);
  if (effect_ && static_cast<int>(params_.size()) != effect_->params) {
    throw std::logic_error(std::string("wrong number of parameters for effect ") + effect_->name);
  }
  auto params = params_;
  using E = outbox::Event;
  params.push_back(Column(events_, [](const E& e) { return e.event_id; }));
  params.push_back(Column(events_, [](const E& e) -> std::string_view { return e.subject; }));
  params.push_back(Column(events_, [](const E& e) { return e.aggregate_version; }));
  params.push_back(Column(events_, [](const E& e) -> std::string_view { return e.type; }));
  params.push_back(Column(events_, [](const E& e) { return pg::Bytes{e.payload}; }));
  params.push_back(Column(events_, [](const E& e) -> std::string_view { return e.traceparent; }));
  params.push_back(Column(events_, [](const E& e) { return e.occurred_time; }));
  params.push_back(Column(claims_, [](const Claim& c) -> std::string_view { return c.subject; }));
  params.push_back(Column(claims_, [](const Claim& c) -> std::string_view { return c.method; }));
  params.push_back(Column(claims_, [](const Claim& c) -> std::string_view { return c.request_id; }));
  params.push_back(Column(claims_, [](const Claim& c) { return pg::Bytes{c.request_hash}; }));
  params.push_back(Column(claims_, [](const Claim& c) { return pg::Bytes{c.reply}; }));
  auto rows = Claiming(!claims_.empty(), [&] {
    return tx.RunParams({composed.name.c_str(), composed.sql.c_str()}, params);
  });
  return pg::GetInt(rows[0][0]) == static_cast<std::int64_t>(claims_.size());
}

std::optional<Error> Work::ConflictError(std::string_view constraint) const {
  auto it = conflicts_.find(constraint);
  return it == conflicts_.end() ? std::nullopt : std::optional(it->second);
}

namespace {

Result<std::string> ReplyTo(const rpc::Call& call, const pqxx::row& remembered) {
  if (pg::GetBytes(remembered["request_hash"]) != call.request_hash) return errors::RequestIdReused();
  return pg::GetBytes(remembered["response"]);
}

}  // namespace

Result<std::optional<std::string>> FindReply(pg::Pool& pool, const rpc::Call& call) {
  if (call.request_id.empty()) return std::optional<std::string>();
  return pg::ReadTenant(pool, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<std::optional<std::string>> {
    auto rows = tx.Run(kFindReply, call.principal.subject, call.method, call.request_id);
    if (rows.empty()) return std::optional<std::string>();
    ASSIGN_OR_RETURN(auto reply, ReplyTo(call, rows[0]));
    return std::optional(std::move(reply));
  });
}

std::map<std::size_t, Result<std::string>> FindReplies(pg::Tx& tx, const std::vector<const rpc::Call*>& calls) {
  std::vector<std::int32_t> positions;
  std::vector<std::string> subjects, methods, ids;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (calls[i]->request_id.empty()) continue;
    positions.push_back(static_cast<std::int32_t>(i));
    subjects.push_back(calls[i]->principal.subject);
    methods.push_back(calls[i]->method);
    ids.push_back(calls[i]->request_id);
  }
  std::map<std::size_t, Result<std::string>> found;
  if (positions.empty()) return found;
  for (const auto& row : tx.Run(kFindReplies, positions, subjects, methods, ids)) {
    const auto i = static_cast<std::size_t>(pg::GetInt(row["position"]));
    found.emplace(i, ReplyTo(*calls[i], row));
  }
  return found;
}

void SetWakeRelay(std::function<void()> wake) {
  auto next = std::make_shared<const std::function<void()>>(std::move(wake));
  std::lock_guard lock(wake_mutex);
  wake_relay = std::move(next);
}

void WakeRelay() {
  std::shared_ptr<const std::function<void()>> wake;
  {
    std::lock_guard lock(wake_mutex);
    wake = wake_relay;
  }
  if (wake && *wake) (*wake)();
}

namespace detail {
namespace {

struct Attempt {
  Result<std::string> reply;
  bool replay = false;  // an earlier call with this id may be the reason for the refusal
};

Attempt RunOnce(pg::Pool& pool, const rpc::Call& call, const std::function<Result<std::string>(pg::Tx&, Work&)>& body) {
  std::string reply;
  std::optional<Work> work;
  bool replay = false;
  auto status = pg::detail::RunTx(
      pool, call.tenant(), call.deadline, false,
      [&](pg::Tx& tx) -> Result<void> {
        work.emplace();
        replay = false;
        auto decided = body(tx, *work);
        if (!decided.ok()) {
          replay = true;
          return std::move(decided).error();
        }
        reply = std::move(decided).value();
        if (!call.request_id.empty()) {
          work->Remember({call.principal.subject, call.method, call.request_id, call.request_hash, reply});
        }
        if (!work->Apply(tx)) {
          replay = true;
          return errors::RequestInProgress();
        }
        LANTING_FAULT_POINT("write.before_commit");
        return {};
      },
      [&](std::string_view constraint) {
        replay = true;
        return work->ConflictError(constraint);
      });
  if (!status.ok()) return {std::move(status).error(), replay};
  LANTING_FAULT_POINT("write.after_commit");
  if (work->publishes()) WakeRelay();
  return {std::move(reply)};
}

void WaitBeforeRetry(Deadline deadline, int tries) {
  std::this_thread::sleep_until(std::min(deadline, DeadlineIn(std::chrono::milliseconds(std::min(200, 10 << tries)))));
}

}  // namespace

Result<std::string> RunWrite(pg::Pool& pool, const rpc::Call& call,
                             const std::function<Result<std::string>(pg::Tx&, Work&)>& body) {
  bool in_doubt = false;
  int replays = 0;
  for (int tries = 0;; tries = std::min(tries + 1, 5)) {
    auto attempt = RunOnce(pool, call, body);
    if (attempt.reply.ok() || call.request_id.empty()) return std::move(attempt.reply);
    Error& error = attempt.reply.error();
    in_doubt |= pg::CommitInDoubt(error);
    // While a commit is in doubt, "unavailable" is no answer as long as there is time to find out.
    bool unavailable = in_doubt && error.code == Code::kUnavailable;
    if (attempt.replay) {
      auto found = FindReply(pool, call);
      if (found.ok() && *found) return **std::move(found);
      if (found.ok()) {
        // The claim was taken by a twin whose row is gone or not visible yet.
        bool again = error.reason == "REQUEST_IN_PROGRESS" && ++replays < kMaxReplays;
        if (!again) return std::move(attempt.reply);
      } else {
        // Not knowing is not a refusal: the request may have been carried out before.
        bool wait = in_doubt && found.error().code == Code::kUnavailable;
        if (!wait) return std::move(found).error();
        attempt.reply = std::move(found).error();
      }
    } else if (!unavailable) {
      return std::move(attempt.reply);
    }
    if (Remaining(call.deadline).count() <= 0) return std::move(attempt.reply);
    WaitBeforeRetry(call.deadline, tries);
  }
}

}  // namespace detail

}  // namespace lanting::idempotency
