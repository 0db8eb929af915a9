// Further places, moves and routing: what members have beside, or instead of, the group they were let into. Everything
// here takes the lock of the community first, writes now, in the transaction, and leaves its facts in `work`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "membership/domain/placement.h"
#include "membership/events/cause.h"
#include "membership/store/history.h"
#include "platform/base/result.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::placement_store {

// Who does it: for the facts, and for the members' history.
struct Context {
  events::Cause cause;
  std::string actor;
};

// Locks the community and refuses when it is archived. `missing` is the answer when there is none.
Result<void> LockOpen(pg::Tx& tx, const Id& community, const Error& missing);

// One outcome per member. A member who does not exist refuses all: MEMBER_NOT_FOUND with metadata "index".
// GROUP_NOT_FOUND, GROUP_CLOSED, GROUP_KIND_MISMATCH, COMMUNITY_ARCHIVED.
Result<std::vector<PlaceOutcome>> AddToGroup(pg::Tx& tx, idempotency::Work& work, const Context& context,
                                             const Id& community, const Id& group, const std::vector<Id>& members);

// GROUP_NOT_FOUND, MEMBER_NOT_FOUND, MEMBER_NOT_IN_GROUP.
Result<void> RemoveFromGroup(pg::Tx& tx, idempotency::Work& work, const Context& context, const Id& community,
                             const Id& group, const Id& member);

// The first of the waiting list take the place that falls free: says the effect of `work`. MEMBER_NOT_FOUND,
// GROUP_NOT_FOUND, MEMBER_NOT_ACTIVE, GROUP_CLOSED, GROUP_FULL, COMMUNITY_ARCHIVED. No change when it is the member's
// first group already.
Result<void> MoveMember(pg::Tx& tx, idempotency::Work& work, const Context& context, const Id& community,
                        const Id& member, const Id& group);

// --- routing ---

RoutingRule ReadRule(const pqxx::row& row);
// GROUP_NOT_FOUND, GROUP_CLOSED, GROUP_KIND_MISMATCH, TOO_MANY_ROUTING_RULES; a rule with its tag and group is answered
// by ROUTING_RULE_EXISTS when the work is applied.
Result<void> CreateRule(pg::Tx& tx, idempotency::Work& work, const RoutingRule& rule);
Result<void> DeleteRule(pg::Tx& tx, idempotency::Work& work, const Id& community, const Id& rule);

struct Routed {
  int placed = 0, already_in = 0, full = 0;
  bool more = false;
};
struct RouteRequest {
  Id community;
  Id rule;  // nil: all
  int max_members = 1000;
  bool validate_only = false;
};
// COMMUNITY_NOT_FOUND, ROUTING_RULE_NOT_FOUND, COMMUNITY_ARCHIVED.
Result<Routed> RouteMembers(pg::Tx& tx, idempotency::Work& work, const Context& context, const RouteRequest& request);

// --- for split_store.cpp ---

// Members who change places, and what that does to groups, for one statement.
class Changes {
 public:
  Changes(const Id& community, const Context& context) : community_(community), context_(context) {}

  // `version` is the member's before. A further place in `to`.
  void Place(const Id& member, std::int64_t version, const Id& to, const std::string& tag);
  void Unplace(const Id& member, std::int64_t version, const Id& from);
  // From one group to another: the first group, or a further place.
  void Move(const Id& member, std::int64_t version, bool home, const Id& from, const Id& to, const std::string& tag);
  // The counts of a group, with its fact when the mark is passed or the last place taken.
  void Count(idempotency::Work& work, const Id& id, const JoinGroup& group);
  void Count(const Id& group, int delta, bool bump = false);

  bool empty() const { return member_.empty() && group_.empty(); }
  // Writes, and publishes what happened to the members.
  void Write(pg::Tx& tx, idempotency::Work& work);

 private:
  void Add(const Id& member, bool home, const Id& from, const Id& to, const std::string& tag, HistoryKind kind,
           const std::map<std::string, std::string>& detail);

  Id community_;
  const Context& context_;
  std::vector<Id> member_, source_, target_, line_, group_;
  std::vector<std::int32_t> home_, kind_, delta_, bump_;
  std::vector<std::string> tag_, detail_;
  std::vector<outbox::Event> events_;
};

JoinGroup ToJoinGroup(const Group& group);

}  // namespace lanting::membership::placement_store
