#include "platform/inbox/apply.h"

#include <algorithm>
#include <unordered_set>

namespace lanting::inbox {
namespace {

// Sorted, so that two processes with overlapping batches wait for each other instead of deadlocking.
constexpr pg::Statement kReceive{
    "inbox_receive",
    "INSERT INTO inbox (consumer, tenant_id, event_id) SELECT $1, $2::uuid, e FROM unnest($3::uuid[]) e ORDER BY e "
    "ON CONFLICT DO NOTHING RETURNING event_id"};

constexpr pg::Statement kRaiseVersion{
    "inbox_raise_version",
    "INSERT INTO aggregate_seen AS s (tenant_id, consumer, subject, aggregate_version) "
    "VALUES ($1::uuid, $2, $3, $4::bigint) ON CONFLICT (tenant_id, consumer, subject) DO UPDATE "
    "SET aggregate_version = excluded.aggregate_version WHERE s.aggregate_version <= excluded.aggregate_version "
    "RETURNING 1"};

class Application {
 public:
  Application(pg::Tx& tx, const std::string& consumer, const Handlers& handlers)
      : tx_(tx), consumer_(consumer), handlers_(handlers) {}

  Result<std::vector<Outcome>> Run(const std::vector<const EventEnvelope*>& events, bool& refused) {
    std::vector<Id> ids;
    for (const auto* event : events) ids.push_back(Id::Parse(event->event_id()).value_or(Id()));
    std::unordered_set<Id> fresh;
    for (const auto& row : tx_.Run(kReceive, consumer_, tx_.tenant(), ids)) fresh.insert(pg::GetId(row[0]));
    std::vector<Outcome> outcomes;
    for (std::size_t i = 0; i < events.size(); ++i) {
      // An event may be twice in one batch: the first erases it.
      if (fresh.erase(ids[i]) == 0) {
        outcomes.push_back(Outcome::kDuplicate);
        continue;
      }
      auto outcome = Handle(*events[i]);
      if (!outcome.ok()) {
        refused = true;
        return std::move(outcome).error();
      }
      outcomes.push_back(*outcome);
    }
    return outcomes;
  }

 private:
  Result<Outcome> Handle(const EventEnvelope& event) {
    const auto& handler = *FindHandler(handlers_, event.type());
    if (handler.versions == Versions::kNewest && event.aggregate_version() > 0 &&
        tx_.Run(kRaiseVersion, tx_.tenant(), consumer_, event.subject(),
                static_cast<std::int64_t>(event.aggregate_version()))
            .empty())
      return Outcome::kStale;
    RETURN_IF_ERROR(handler.apply(tx_, event));
    return Outcome::kHandled;
  }

  pg::Tx& tx_;
  const std::string& consumer_;
  const Handlers& handlers_;
};

}  // namespace

const Handler* FindHandler(const Handlers& handlers, std::string_view type) {
  auto found = handlers.find(type);
  if (found == handlers.end()) found = handlers.find(kAnyType);
  return found == handlers.end() ? nullptr : &found->second;
}

Applied Apply(pg::Pool& pool, const std::string& consumer, const Handlers& handlers, const Id& tenant,
              const std::vector<const EventEnvelope*>& events, Deadline deadline) {
  bool refused = false;
  auto result = pg::InTenantTx(pool, tenant, deadline, [&](pg::Tx& tx) {
    refused = false;
    return Application(tx, consumer, handlers).Run(events, refused);
  });
  if (result.ok()) return {.outcomes = *std::move(result)};
  Error error = std::move(result).error();
  auto kind = ApplyError::Kind::kTransient;
  if (refused && !error.transient()) kind = ApplyError::Kind::kRefused;
  if (!refused && error.code == Code::kUnavailable) kind = ApplyError::Kind::kUnreachable;
  return {.error = ApplyError{kind, std::move(error)}};
}

}  // namespace lanting::inbox
