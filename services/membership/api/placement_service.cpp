#include "membership/api/placement_service.h"

#include <set>

#include "membership/api/cause.h"
#include "membership/api/community_must_exist.h"
#include "membership/api/convert.h"
#include "membership/api/convert_member.h"
#include "membership/api/convert_placement.h"
#include "membership/api/promote_rest.h"
#include "membership/domain/names.h"
#include "membership/domain/placement_errors.h"
#include "membership/store/community_store.h"
#include "membership/store/member_store.h"
#include "membership/store/placement_store.h"
#include "membership/store/split_store.h"
#include "membership/store/sql_placement.h"
#include "platform/resource/page.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
using idempotency::Work;

placement_store::Context ContextOf(const rpc::Call& call) { return {CauseOf(call), call.principal.subject}; }

Result<pb::Member> ReadBack(pg::Tx& tx, const rpc::Call& call, const Id& community, const Id& member) {
  ASSIGN_OR_RETURN(auto found, GetMember(tx, community, member));
  return convert::ToProto(found, convert::SeesStaffView(call));
}

// The ids of members of the community, each once; one of another community is one that does not exist.
Result<std::vector<Id>> MemberIds(const Id& community, const google::protobuf::RepeatedPtrField<std::string>& members) {
  std::vector<Id> ids;
  std::set<Id> seen;
  std::vector<FieldViolation> violations;
  for (int i = 0; i < members.size(); ++i) {
    const auto name = names::Parse(members[i]);
    if (name.first != community) {
      auto error = errors::MemberNotFound(members[i]);
      error.metadata["index"] = std::to_string(i);
      return error;
    }
    if (!seen.insert(name.second).second) {
      violations.push_back({"members[" + std::to_string(i) + "]", "DUPLICATE_VALUE", "must be there once."});
    }
    ids.push_back(name.second);
  }
  if (!violations.empty()) return lanting::errors::InvalidFields(std::move(violations));
  return ids;
}

// A group is a target only in its own community: one of another does not exist.
Result<Id> GroupIn(const Id& community, const std::string& group) {
  const auto name = names::Parse(group);
  if (name.first != community) return errors::GroupNotFound(group);
  return name.second;
}

}  // namespace

Result<pb::AddToGroupResponse> PlacementService::AddToGroup(const rpc::Call& call,
                                                            const pb::AddToGroupRequest& request) {
  const auto name = names::Parse(request.name());
  ASSIGN_OR_RETURN(const auto members, MemberIds(name.first, request.members()));
  return idempotency::Write<pb::AddToGroupResponse>(
      pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::AddToGroupResponse> {
        ASSIGN_OR_RETURN(const auto outcomes,
                         placement_store::AddToGroup(tx, work, ContextOf(call), name.first, name.second, members));
        pb::AddToGroupResponse response;
        for (std::size_t i = 0; i < members.size(); ++i) {
          auto* placement = response.add_placements();
          placement->set_member(request.members(static_cast<int>(i)));
          placement->set_outcome(static_cast<pb::PlacementOutcome>(outcomes[i]));
        }
        *response.mutable_group() = convert::ToProto(*community_store::GetGroup(tx, name.first, name.second));
        return response;
      });
}

Result<pb::Member> PlacementService::RemoveFromGroup(const rpc::Call& call, const pb::RemoveFromGroupRequest& request) {
  const auto name = names::Parse(request.name()), member = names::Parse(request.member());
  if (member.first != name.first) return errors::MemberNotFound(request.member());
  return idempotency::Write<pb::Member>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Member> {
    RETURN_IF_ERROR(
        placement_store::RemoveFromGroup(tx, work, ContextOf(call), name.first, name.second, member.second));
    return ReadBack(tx, call, name.first, member.second);
  });
}

Result<pb::Member> PlacementService::MoveMember(const rpc::Call& call, const pb::MoveMemberRequest& request) {
  const auto name = names::Parse(request.name());
  ASSIGN_OR_RETURN(const auto group, GroupIn(name.first, request.group()));
  return idempotency::Write<pb::Member>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Member> {
    RETURN_IF_ERROR(placement_store::MoveMember(tx, work, ContextOf(call), name.first, name.second, group));
    return ReadBack(tx, call, name.first, name.second);
  });
}

Result<pb::ListGroupMembersResponse> PlacementService::ListGroupMembers(const rpc::Call& call,
                                                                        const pb::ListGroupMembersRequest& request) {
  static const resource::ListSpec spec{.select = sql::kListGroupMembers, .id_column = "x.id"};
  const auto name = names::Parse(request.parent());
  // Before the page: the page goes by the group alone, whatever community stands before it.
  RETURN_IF_ERROR(pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<void> {
    if (!community_store::GetGroup(tx, name.first, name.second)) return errors::GroupNotFound(request.parent());
    return {};
  }));
  pb::ListGroupMembersResponse response;
  ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      resource::ReadPage(pool_, call, spec,
                         {.parent = name.second, .page_size = request.page_size(), .page_token = request.page_token()},
                         [&](const pqxx::row& row) {
                           *response.add_members() = convert::ToProto(ReadMember(row), convert::SeesStaffView(call));
                         }));
  return response;
}

Result<pb::RoutingRule> PlacementService::CreateRoutingRule(const rpc::Call& call,
                                                            const pb::CreateRoutingRuleRequest& request) {
  const auto community = names::Parse(request.parent()).first;
  const auto& given = request.routing_rule();
  return idempotency::Write<pb::RoutingRule>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::RoutingRule> {
    if (!community_store::Exists(tx, community)) return errors::CommunityNotFound(request.parent());
    ASSIGN_OR_RETURN(const auto group, GroupIn(community, given.group()));
    const RoutingRule rule{.id = Id::New(call.now),
                           .community = community,
                           .tag = given.tag(),
                           .group = group,
                           .priority = given.priority(),
                           .create_time = call.now};
    RETURN_IF_ERROR(placement_store::CreateRule(tx, work, rule));
    return convert::ToProto(rule);
  });
}

Result<pb::ListRoutingRulesResponse> PlacementService::ListRoutingRules(const rpc::Call& call,
                                                                        const pb::ListRoutingRulesRequest& request) {
  static const resource::ListSpec spec{
      .select = sql::kListRoutingRules,
      .id_column = "r.id",
      .filters = {{"tag", "r.tag"}, {"group", "r.group_id", paging::Type::kId, {}, "communities/*/groups/*"}}};
  const auto community = names::Parse(request.parent()).first;
  pb::ListRoutingRulesResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(), resource::ReadPage(
                                                            pool_, call, spec,
                                                            {.parent = community,
                                                             .filter = request.filter(),
                                                             .page_size = request.page_size(),
                                                             .page_token = request.page_token()},
                                                            [&](const pqxx::row& row) {
                                                              *response.add_routing_rules() =
                                                                  convert::ToProto(placement_store::ReadRule(row));
                                                            },
                                                            CommunityMustExist(request.parent())));
  return response;
}

Result<google::protobuf::Empty> PlacementService::DeleteRoutingRule(const rpc::Call& call,
                                                                    const pb::DeleteRoutingRuleRequest& request) {
  using google::protobuf::Empty;
  const auto name = names::Parse(request.name());
  return idempotency::Write<Empty>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<Empty> {
    RETURN_IF_ERROR(placement_store::DeleteRule(tx, work, name.first, name.second));
    return Empty();
  });
}

Result<pb::RouteMembersResponse> PlacementService::RouteMembers(const rpc::Call& call,
                                                                const pb::RouteMembersRequest& request) {
  const auto rule = names::Parse(request.rule());
  const placement_store::RouteRequest route{.community = names::Parse(request.parent()).first,
                                            .rule = rule.second,
                                            .max_members = request.max_members() == 0 ? 1000 : request.max_members(),
                                            .validate_only = request.validate_only()};
  if (!request.rule().empty() && rule.first != route.community) return errors::RoutingRuleNotFound(request.rule());
  return idempotency::Write<pb::RouteMembersResponse>(
      pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::RouteMembersResponse> {
        ASSIGN_OR_RETURN(const auto routed, placement_store::RouteMembers(tx, work, ContextOf(call), route));
        pb::RouteMembersResponse response;
        response.set_placed_count(routed.placed);
        response.set_already_in_count(routed.already_in);
        response.set_full_count(routed.full);
        response.set_more(routed.more);
        return response;
      });
}

Result<pb::SplitGroupResponse> PlacementService::SplitGroup(const rpc::Call& call,
                                                            const pb::SplitGroupRequest& request) {
  const auto name = names::Parse(request.name());
  int promoted = 0;
  auto reply =
      idempotency::Write<pb::SplitGroupResponse>(pool_, call, [&](pg::Tx& tx, Work&) -> Result<pb::SplitGroupResponse> {
        ASSIGN_OR_RETURN(const auto outcome,
                         split_store::Split(tx, ContextOf(call), name.first, name.second, convert::FromProto(request)));
        promoted = outcome.promoted;
        pb::SplitGroupResponse response;
        *response.mutable_split() = convert::ToProto(outcome.split, outcome.competitors);
        response.set_unplaced_count(outcome.unplaced);
        response.set_rest_count(outcome.rest);
        return response;
      });
  if (reply.ok()) idempotency::WakeRelay();
  if (reply.ok()) PromoteRest(pool_, call, name.first, promoted);
  return reply;
}

Result<pb::GroupLineage> PlacementService::GetGroupLineage(const rpc::Call& call,
                                                           const pb::GetGroupLineageRequest& request) {
  const auto name = names::Parse(request.name());
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::GroupLineage> {
    const auto group = community_store::GetGroup(tx, name.first, name.second);
    if (!group) return errors::GroupNotFound(request.name());
    const auto lineage = split_store::GetLineage(tx, *group);
    pb::GroupLineage response;
    for (const auto& g : lineage.ancestors) *response.add_ancestors() = convert::ToProto(g);
    for (const auto& g : lineage.siblings) *response.add_siblings() = convert::ToProto(g);
    for (const auto& g : lineage.descendants) *response.add_descendants() = convert::ToProto(g);
    response.set_more_descendants(lineage.more_descendants);
    return response;
  });
}

Result<pb::GroupSplit> PlacementService::GetGroupSplit(const rpc::Call& call, const pb::GetGroupSplitRequest& request) {
  const auto name = names::Parse(request.name());
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::GroupSplit> {
    const auto split = split_store::GetSplit(tx, name.first, name.second);
    if (!split) return errors::GroupSplitNotFound(request.name());
    return convert::ToProto(*split, split_store::Competitors(tx, split->id));
  });
}

void PlacementService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (PlacementService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("AddToGroup", &PlacementService::AddToGroup);
  bind("RemoveFromGroup", &PlacementService::RemoveFromGroup);
  bind("MoveMember", &PlacementService::MoveMember);
  bind("ListGroupMembers", &PlacementService::ListGroupMembers);
  bind("CreateRoutingRule", &PlacementService::CreateRoutingRule);
  bind("ListRoutingRules", &PlacementService::ListRoutingRules);
  bind("DeleteRoutingRule", &PlacementService::DeleteRoutingRule);
  bind("RouteMembers", &PlacementService::RouteMembers);
  bind("SplitGroup", &PlacementService::SplitGroup);
  bind("GetGroupLineage", &PlacementService::GetGroupLineage);
  bind("GetGroupSplit", &PlacementService::GetGroupSplit);
}

}  // namespace lanting::membership
