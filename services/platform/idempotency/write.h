// Write: the one way to change state. One transaction of at most four round trips:
//
//   1  BEGIN + tenant setting
//   2  body(tx, work): load the view (FOR UPDATE), decide, say what is to be done in `work`, return the reply
//   3  one statement: the effect, the outbox rows and the claim of request_id with the remembered reply
//   4  COMMIT
//
// The claim is an INSERT ... ON CONFLICT DO NOTHING on (tenant, subject, method, request_id), so a concurrent twin
// blocks on the index until the first commits. Whenever the claim is taken, or the body or the effect refuses, the
// transaction is rolled back and the remembered reply, if there is one for the same request hash, is the answer
// (another hash: RequestIdReused). So a retry gets the same reply, and the first call pays nothing for it. If that look
// fails, its error is the answer: whether the refusal stands is not known.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "platform/outbox/outbox.h"
#include "platform/pg/pool.h"
#include "platform/rpc/call.h"

namespace lanting::idempotency {

// Data-modifying CTEs of a write, without the leading WITH: "m AS (INSERT INTO member ... VALUES ($1, $2)),
// g AS (UPDATE chat_group ...)". The platform appends its own CTEs, numbering their parameters after yours.
struct Effect {
  const char* name;
  const char* ctes;
  int params;  // how many $n it uses
};

// A request to be remembered with its reply.
struct Claim {
  std::string subject, method, request_id, request_hash, reply;
};

class Work {
 public:
  // Says the effect. At most one per Work: a write is one statement.
  template <typename... P>
  void Do(const Effect& effect, const P&... params) {
    effect_ = &effect;
    params_ = {pg::ToParam(params)...};
  }
  void Publish(outbox::Event event) { events_.push_back(std::move(event)); }
  // What to answer if the effect breaks this unique constraint.
  void OnConflict(std::string constraint, Error error) { conflicts_.emplace(std::move(constraint), std::move(error)); }

  // --- for Write and the batchers ---
  void Remember(Claim claim) { claims_.push_back(std::move(claim)); }
  // Runs effect + outbox + claims as one statement. False if a claim was taken: roll back and replay.
  bool Apply(pg::Tx& tx) const;
  std::optional<Error> ConflictError(std::string_view constraint) const;
  bool empty() const { return effect_ == nullptr && events_.empty(); }
  bool publishes() const { return !events_.empty(); }

 private:
  const Effect* effect_ = nullptr;
  std::vector<pg::Param> params_;
  std::vector<outbox::Event> events_;
  std::vector<Claim> claims_;
  std::map<std::string, Error, std::less<>> conflicts_;
};

// The remembered reply of this call: nullopt if there is none; RequestIdReused if it belongs to another request.
Result<std::optional<std::string>> FindReply(pg::Pool& pool, const rpc::Call& call);

// The same for many calls in one round trip, none if no call has an id: by position in `calls`, those that have one.
std::map<std::size_t, Result<std::string>> FindReplies(pg::Tx& tx, const std::vector<const rpc::Call*>& calls);

// Called after a commit that wrote outbox rows: wakes this process's relay. Set once at start.
void SetWakeRelay(std::function<void()> wake);
void WakeRelay();

namespace detail {
Result<std::string> RunWrite(pg::Pool& pool, const rpc::Call& call,
                             const std::function<Result<std::string>(pg::Tx&, Work&)>& body);
}

// Reply is a proto message. body(pg::Tx&, Work&) -> Result<Reply>.
template <typename Reply, typename F>
Result<Reply> Write(pg::Pool& pool, const rpc::Call& call, F&& body) {
  auto bytes = detail::RunWrite(pool, call, [&](pg::Tx& tx, Work& work) -> Result<std::string> {
    Result<Reply> reply = body(tx, work);
    if (!reply.ok()) return std::move(reply).error();
    return reply->SerializeAsString();
  });
  if (!bytes.ok()) return std::move(bytes).error();
  Reply reply;
  if (!reply.ParseFromString(*bytes)) return errors::Internal("remembered reply does not parse: " + call.method);
  return reply;
}

}  // namespace lanting::idempotency
