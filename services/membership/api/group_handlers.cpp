#include "membership/api/group_handlers.h"

#include "membership/api/cause.h"
#include "membership/api/convert.h"
#include "membership/api/promote_rest.h"
#include "membership/domain/names.h"
#include "membership/domain/placement_errors.h"
#include "membership/events/publish_placement.h"
#include "membership/store/community_store.h"
#include "membership/store/join_store.h"
#include "membership/store/placement_store.h"
#include "platform/idempotency/write.h"
#include "platform/resource/etag.h"
#include "platform/resource/update_mask.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = community_store;
using idempotency::Work;

// What an update may change of a group, from `wanted`.
void Change(Group& group, const pb::Group& wanted) {
  const auto given = convert::FromProto(wanted);
  group.display_name = given.display_name;
  group.channel_group_id = given.channel_group_id;
  group.capacity = given.capacity;
  group.tag = given.tag;
  group.purpose = given.purpose;
  group.owner = given.owner;
  FillDefaults(group);
}

Result<Group> Load(pg::Tx& tx, const names::Parts& name) {
  auto group = store::GetGroup(tx, name.first, name.second);
  if (!group) return errors::GroupNotFound(names::Group(name.first, name.second));
  return *std::move(group);
}

}  // namespace

Result<pb::Group> GroupHandlers::UpdateGroup(const rpc::Call& call, const pb::UpdateGroupRequest& request) {
  const auto& patch = request.group();
  const auto name = names::Parse(patch.name());
  int promoted = 0;
  auto reply = idempotency::Write<pb::Group>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Group> {
    promoted = 0;
    if (!LockCommunity(tx, name.first)) return errors::GroupNotFound(patch.name());
    ASSIGN_OR_RETURN(auto group, Load(tx, name));
    RETURN_IF_ERROR(resource::CheckEtag(patch.etag(), group.version));
    const auto before = convert::ToProto(group);
    auto wanted = before;
    RETURN_IF_ERROR(resource::ApplyUpdate(request.update_mask(), patch, "group", &wanted));
    // Left out at the creation it is the default; here it would open the group.
    if (wanted.capacity() == 0) {
      return lanting::errors::InvalidField("group.capacity", "OUT_OF_RANGE",
                                           "must be at least 1; close the group to let nobody in.");
    }
    const int places_before = group.capacity;
    Change(group, wanted);
    if (group.capacity < group.member_count) return errors::CapacityBelowMemberCount(group.member_count);
    if (convert::ToProto(group).SerializeAsString() == before.SerializeAsString()) return before;
    ++group.version;
    group.update_time = call.now;
    store::UpdateGroup(tx, group);
    auto fact = events::GroupUpdated(group, CauseOf(call));
    if (group.kind != GroupKind::kMain || group.capacity <= places_before) {
      work.Publish(std::move(fact));
      return convert::ToProto(group);
    }
    ASSIGN_OR_RETURN(promoted, LetIn(tx, call, name.first, std::move(fact)));
    ASSIGN_OR_RETURN(group, Load(tx, name));
    return convert::ToProto(group);
  });
  if (reply.ok()) PromoteRest(pool_, call, name.first, promoted);
  return reply;
}

Result<pb::Group> GroupHandlers::CloseGroup(const rpc::Call& call, const pb::CloseGroupRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Group>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Group> {
    if (!LockCommunity(tx, name.first)) return errors::GroupNotFound(request.name());
    ASSIGN_OR_RETURN(auto group, Load(tx, name));
    if (group.state == GroupState::kClosed) return convert::ToProto(group);
    group.state = GroupState::kClosed;
    ++group.version;
    group.update_time = call.now;
    store::UpdateGroup(tx, group);
    work.Publish(events::GroupUpdated(group, CauseOf(call)));
    return convert::ToProto(group);
  });
}

Result<pb::Group> GroupHandlers::ReopenGroup(const rpc::Call& call, const pb::ReopenGroupRequest& request) {
  const auto name = names::Parse(request.name());
  int promoted = 0;
  auto reply = idempotency::Write<pb::Group>(pool_, call, [&](pg::Tx& tx, Work&) -> Result<pb::Group> {
    promoted = 0;
    RETURN_IF_ERROR(placement_store::LockOpen(tx, name.first, errors::GroupNotFound(request.name())));
    ASSIGN_OR_RETURN(auto group, Load(tx, name));
    if (group.state == GroupState::kOpen) return convert::ToProto(group);
    group.state = GroupState::kOpen;
    ++group.version;
    group.update_time = call.now;
    store::UpdateGroup(tx, group);
    ASSIGN_OR_RETURN(promoted, LetIn(tx, call, name.first, events::GroupUpdated(group, CauseOf(call))));
    ASSIGN_OR_RETURN(group, Load(tx, name));
    return convert::ToProto(group);
  });
  if (reply.ok()) PromoteRest(pool_, call, name.first, promoted);
  return reply;
}

void GroupHandlers::Register(rpc::Service& communities) {
  auto bind = [&]<typename Request>(const char* name,
                                    Result<pb::Group> (GroupHandlers::*method)(const rpc::Call&, const Request&)) {
    communities.Unary<Request, pb::Group>(
        name, [this, method](const auto& call, const auto& request) { return (this->*method)(call, request); });
  };
  bind("UpdateGroup", &GroupHandlers::UpdateGroup);
  bind("CloseGroup", &GroupHandlers::CloseGroup);
  bind("ReopenGroup", &GroupHandlers::ReopenGroup);
}

}  // namespace lanting::membership
