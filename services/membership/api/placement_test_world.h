// For tests: communities with groups and members in them, and what must hold of their places.
#pragma once

#include "membership/api/api_test_world.h"
#include "membership/api/group_handlers.h"
#include "membership/api/placement_service.h"
#include "membership/store/join_store.h"
#include "membership/store/member_store.h"
#include "platform/idempotency/write.h"

namespace lanting::membership {

class PlacementTest : public ApiTest {
 protected:
  // `count` people join, each with the tags that `tags_of` gives its number from 0. Their names, in order.
  std::vector<std::string> Join(
      const std::string& community, int count,
      const std::function<std::vector<std::string>(int)>& tags_of = [](int) { return std::vector<std::string>(); }) {
    const auto id = *Id::Parse(community.substr(12));
    auto joined = pg::InTenantTx(
        pool_, tenant_, DeadlineIn(std::chrono::seconds(30)), [&](pg::Tx& tx) -> Result<std::vector<std::string>> {
          std::vector<JoinItem> items;
          for (int i = 0; i < count; ++i) {
            JoinItem item{.community = id, .member_id = Id::New()};
            item.person.display_name = "书友" + std::to_string(i);
            item.person.tags = tags_of(i);
            items.push_back(std::move(item));
          }
          idempotency::Work work;
          ASSIGN_OR_RETURN(auto members, membership::Join(tx, work, {Clock::System().Now(), ""}, items));
          work.Apply(tx);
          std::vector<std::string> names;
          for (const auto& member : members) {
            if (!member.ok()) return member.error();
            names.push_back(community + "/members/" + member->id.ToString());
          }
          return names;
        });
    if (!joined.ok()) ADD_FAILURE() << joined.error().reason << joined.error().internal;
    return joined.ok() ? *joined : std::vector<std::string>();
  }
  Result<Member> Remove(const std::string& name) {
    const auto community = *Id::Parse(name.substr(12, 26)), member = *Id::Parse(name.substr(name.rfind('/') + 1));
    return pg::InTenantTx(pool_, tenant_, DeadlineIn(std::chrono::seconds(30)), [&](pg::Tx& tx) -> Result<Member> {
      idempotency::Work work;
      ASSIGN_OR_RETURN(auto left, RemoveMember(tx, work, {Clock::System().Now(), ""}, community, member));
      work.Apply(tx);
      return left;
    });
  }
  Member Read(const std::string& name) {
    const auto community = *Id::Parse(name.substr(12, 26)), member = *Id::Parse(name.substr(name.rfind('/') + 1));
    return *pg::ReadTenant(pool_, tenant_, DeadlineIn(std::chrono::seconds(30)),
                           [&](pg::Tx& tx) { return GetMember(tx, community, member); });
  }

  pb::Group AddTopic(const std::string& community, const std::string& tag, int capacity,
                     pb::GroupKind kind = pb::GROUP_KIND_TOPIC) {
    pb::CreateGroupRequest request;
    request.set_parent(community);
    auto* g = request.mutable_group();
    g->set_display_name(tag + "群");
    g->set_channel(pb::CHANNEL_WECHAT);
    g->set_kind(kind);
    g->set_capacity(capacity);
    g->set_tag(tag);
    return *communities_.CreateGroup(Mine("CreateGroup", request), request);
  }
  pb::Group Group(const std::string& name) {
    pb::GetGroupRequest request;
    request.set_name(name);
    return *communities_.GetGroup(Mine("GetGroup", request), request);
  }

  Result<pb::AddToGroupResponse> Add(const std::string& group, const std::vector<std::string>& members,
                                     const std::string& request_id = "") {
    pb::AddToGroupRequest request;
    request.set_name(group);
    for (const auto& member : members) request.add_members(member);
    return placements_.AddToGroup(Mine("AddToGroup", request, request_id), request);
  }
  Result<pb::Member> Unplace(const std::string& group, const std::string& member) {
    pb::RemoveFromGroupRequest request;
    request.set_name(group);
    request.set_member(member);
    return placements_.RemoveFromGroup(Mine("RemoveFromGroup", request), request);
  }
  Result<pb::Member> Move(const std::string& member, const std::string& group) {
    pb::MoveMemberRequest request;
    request.set_name(member);
    request.set_group(group);
    return placements_.MoveMember(Mine("MoveMember", request), request);
  }
  template <typename Request, typename Method>
  auto OnGroup(const std::string& name, Method method, const std::string& as) {
    Request request;
    request.set_name(name);
    return (groups_.*method)(Mine(as, request), request);
  }
  Result<pb::Group> Close(const std::string& group) {
    return OnGroup<pb::CloseGroupRequest>(group, &GroupHandlers::CloseGroup, "CloseGroup");
  }
  Result<pb::Group> Reopen(const std::string& group) {
    return OnGroup<pb::ReopenGroupRequest>(group, &GroupHandlers::ReopenGroup, "ReopenGroup");
  }
  Result<pb::Group> Resize(const std::string& group, int capacity) {
    pb::UpdateGroupRequest request;
    request.mutable_group()->set_name(group);
    request.mutable_group()->set_capacity(capacity);
    request.mutable_update_mask()->add_paths("capacity");
    return groups_.UpdateGroup(Mine("UpdateGroup", request), request);
  }
  template <typename Request>
  Result<pb::Community> OnCommunity(const std::string& name,
                                    Result<pb::Community> (CommunityService::*method)(const rpc::Call&,
                                                                                      const Request&)) {
    Request request;
    request.set_name(name);
    return (communities_.*method)(Mine("OnCommunity", request), request);
  }
  Result<pb::Community> Archive(const std::string& name) {
    return OnCommunity<pb::ArchiveCommunityRequest>(name, &CommunityService::ArchiveCommunity);
  }
  Result<pb::Community> ReopenCommunity(const std::string& name) {
    return OnCommunity<pb::ReopenCommunityRequest>(name, &CommunityService::ReopenCommunity);
  }

  // Counters are what members, places and queue add up to; no fact shares its version with another of its
  // subject.
  void ExpectPlacesTrue() {
    EXPECT_EQ(Count("chat_group g WHERE member_count <> (SELECT count(*) FROM membership.member m"
                    " WHERE m.group_id = g.id AND m.state IN (1, 4)) + (SELECT count(*) FROM membership.group_place p"
                    " WHERE p.group_id = g.id)"),
              0);
    EXPECT_EQ(Count("chat_group WHERE member_count > capacity"), 0);
    EXPECT_EQ(Count("group_place p JOIN membership.member m ON m.id = p.member_id WHERE m.group_id = p.group_id"
                    " OR m.state <> 1"),
              0);
    EXPECT_EQ(Count("community c WHERE waiting_count <> (SELECT count(*) FROM membership.member m"
                    " WHERE m.community_id = c.id AND m.state = 2)"),
              0);
    EXPECT_EQ(db_.Query("SELECT string_agg(DISTINCT a.type || ' ' || a.subject || ' ' || a.aggregate_version, ',')"
                        " FROM membership.outbox a JOIN membership.outbox b ON a.subject = b.subject"
                        " AND a.aggregate_version = b.aggregate_version AND a.event_id <> b.event_id"),
              "");
  }
  int Events(const std::string& type) { return Count("outbox WHERE type LIKE '%." + type + "'"); }

  GroupHandlers groups_{pool_};
  PlacementService placements_{pool_};
};

}  // namespace lanting::membership
