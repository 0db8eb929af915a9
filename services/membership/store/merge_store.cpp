#include "membership/store/merge_store.h"

#include <algorithm>
#include <stdexcept>

#include "membership/domain/names.h"
#include "membership/domain/person_errors.h"
#include "membership/events/publish_person.h"
#include "membership/store/columns.h"
#include "membership/store/history.h"
#include "membership/store/identity_arrays.h"
#include "membership/store/member_store.h"
#include "membership/store/sql_member.h"
#include "membership/store/sql_merge.h"
#include "membership/store/sql_offer.h"

namespace lanting::membership::merge_store {
namespace {

struct Both {
  Member target, source;
};

std::optional<std::string> OrNull(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

Result<Both> LockBoth(pg::Tx& tx, const Id& community, const Id& target, const Id& source) {
  const auto target_name = names::Member(community, target);
  if (!LockCommunity(tx, community)) return errors::MemberNotFound(target_name);
  tx.Run(sql::kLockMembers, tx.tenant(), community, std::vector<Id>{target, source});
  Both both;
  for (auto [id, member] : {std::pair(target, &both.target), std::pair(source, &both.source)}) {
    const auto rows = tx.Run(sql::kGetMemberRow, tx.tenant(), id, community);
    if (rows.empty()) return errors::MemberNotFound(names::Member(community, id));
    *member = ReadMember(rows.front());
  }
  return both;
}

void WriteMember(pg::Tx& tx, const Member& m) {
  const auto& staff = m.person.staff;
  tx.Run(sql::kWriteMergedMember, tx.tenant(), m.id, OrNull(m.person.external_id), m.person.expectation,
         static_cast<std::int32_t>(m.state), m.group, m.waiting_ticket, m.offer_expire_time,
         m.person.accepted_rules_version, columns::Json(staff.attributes),
         static_cast<std::int32_t>(staff.customer_class), staff.fan_score, staff.values_fit, m.person.consent.time,
         m.person.consent.statement, m.referrer, m.merged_into, m.join_time, m.update_time, m.version);
}

void MoveIdentities(pg::Tx& tx, const Id& from, const Id& to, const std::vector<ChannelIdentity>& identities) {
  if (identities.empty()) return;
  const IdentityArrays arrays(identities);
  tx.Run(sql::kMoveIdentities, tx.tenant(), from, to, arrays.channels, arrays.user_ids);
}

// --- snapshots ---

template <typename Texts>
std::vector<std::string> ToTexts(const Texts& texts) {
  return {texts.begin(), texts.end()};
}
std::vector<Id> ToIds(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::vector<Id> ids;
  for (const auto& text : texts) ids.push_back(Id::Parse(text).value());
  return ids;
}
void AddIdentity(const ChannelIdentity& from, v1::ChannelIdentity* to) {
  to->set_channel(static_cast<v1::Channel>(from.channel));
  to->set_user_id(from.user_id);
}

v1::MergeSnapshot SnapshotOf(const Both& before, const MergePlan& plan) {
  v1::MergeSnapshot s;
  s.set_source_state(static_cast<v1::MemberState>(before.source.state));
  if (!before.source.group.IsNil()) s.set_source_group(before.source.group.ToString());
  s.set_source_ticket(before.source.waiting_ticket.value_or(0));
  s.set_target_ticket(before.target.waiting_ticket.value_or(0));
  for (const auto& change : plan.fields) {
    auto* field = s.add_fields();
    field->set_field(change.field);
    field->set_before(change.before);
    field->set_after(change.after);
  }
  for (const auto& i : plan.identities_moved) AddIdentity(i, s.add_identities_moved());
  for (const auto& i : plan.identities_kept) AddIdentity(i, s.add_identities_kept());
  s.set_external_id_kept(plan.source.person.external_id);
  for (const auto& tag : plan.tags_moved) s.add_tags_moved(tag);
  for (const auto& tag : plan.tags_dropped) s.add_tags_dropped(tag);
  for (const auto& group : plan.places_moved) s.add_places_moved(group.ToString());
  for (const auto& group : plan.places_dropped) s.add_places_dropped(group.ToString());
  return s;
}

std::vector<FieldChange> FieldsOf(const v1::MergeSnapshot& s) {
  std::vector<FieldChange> fields;
  for (const auto& f : s.fields()) fields.push_back({f.field(), f.before(), f.after()});
  return fields;
}

// --- merging ---

void MoveRows(pg::Tx& tx, const Id& source, const Id& target, v1::MergeSnapshot& snapshot) {
  for (const auto& kind : sql::kMovedRows) {
    const auto moved = tx.Run(kind.move, tx.tenant(), source, target);
    if (moved.empty()) continue;
    auto* rows = snapshot.add_rows();
    rows->set_table(kind.name);
    for (const auto& row : moved) rows->add_keys(pg::GetString(row["key"]));
  }
}

void GiveRowsBack(pg::Tx& tx, const Id& source, const Id& target, const v1::MergeSnapshot& snapshot) {
  for (const auto& rows : snapshot.rows()) {
    const auto kind = std::find_if(sql::kMovedRows.begin(), sql::kMovedRows.end(),
                                   [&](const auto& k) { return rows.table() == k.name; });
    if (kind == sql::kMovedRows.end()) throw std::runtime_error("a merge moved rows of unknown " + rows.table());
    tx.Run(kind->give_back, tx.tenant(), source, target, ToTexts(rows.keys()));
  }
}

void MoveLists(pg::Tx& tx, const MergePlan& plan) {
  const auto &source = plan.source.id, &target = plan.target.id;
  MoveIdentities(tx, source, target, plan.identities_moved);
  tx.Run(sql::kMoveTags, tx.tenant(), source, target, plan.tags_moved);
  tx.Run(sql::kDropTags, tx.tenant(), source, plan.tags_dropped);
  tx.Run(sql::kMovePlaces, tx.tenant(), source, target, plan.places_moved);
  tx.Run(sql::kDropPlaces, tx.tenant(), source, plan.places_dropped);
}

// --- undoing ---

// Whether there was a place. Says that the group is full, or nearly.
bool TakePlace(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community, const Id& group) {
  const auto rows = tx.Run(sql::kTakePlace, tx.tenant(), group, context.now);
  if (rows.empty()) return false;
  const auto& row = rows.front();
  const JoinGroup after{.community = community,
                        .capacity = pg::GetInt32(row["capacity"]),
                        .member_count = pg::GetInt32(row["member_count"]),
                        .version = pg::GetInt(row["version"]),
                        .new_members = 1};
  if (after.full()) {
    work.Publish(events::GroupFull(community, group, after.capacity, after.version, context));
  } else if (after.became_near_full()) {
    work.Publish(events::GroupNearFull(community, group, after.capacity, after.member_count, after.version, context));
  }
  return true;
}

void JoinQueue(pg::Tx& tx, Member& member, std::int64_t old_ticket) {
  const auto rows = tx.Run(sql::kJoinQueue, tx.tenant(), member.community, old_ticket != 0);
  member.state = MemberState::kWaiting;
  member.group = Id();
  member.waiting_ticket = old_ticket != 0 ? old_ticket : pg::GetInt(rows.front()["ticket"]);
}

// Where the source comes back to: who waited waits again at their old place; who had a place, or the offer of one, gets
// that, another main group's, or the end of the waiting list.
void Return(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const v1::MergeSnapshot& snapshot,
            Member& source) {
  if (snapshot.source_ticket() != 0) return JoinQueue(tx, source, snapshot.source_ticket());
  std::vector<Id> groups;
  if (auto old = Id::Parse(snapshot.source_group())) groups.push_back(*old);
  for (const auto& row : tx.Run(sql::kFreePlaces, tx.tenant(), source.community, 1)) {
    groups.push_back(pg::GetId(row["id"]));
  }
  for (const auto& group : groups) {
    if (!TakePlace(tx, work, context, source.community, group)) continue;
    source.state = MemberState::kActive;
    source.group = group;
    return;
  }
  JoinQueue(tx, source, 0);
}

void GiveListsBack(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community,
                   const MergeRecord& merge) {
  const auto& s = merge.snapshot;
  std::vector<ChannelIdentity> identities;
  for (const auto& i : s.identities_moved()) identities.push_back({static_cast<Channel>(i.channel()), i.user_id()});
  MoveIdentities(tx, merge.target, merge.source, identities);
  tx.Run(sql::kMoveTags, tx.tenant(), merge.target, merge.source, ToTexts(s.tags_moved()));
  tx.Run(sql::kAddTags, tx.tenant(), community, merge.source, ToTexts(s.tags_dropped()), context.now);
  tx.Run(sql::kMovePlaces, tx.tenant(), merge.target, merge.source, ToIds(s.places_moved()));
  for (const auto& group : ToIds(s.places_dropped())) {
    if (!TakePlace(tx, work, context, community, group)) continue;  // given to somebody else meanwhile
    tx.Run(sql::kAddPlace, tx.tenant(), community, group, merge.source, context.now);
  }
}

void RestoreTarget(const v1::MergeSnapshot& s, Member& target, Member& source) {
  for (const auto& change : UndoFields(target, FieldsOf(s))) {
    if (change.field == "external_id") source.person.external_id = change.after;
  }
  // The better ticket was the source's.
  const bool has_theirs = target.waiting_ticket && *target.waiting_ticket == s.source_ticket();
  if (has_theirs && s.target_ticket() != 0) target.waiting_ticket = s.target_ticket();
}

}  // namespace

MergeRecord Read(const pqxx::row& row) {
  MergeRecord merge{.id = pg::GetId(row["id"]),
                    .community = pg::GetId(row["community_id"]),
                    .target = pg::GetId(row["target_id"]),
                    .source = pg::GetId(row["source_id"]),
                    .reason = pg::GetString(row["reason"]),
                    .state = static_cast<MergeState>(pg::GetInt(row["state"])),
                    .actor = pg::GetString(row["actor"]),
                    .create_time = pg::GetTime(row["create_time"]),
                    .undo_time = pg::GetOptionalTime(row["undo_time"])};
  if (!merge.snapshot.ParseFromString(pg::GetBytes(row["snapshot"])))
    throw std::runtime_error("stored MergeSnapshot does not parse");
  return merge;
}

std::optional<MergeRecord> Get(pg::Tx& tx, const Id& community, const Id& merge) {
  const auto rows = tx.Run(sql::kGetMerge, tx.tenant(), community, merge);
  if (rows.empty()) return std::nullopt;
  return Read(rows.front());
}

Result<MergeRecord> Merge(pg::Tx& tx, idempotency::Work& work, const JoinContext& context,
                          const MergeRequest& request) {
  if (request.target == request.source) {
    return lanting::errors::InvalidField("source", "DUPLICATE_VALUE",
                                         "must be another member than the one that stays.");
  }
  const auto& community = request.community;
  ASSIGN_OR_RETURN(const auto before, LockBoth(tx, community, request.target, request.source));
  ASSIGN_OR_RETURN(const auto plan, DecideMerge(before.target, before.source, context.now));
  MergeRecord merge{.id = Id::New(context.now),
                    .community = community,
                    .target = request.target,
                    .source = request.source,
                    .reason = request.reason,
                    .snapshot = SnapshotOf(before, plan),
                    .actor = request.actor,
                    .create_time = context.now};
  MoveLists(tx, plan);
  MoveRows(tx, merge.source, merge.target, merge.snapshot);
  auto target = plan.target;
  const auto target_version = target.version;
  if (plan.target_joined) ++target.version;  // a fact of its own
  WriteMember(tx, plan.source);              // first: it gives up what is unique
  WriteMember(tx, target);
  for (const auto& group : plan.freed_groups) tx.Run(sql::kFreePlaceOf, tx.tenant(), group);
  if (plan.left_queue > 0) tx.Run(sql::kLeaveQueue, tx.tenant(), community, plan.left_queue);
  tx.Run(sql::kInsertMerge, tx.tenant(), merge.id, community, merge.target, merge.source, merge.reason,
         pg::Bytes{merge.snapshot.SerializeAsString()}, merge.actor, merge.create_time);
  const auto name = names::Child(community, "merges", merge.id);
  AddHistory(tx, community, merge.target, HistoryKind::kMerged,
             {{"source", names::Member(community, merge.source)}, {"merge", name}}, merge.actor, context.now);
  const bool had_place = before.source.state != MemberState::kWaiting;
  const bool was_active = before.source.state == MemberState::kActive;
  work.Publish(events::MembersMerged(plan.target, merge.source, name, target_version, context));
  work.Publish(events::MemberMerged(plan.source, name, was_active, context));
  if (plan.target_joined) work.Publish(events::MemberJoined(target, true, context));
  if (had_place || plan.left_queue > 0) {
    RETURN_IF_ERROR(PromoteWaiting(tx, work, context, community));
  }
  return merge;
}

Result<MergeRecord> Undo(pg::Tx& tx, idempotency::Work& work, const JoinContext& context, const Id& community,
                         const Id& id, const std::string& actor) {
  const auto name = names::Child(community, "merges", id);
  if (!LockCommunity(tx, community)) return errors::MergeNotFound(name);
  auto found = Get(tx, community, id);
  if (!found) return errors::MergeNotFound(name);
  auto& merge = *found;
  ASSIGN_OR_RETURN(auto both, LockBoth(tx, community, merge.target, merge.source));
  auto &target = both.target, &source = both.source;
  RETURN_IF_ERROR(CheckUndo(merge.state, target, source));

  RestoreTarget(merge.snapshot, target, source);
  for (auto* m : {&target, &source}) {
    m->update_time = context.now;
    ++m->version;
  }
  source.merged_into = Id();
  source.join_time = context.now;
  WriteMember(tx, target);  // first: it gives up what is unique
  GiveListsBack(tx, work, context, community, merge);
  GiveRowsBack(tx, merge.source, merge.target, merge.snapshot);
  Return(tx, work, context, merge.snapshot, source);
  WriteMember(tx, source);
  tx.Run(sql::kEndMerge, tx.tenant(), id, context.now, actor);
  for (const auto& member : {merge.target, merge.source}) {
    AddHistory(tx, community, member, HistoryKind::kMergeUndone,
               {{"source", names::Member(community, merge.source)}, {"merge", name}}, actor, context.now);
  }
  work.Publish(events::MergeUndone(target, merge.source, name, context));
  work.Publish(source.state == MemberState::kActive ? events::MemberJoined(source, false, context)
                                                    : events::MemberWaitlisted(source, context));
  if (source.state == MemberState::kWaiting) {
    RETURN_IF_ERROR(PromoteWaiting(tx, work, context, community));
  }
  merge.state = MergeState::kUndone;
  merge.undo_time = context.now;
  merge.snapshot.Clear();
  return merge;
}

}  // namespace lanting::membership::merge_store
