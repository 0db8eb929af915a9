#include "membership/api/community_service.h"

#include <charconv>

#include "membership/api/cause.h"
#include "membership/api/community_must_exist.h"
#include "membership/api/convert.h"
#include "membership/api/convert_placement.h"
#include "membership/api/enum_names.h"
#include "membership/api/promote_rest.h"
#include "membership/domain/errors.h"
#include "membership/domain/join.h"
#include "membership/domain/names.h"
#include "membership/domain/placement_errors.h"
#include "membership/domain/suitability.h"
#include "membership/events/publish.h"
#include "membership/events/publish_placement.h"
#include "membership/store/community_store.h"
#include "membership/store/join_store.h"
#include "membership/store/sql_community.h"
#include "platform/idempotency/write.h"
#include "platform/resource/etag.h"
#include "platform/resource/page.h"
#include "platform/resource/update_mask.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = community_store;
using idempotency::Work;

const resource::ListSpec& CommunityList() {
  using paging::Type;
  static const resource::ListSpec spec{
      .select = sql::kListCommunities,
      .id_column = "c.id",
      .filters = {{"display_name", "c.display_name", Type::kString},
                  {"template", "c.template", Type::kEnum, paging::EnumValues(pb::Template_descriptor())},
                  {"external_id", "c.external_id", Type::kString},
                  {"state", "c.state", Type::kEnum, ShortEnumValues(pb::CommunityState_descriptor())},
                  {"type", "c.type", Type::kEnum, ShortEnumValues(pb::CommunityType_descriptor())},
                  {"structure", "c.structure", Type::kEnum, ShortEnumValues(pb::Structure_descriptor())},
                  {"product", "c.product", Type::kString},
                  {"product_kind", "c.product_kind", Type::kEnum, ShortEnumValues(pb::ProductKind_descriptor())},
                  {"needs_group", sql::kNeedsGroup, Type::kBool},
                  {"create_time", "c.create_time", Type::kTime}},
      .orders = {{"create_time", "c.create_time", Type::kTime}, {"display_name", "c.display_name", Type::kString}}};
  return spec;
}

const resource::ListSpec& GroupList() {
  using paging::Type;
  static const resource::ListSpec spec{
      .select = sql::kListGroups,
      .id_column = "g.id",
      .filters = {{"kind", "g.kind", Type::kEnum, ShortEnumValues(pb::GroupKind_descriptor())},
                  {"state", "g.state", Type::kEnum, ShortEnumValues(pb::GroupState_descriptor())},
                  {"channel", "g.channel", Type::kEnum, ShortEnumValues(pb::Channel_descriptor())},
                  {"fill_state", sql::kFillState, Type::kEnum, ShortEnumValues(pb::FillState_descriptor())},
                  {"tag", "g.tag", Type::kString},
                  {"display_name", "g.display_name", Type::kString},
                  {"parent_group", "g.parent_group_id", Type::kId, {}, "communities/*/groups/*"},
                  {"split", "g.split_id", Type::kId, {}, "communities/*/groupSplits/*"}}};
  return spec;
}

// 0 for "current"; nullopt for what is no version.
std::optional<int> ParseVersion(std::string_view text) {
  if (text == "current") return 0;
  int version = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  bool canonical = error == std::errc() && end == text.data() + text.size() && version > 0 && text[0] != '0';
  return canonical ? std::optional(version) : std::nullopt;
}

// How many of `promoted` people came into a new main group: the places before it are filled first.
int LetInto(const Group& group, int promoted, int free_before) {
  return group.kind == GroupKind::kMain ? std::min(std::max(promoted - free_before, 0), group.capacity) : 0;
}

}  // namespace

Result<pb::ListCommunityTemplatesResponse> CommunityService::ListCommunityTemplates(
    const rpc::Call&, const pb::ListCommunityTemplatesRequest& request) {
  pb::ListCommunityTemplatesResponse response;
  for (const auto& defaults : Templates(request.locale())) *response.add_templates() = convert::ToProto(defaults);
  return response;
}

Result<pb::Community> CommunityService::CreateCommunity(const rpc::Call& call,
                                                        const pb::CreateCommunityRequest& request) {
  RETURN_IF_ERROR(CheckFirstGate(static_cast<GateKind>(request.gate_kind())));
  return idempotency::Write<pb::Community>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Community> {
    Community community;
    convert::FromProto(request.community(), &community);
    community.id = Id::New(call.now);
    community.create_time = community.update_time = call.now;
    community.version = 2;         // opened, and its first rules published
    community.needs_group = true;  // it has none yet
    FillDefaults(community);
    auto rules = FirstHouseRules(community);
    auto gate = FirstGate(community, static_cast<GateKind>(request.gate_kind()), Id::New(call.now));
    store::Open(work, tx.tenant(), community, rules, gate);
    work.Publish(events::CommunityOpened(community, CauseOf(call)));
    work.Publish(events::HouseRulesPublished(rules, community.version, CauseOf(call)));
    work.Publish(events::GateCreated(gate, CauseOf(call)));
    return convert::ToProto(community);
  });
}

Result<pb::Community> CommunityService::GetCommunity(const rpc::Call& call, const pb::GetCommunityRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Community> {
    auto community = store::Get(tx, names::Parse(request.name()).first);
    if (!community) return errors::CommunityNotFound(request.name());
    return convert::ToProto(*community);
  });
}

Result<pb::ListCommunitiesResponse> CommunityService::ListCommunities(const rpc::Call& call,
                                                                      const pb::ListCommunitiesRequest& request) {
  pb::ListCommunitiesResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(), resource::ReadPage(pool_, call, CommunityList(),
                                                                           {.filter = request.filter(),
                                                                            .order_by = request.order_by(),
                                                                            .page_size = request.page_size(),
                                                                            .page_token = request.page_token()},
                                                                           [&](const pqxx::row& row) {
                                                                             *response.add_communities() =
                                                                                 convert::ToProto(store::Read(row));
                                                                           }));
  return response;
}

Result<pb::Community> CommunityService::UpdateCommunity(const rpc::Call& call,
                                                        const pb::UpdateCommunityRequest& request) {
  const auto& patch = request.community();
  return idempotency::Write<pb::Community>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Community> {
    auto community = store::Lock(tx, names::Parse(patch.name()).first);
    if (!community) return errors::CommunityNotFound(patch.name());
    RETURN_IF_ERROR(resource::CheckEtag(patch.etag(), community->version));
    const auto before = convert::ToProto(*community);
    auto wanted = before;
    RETURN_IF_ERROR(resource::ApplyUpdate(request.update_mask(), patch, "community", &wanted));
    convert::FromProto(wanted, &*community);
    FillDefaults(*community);
    if (convert::ToProto(*community).SerializeAsString() == before.SerializeAsString()) return before;
    ++community->version;
    community->update_time = call.now;
    store::Update(work, tx.tenant(), *community);
    work.Publish(events::CommunityUpdated(*community, CauseOf(call)));
    return convert::ToProto(*community);
  });
}

Result<pb::Group> CommunityService::CreateGroup(const rpc::Call& call, const pb::CreateGroupRequest& request) {
  const auto community_id = names::Parse(request.parent()).first;
  int promoted = 0;
  auto reply = idempotency::Write<pb::Group>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Group> {
    auto community = store::Lock(tx, community_id);
    if (!community) return errors::CommunityNotFound(request.parent());
    if (community->state != CommunityState::kOpen) return errors::CommunityArchived(request.parent());
    auto group = convert::FromProto(request.group());
    FillDefaults(group);
    group.id = Id::New(call.now);
    group.community = community_id;
    group.create_time = group.update_time = call.now;
    work.Publish(events::GroupCreated(group, CauseOf(call)));
    promoted = 0;
    if (community->waiting_count == 0 || group.kind != GroupKind::kMain) {
      store::CreateGroup(work, tx.tenant(), group);
      return convert::ToProto(group);
    }
    const int free_before = store::FreeMainPlaces(tx, community_id);
    store::InsertGroup(tx, group);
    ASSIGN_OR_RETURN(promoted, PromoteWaiting(tx, work, {call.now, call.traceparent}, community_id));
    group.member_count = LetInto(group, promoted, free_before);
    // GroupFull and GroupNearFull are facts of their own.
    if (group.member_count > 0 && IsNearFull(group.member_count, group.capacity)) ++group.version;
    return convert::ToProto(group);
  });
  if (reply.ok()) PromoteRest(pool_, call, community_id, promoted);
  return reply;
}

Result<pb::Group> CommunityService::GetGroup(const rpc::Call& call, const pb::GetGroupRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Group> {
    auto name = names::Parse(request.name());
    auto group = store::GetGroup(tx, name.first, name.second);
    if (!group) return errors::GroupNotFound(request.name());
    return convert::ToProto(*group);
  });
}

Result<pb::ListGroupsResponse> CommunityService::ListGroups(const rpc::Call& call,
                                                            const pb::ListGroupsRequest& request) {
  const auto community = names::Parse(request.parent()).first;
  pb::ListGroupsResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   resource::ReadPage(
                       pool_, call, GroupList(),
                       {.parent = community,
                        .filter = request.filter(),
                        .page_size = request.page_size(),
                        .page_token = request.page_token()},
                       [&](const pqxx::row& row) { *response.add_groups() = convert::ToProto(store::ReadGroup(row)); },
                       CommunityMustExist(request.parent())));
  return response;
}

Result<pb::HouseRules> CommunityService::PublishHouseRules(const rpc::Call& call,
                                                           const pb::PublishHouseRulesRequest& request) {
  return idempotency::Write<pb::HouseRules>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::HouseRules> {
    auto community = store::Lock(tx, names::Parse(request.parent()).first);
    if (!community) return errors::CommunityNotFound(request.parent());
    HouseRules rules{.community = community->id,
                     .version = community->house_rules_version + 1,
                     .text = request.house_rules().text(),
                     .create_time = call.now};
    store::Publish(work, tx.tenant(), rules, community->version + 1);
    work.Publish(events::HouseRulesPublished(rules, community->version + 1, CauseOf(call)));
    return convert::ToProto(rules);
  });
}

Result<pb::HouseRules> CommunityService::GetHouseRules(const rpc::Call& call, const pb::GetHouseRulesRequest& request) {
  const auto& name = request.name();
  auto version = ParseVersion(std::string_view(name).substr(name.rfind('/') + 1));
  if (!version) return errors::HouseRulesNotFound(name);
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::HouseRules> {
    auto rules = store::GetHouseRules(tx, names::Parse(name).first, *version);
    if (!rules) return errors::HouseRulesNotFound(name);
    return convert::ToProto(*rules);
  });
}

Result<pb::Community> CommunityService::ArchiveCommunity(const rpc::Call& call,
                                                         const pb::ArchiveCommunityRequest& request) {
  return idempotency::Write<pb::Community>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Community> {
    auto community = store::Lock(tx, names::Parse(request.name()).first);
    if (!community) return errors::CommunityNotFound(request.name());
    if (community->state == CommunityState::kArchived) return convert::ToProto(*community);
    community->state = CommunityState::kArchived;
    ++community->version;
    community->update_time = call.now;
    store::SetState(tx, *community);
    work.Publish(events::CommunityArchived(*community, CauseOf(call)));
    return convert::ToProto(*community);
  });
}

Result<pb::Community> CommunityService::ReopenCommunity(const rpc::Call& call,
                                                        const pb::ReopenCommunityRequest& request) {
  const auto id = names::Parse(request.name()).first;
  int promoted = 0;
  auto reply = idempotency::Write<pb::Community>(pool_, call, [&](pg::Tx& tx, Work&) -> Result<pb::Community> {
    promoted = 0;
    auto community = store::Lock(tx, id);
    if (!community) return errors::CommunityNotFound(request.name());
    if (community->state == CommunityState::kOpen) return convert::ToProto(*community);
    community->state = CommunityState::kOpen;
    ++community->version;
    community->update_time = call.now;
    store::SetState(tx, *community);
    ASSIGN_OR_RETURN(promoted, LetIn(tx, call, id, events::CommunityReopened(*community, CauseOf(call))));
    return convert::ToProto(*store::Get(tx, id));
  });
  if (reply.ok()) PromoteRest(pool_, call, id, promoted);
  return reply;
}

Result<pb::CheckSuitabilityResponse> CommunityService::CheckSuitability(const rpc::Call&,
                                                                        const pb::CheckSuitabilityRequest& request) {
  return convert::ToProto(membership::CheckSuitability(convert::FromProto(request), request.locale()));
}

void CommunityService::Register(rpc::Service& service) {
  auto bind = [&]<typename Request, typename Reply>(
                  const char* name, Result<Reply> (CommunityService::*method)(const rpc::Call&, const Request&)) {
    service.Unary<Request, Reply>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("ListCommunityTemplates", &CommunityService::ListCommunityTemplates);
  bind("CreateCommunity", &CommunityService::CreateCommunity);
  bind("GetCommunity", &CommunityService::GetCommunity);
  bind("ListCommunities", &CommunityService::ListCommunities);
  bind("UpdateCommunity", &CommunityService::UpdateCommunity);
  bind("CreateGroup", &CommunityService::CreateGroup);
  bind("GetGroup", &CommunityService::GetGroup);
  bind("ListGroups", &CommunityService::ListGroups);
  bind("PublishHouseRules", &CommunityService::PublishHouseRules);
  bind("GetHouseRules", &CommunityService::GetHouseRules);
  bind("ArchiveCommunity", &CommunityService::ArchiveCommunity);
  bind("ReopenCommunity", &CommunityService::ReopenCommunity);
  bind("CheckSuitability", &CommunityService::CheckSuitability);
}

}  // namespace lanting::membership
