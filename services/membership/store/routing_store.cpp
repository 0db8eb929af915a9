#include "membership/domain/names.h"
#include "membership/domain/placement_errors.h"
#include "membership/store/community_store.h"
#include "membership/store/join_store.h"
#include "membership/store/placement_store.h"
#include "membership/store/sql_placement.h"

namespace lanting::membership::placement_store {
namespace {

// The groups that the members with a tag are sent to, in order; closed ones too: who is in them stays.
using Routes = std::map<std::string, std::vector<Id>>;

struct RouteView {
  Routes routes;
  std::map<Id, JoinGroup> groups;  // as they fill in the course of the call
  std::map<Id, bool> open;
};

RouteView LoadRoutes(pg::Tx& tx, const RouteRequest& request) {
  RouteView view;
  for (const auto& row : tx.Run(sql::kRoutes, tx.tenant(), request.community, request.rule)) {
    const auto group = community_store::ReadGroup(row);
    view.routes[pg::GetString(row["route"])].push_back(group.id);
    view.groups.emplace(group.id, ToJoinGroup(group));
    view.open[group.id] = group.state == GroupState::kOpen;
  }
  return view;
}

// Sends at most `limit` members of one tag on their way.
Routed RouteTag(pg::Tx& tx, idempotency::Work& work, const Context& context, const RouteRequest& request,
                RouteView& view, const std::string& tag, int limit) {
  const auto& targets = view.routes.at(tag);
  const auto counts = tx.Run(sql::kCountRouted, tx.tenant(), request.community, tag, targets)[0];
  Routed routed{.already_in = pg::GetInt32(counts["already_in"])};
  const int outside = pg::GetInt32(counts["carriers"]) - routed.already_in;
  std::vector<FreePlaces> places;
  for (const auto& id : targets) {
    const auto& group = view.groups.at(id);
    if (view.open.at(id) && !group.full()) places.push_back({id, group.capacity - group.member_count});
  }
  const auto decision = DecideRoutes(places, outside, limit);
  routed.full = decision.full;
  routed.more = decision.more;
  if (decision.groups.empty()) return routed;

  // May be fewer than were counted: tags change without the lock of the community.
  const auto members = tx.Run(sql::kRouteCandidates, tx.tenant(), request.community, tag, targets,
                              static_cast<std::int32_t>(decision.groups.size()));
  routed.placed = static_cast<int>(members.size());
  Changes changes(request.community, context);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto row = members[static_cast<pqxx::result::size_type>(i)];
    const auto& id = decision.groups[i];
    auto& group = view.groups.at(id);
    ++group.member_count;
    ++group.new_members;
    changes.Place(pg::GetId(row["id"]), pg::GetInt(row["version"]), id, group.tag);
  }
  for (const auto& place : places) {
    auto& group = view.groups.at(place.group);
    if (group.new_members == 0) continue;
    if (!request.validate_only) changes.Count(work, place.group, group);
    if (group.full() || group.became_near_full()) ++group.version;  // as Count has it written
    group.new_members = 0;
  }
  if (!request.validate_only) changes.Write(tx, work);
  return routed;
}

}  // namespace

RoutingRule ReadRule(const pqxx::row& row) {
  return {.id = pg::GetId(row["id"]),
          .community = pg::GetId(row["community_id"]),
          .tag = pg::GetString(row["tag"]),
          .group = pg::GetId(row["group_id"]),
          .priority = pg::GetInt32(row["priority"]),
          .create_time = pg::GetTime(row["create_time"])};
}

Result<void> CreateRule(pg::Tx& tx, idempotency::Work& work, const RoutingRule& rule) {
  RETURN_IF_ERROR(LockOpen(tx, rule.community, errors::CommunityNotFound(names::Community(rule.community))));
  const auto group = community_store::GetGroup(tx, rule.community, rule.group);
  if (!group) return errors::GroupNotFound(names::Group(rule.community, rule.group));
  RETURN_IF_ERROR(CheckFurtherPlaces(*group));
  if (pg::GetInt(tx.Run(sql::kCountRoutingRules, tx.tenant(), rule.community)[0]["n"]) >= kMaxRoutingRules) {
    return errors::TooManyRoutingRules(kMaxRoutingRules);
  }
  work.OnConflict("routing_rule_target_key", errors::RoutingRuleExists(rule.tag));
  work.Do(sql::kCreateRoutingRule, tx.tenant(), rule.id, rule.community, rule.tag, rule.group, rule.priority,
          rule.create_time);
  return {};
}

Result<void> DeleteRule(pg::Tx& tx, idempotency::Work& work, const Id& community, const Id& rule) {
  if (!LockCommunity(tx, community) || tx.Run(sql::kGetRoutingRule, tx.tenant(), community, rule).empty()) {
    return errors::RoutingRuleNotFound(names::RoutingRule(community, rule));
  }
  work.Do(sql::kDeleteRoutingRule, tx.tenant(), rule);
  return {};
}

Result<Routed> RouteMembers(pg::Tx& tx, idempotency::Work& work, const Context& context, const RouteRequest& request) {
  RETURN_IF_ERROR(LockOpen(tx, request.community, errors::CommunityNotFound(names::Community(request.community))));
  if (!request.rule.IsNil() && tx.Run(sql::kGetRoutingRule, tx.tenant(), request.community, request.rule).empty()) {
    return errors::RoutingRuleNotFound(names::RoutingRule(request.community, request.rule));
  }
  auto view = LoadRoutes(tx, request);
  Routed all;
  for (const auto& [tag, targets] : view.routes) {
    const auto one = RouteTag(tx, work, context, request, view, tag, request.max_members - all.placed);
    all.placed += one.placed;
    all.already_in += one.already_in;
    all.full += one.full;
    all.more |= one.more;
  }
  return all;
}

}  // namespace lanting::membership::placement_store
