#include "membership/store/split_store.h"

#include "membership/domain/names.h"
#include "membership/domain/placement_errors.h"
#include "membership/events/publish.h"
#include "membership/events/publish_placement.h"
#include "membership/store/community_store.h"
#include "membership/store/join_store.h"
#include "membership/store/sql_placement.h"

namespace lanting::membership::split_store {
namespace {

using placement_store::Changes;
using placement_store::Context;

constexpr int kMaxDescendants = 200;

struct Row {
  Id member;
  std::int64_t version;
  bool home;
};

struct Parent {
  Group group;
  std::vector<Row> rows;
  std::vector<std::vector<std::string>> tags;
};

void LoadMembers(pg::Tx& tx, const SplitPlan& plan, Parent& parent) {
  std::vector<std::string> wanted;
  for (const auto& spec : plan.groups) {
    if (!spec.from_tag.empty()) wanted.push_back(spec.from_tag);
  }
  const auto& group = parent.group;
  for (const auto& row :
       tx.Run(sql::kSplitMembers, tx.tenant(), group.community, group.id, wanted, std::int32_t{kMaxSplitMembers})) {
    parent.rows.push_back({pg::GetId(row["id"]), pg::GetInt(row["version"]), pg::GetBool(row["home"])});
    parent.tags.push_back(pg::GetStringArray(row["tags"]));
  }
}

void MakeGroups(pg::Tx& tx, idempotency::Work& work, const Context& context, const GroupSplit& split, SplitPlan& plan) {
  for (auto& spec : plan.groups) {
    auto& group = spec.group;
    group.id = Id::New(context.cause.now);
    group.split = split.id;
    group.create_time = group.update_time = context.cause.now;
    community_store::InsertGroup(tx, group);
    work.Publish(events::GroupCreated(group, context.cause));
  }
}

// Who goes where, with the founders of each group.
void PlaceMembers(pg::Tx& tx, idempotency::Work& work, const Context& context, const GroupSplit& split,
                  const SplitPlan& plan, const Parent& parent, const SplitDecision& decision) {
  Changes changes(split.community, context);
  std::vector<Id> founder_group, founder;
  for (std::size_t i = 0; i < parent.rows.size(); ++i) {
    if (decision.target[i] < 0) continue;
    const auto& group = plan.groups[static_cast<std::size_t>(decision.target[i])].group;
    const auto& row = parent.rows[i];
    founder_group.push_back(group.id);
    founder.push_back(row.member);
    if (split.move) {
      changes.Move(row.member, row.version, row.home, split.parent, group.id, group.tag);
    } else {
      changes.Place(row.member, row.version, group.id, group.tag);
    }
  }
  for (std::size_t i = 0; i < plan.groups.size(); ++i) {
    auto places = placement_store::ToJoinGroup(plan.groups[i].group);
    places.member_count = places.new_members = decision.taken[i];
    changes.Count(work, plan.groups[i].group.id, places);
  }
  changes.Count(split.parent, split.move ? -static_cast<int>(founder.size()) : 0, true);
  changes.Write(tx, work);
  tx.Run(sql::kInsertSplit, tx.tenant(), split.id, split.community, split.parent, split.reason, split.move,
         split.parent_member_count, split.create_time, founder_group, founder);
}

std::vector<Group> Groups(const pqxx::result& rows) {
  std::vector<Group> groups;
  for (const auto& row : rows) groups.push_back(community_store::ReadGroup(row));
  return groups;
}

}  // namespace

Result<Outcome> Split(pg::Tx& tx, const Context& context, const Id& community, const Id& parent_id, SplitPlan plan) {
  const auto missing = errors::GroupNotFound(names::Group(community, parent_id));
  RETURN_IF_ERROR(placement_store::LockOpen(tx, community, missing));
  const auto group = community_store::GetGroup(tx, community, parent_id);
  if (!group) return missing;
  RETURN_IF_ERROR(CompleteSplit(plan, *group));
  if (group->member_count > kMaxSplitMembers) return errors::SplitTooLarge(kMaxSplitMembers);
  Parent parent{.group = *group};
  LoadMembers(tx, plan, parent);
  const auto decision = DecideSplit(plan, parent.tags);

  Outcome outcome{.split = {.id = Id::New(context.cause.now),
                            .community = community,
                            .parent = parent_id,
                            .reason = plan.reason,
                            .move = plan.move,
                            .parent_member_count = group->member_count,
                            .create_time = context.cause.now},
                  .unplaced = decision.unplaced,
                  .rest = decision.rest};
  idempotency::Work work;
  MakeGroups(tx, work, context, outcome.split, plan);
  work.Publish(events::GroupSplitOff(outcome.split, plan.groups, group->version + 1, context.cause));
  PlaceMembers(tx, work, context, outcome.split, plan, parent, decision);
  if (plan.move) {
    ASSIGN_OR_RETURN(outcome.promoted, PromoteWaiting(tx, work, context.cause, community));
  }
  work.Apply(tx);
  outcome.competitors = Competitors(tx, outcome.split.id);
  return outcome;
}

std::optional<GroupSplit> GetSplit(pg::Tx& tx, const Id& community, const Id& split) {
  const auto rows = tx.Run(sql::kGetSplit, tx.tenant(), community, split);
  if (rows.empty()) return std::nullopt;
  const auto row = rows[0];
  return GroupSplit{.id = pg::GetId(row["id"]),
                    .community = pg::GetId(row["community_id"]),
                    .parent = pg::GetId(row["parent_group_id"]),
                    .reason = pg::GetString(row["reason"]),
                    .move = pg::GetBool(row["move"]),
                    .parent_member_count = pg::GetInt32(row["parent_member_count"]),
                    .create_time = pg::GetTime(row["create_time"])};
}

std::vector<Competitor> Competitors(pg::Tx& tx, const Id& split) {
  std::vector<Competitor> competitors;
  for (const auto& row : tx.Run(sql::kCompetitors, tx.tenant(), split)) {
    competitors.push_back(
        {community_store::ReadGroup(row), pg::GetInt32(row["founders"]), pg::GetInt32(row["stayed"])});
  }
  return competitors;
}

Lineage GetLineage(pg::Tx& tx, const Group& group) {
  Lineage lineage;
  if (!group.parent.IsNil()) lineage.ancestors = Groups(tx.Run(sql::kAncestors, tx.tenant(), group.id));
  if (!group.split.IsNil()) lineage.siblings = Groups(tx.Run(sql::kSiblings, tx.tenant(), group.split, group.id));
  lineage.descendants = Groups(tx.Run(sql::kDescendants, tx.tenant(), group.id, std::int32_t{kMaxDescendants + 1}));
  if (lineage.descendants.size() > static_cast<std::size_t>(kMaxDescendants)) {
    lineage.descendants.pop_back();
    lineage.more_descendants = true;
  }
  return lineage;
}

}  // namespace lanting::membership::split_store
