#include "membership/store/placement_store.h"

#include <algorithm>

#include "membership/domain/names.h"
#include "membership/domain/placement_errors.h"
#include "membership/events/publish_member.h"
#include "membership/events/publish_placement.h"
#include "membership/store/columns.h"
#include "membership/store/community_store.h"
#include "membership/store/join_store.h"
#include "membership/store/sql_placement.h"

namespace lanting::membership::placement_store {
namespace {

struct Candidate {
  MemberState state;
  std::int64_t version;
  Id home;
  bool further;  // has a further place in the group asked about
};

std::map<Id, Candidate> Candidates(pg::Tx& tx, const Id& community, const Id& group, const std::vector<Id>& members) {
  std::map<Id, Candidate> found;
  for (const auto& row : tx.Run(sql::kPlaceCandidates, tx.tenant(), community, members, group)) {
    found[pg::GetId(row["id"])] = {static_cast<MemberState>(pg::GetInt(row["state"])), pg::GetInt(row["version"]),
                                   pg::GetOptionalId(row["group_id"]).value_or(Id()), pg::GetBool(row["further"])};
  }
  return found;
}

}  // namespace

JoinGroup ToJoinGroup(const Group& g) {
  return {.community = g.community,
          .capacity = g.capacity,
          .member_count = g.member_count,
          .version = g.version,
          .tag = g.tag};
}

Result<void> LockOpen(pg::Tx& tx, const Id& community, const Error& missing) {
  const auto rows = tx.Run(sql::kLockCommunityState, tx.tenant(), community);
  if (rows.empty()) return missing;
  if (static_cast<CommunityState>(pg::GetInt32(rows[0]["state"])) != CommunityState::kOpen) {
    return errors::CommunityArchived(names::Community(community));
  }
  return {};
}

// --- Changes ---

void Changes::Add(const Id& member, bool home, const Id& from, const Id& to, const std::string& tag, HistoryKind kind,
                  const std::map<std::string, std::string>& detail) {
  member_.push_back(member);
  home_.push_back(home ? 1 : 0);
  source_.push_back(from);
  target_.push_back(to);
  tag_.push_back(tag);
  kind_.push_back(static_cast<std::int32_t>(kind));
  line_.push_back(Id::New(context_.cause.now));
  detail_.push_back(columns::Json(detail));
}

void Changes::Place(const Id& member, std::int64_t version, const Id& to, const std::string& tag) {
  Add(member, false, Id(), to, tag, HistoryKind::kPlaced, {{"group", names::Group(community_, to)}});
  events_.push_back(events::MemberPlaced({community_, member, version + 1}, to, context_.cause));
}

void Changes::Unplace(const Id& member, std::int64_t version, const Id& from) {
  Add(member, false, from, Id(), "", HistoryKind::kUnplaced, {{"group", names::Group(community_, from)}});
  events_.push_back(events::MemberUnplaced({community_, member, version + 1}, from, context_.cause));
}

void Changes::Move(const Id& member, std::int64_t version, bool home, const Id& from, const Id& to,
                   const std::string& tag) {
  Add(member, home, from, to, tag, HistoryKind::kMoved,
      {{"from", names::Group(community_, from)}, {"to", names::Group(community_, to)}});
  events_.push_back(events::MemberMoved({community_, member, version + 1}, from, to, home, context_.cause));
}

void Changes::Count(idempotency::Work& work, const Id& id, const JoinGroup& group) {
  if (group.new_members == 0) return;
  const bool full = group.full(), near_full = group.became_near_full();
  Count(id, group.new_members, full || near_full);
  if (full) {
    work.Publish(events::GroupFull(group.community, id, group.capacity, group.version + 1, context_.cause));
  } else if (near_full) {
    work.Publish(events::GroupNearFull(group.community, id, group.capacity, group.member_count, group.version + 1,
                                       context_.cause));
  }
}

void Changes::Count(const Id& group, int delta, bool bump) {
  group_.push_back(group);
  delta_.push_back(delta);
  bump_.push_back(bump ? 1 : 0);
}

void Changes::Write(pg::Tx& tx, idempotency::Work& work) {
  if (empty()) return;
  tx.Run(sql::kPlace, tx.tenant(), community_, context_.cause.now, context_.actor, member_, home_, source_, target_,
         tag_, kind_, line_, detail_, group_, delta_, bump_);
  for (auto& event : events_) work.Publish(std::move(event));
}

// --- places ---

Result<std::vector<PlaceOutcome>> AddToGroup(pg::Tx& tx, idempotency::Work& work, const Context& context,
                                             const Id& community, const Id& group_id, const std::vector<Id>& members) {
  const auto missing = errors::GroupNotFound(names::Group(community, group_id));
  RETURN_IF_ERROR(LockOpen(tx, community, missing));
  const auto group = community_store::GetGroup(tx, community, group_id);
  if (!group) return missing;
  RETURN_IF_ERROR(CheckFurtherPlaces(*group));
  const auto found = Candidates(tx, community, group_id, members);
  std::vector<PlaceCandidate> candidates;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto known = found.find(members[i]);
    if (known == found.end()) {
      auto error = errors::MemberNotFound(names::Member(community, members[i]));
      error.metadata["index"] = std::to_string(i);
      return error;
    }
    const auto& c = known->second;
    candidates.push_back({c.state == MemberState::kActive, c.further || c.home == group_id});
  }
  auto places = ToJoinGroup(*group);
  auto outcomes = DecidePlacements(places, candidates);
  Changes changes(community, context);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (outcomes[i] == PlaceOutcome::kPlaced) {
      changes.Place(members[i], found.at(members[i]).version, group_id, group->tag);
    }
  }
  changes.Count(work, group_id, places);
  changes.Write(tx, work);
  return outcomes;
}

Result<void> RemoveFromGroup(pg::Tx& tx, idempotency::Work& work, const Context& context, const Id& community,
                             const Id& group, const Id& member) {
  const auto group_name = names::Group(community, group), member_name = names::Member(community, member);
  if (!LockCommunity(tx, community)) return errors::GroupNotFound(group_name);
  if (!community_store::GetGroup(tx, community, group)) return errors::GroupNotFound(group_name);
  const auto found = Candidates(tx, community, group, {member});
  if (found.empty()) return errors::MemberNotFound(member_name);
  const auto& candidate = found.begin()->second;
  if (!candidate.further) return errors::MemberNotInGroup(member_name, group_name);
  Changes changes(community, context);
  changes.Unplace(member, candidate.version, group);
  changes.Count(group, -1);
  changes.Write(tx, work);
  return {};
}

Result<void> MoveMember(pg::Tx& tx, idempotency::Work& work, const Context& context, const Id& community,
                        const Id& member, const Id& group_id) {
  const auto member_name = names::Member(community, member), group_name = names::Group(community, group_id);
  RETURN_IF_ERROR(LockOpen(tx, community, errors::MemberNotFound(member_name)));
  const auto found = Candidates(tx, community, group_id, {member});
  if (found.empty()) return errors::MemberNotFound(member_name);
  const auto& candidate = found.begin()->second;
  const auto group = community_store::GetGroup(tx, community, group_id);
  if (!group) return errors::GroupNotFound(group_name);
  if (candidate.state != MemberState::kActive) return errors::MemberNotActive(member_name);
  if (candidate.home == group_id) return {};
  if (group->state != GroupState::kOpen) return errors::GroupClosed(group_name);
  Changes changes(community, context);
  if (!candidate.further) {  // else the further place becomes the first one
    auto places = ToJoinGroup(*group);
    if (places.full()) return errors::GroupFull(group_name);
    ++places.member_count;
    ++places.new_members;
    changes.Count(work, group_id, places);
  }
  changes.Count(candidate.home, -1);
  changes.Move(member, candidate.version, true, candidate.home, group_id, group->tag);
  changes.Write(tx, work);
  RETURN_IF_ERROR(PromoteWaiting(tx, work, context.cause, community));
  return {};
}

}  // namespace lanting::membership::placement_store
