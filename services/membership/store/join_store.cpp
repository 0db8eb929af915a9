#include "membership/store/join_store.h"

#include <algorithm>

#include "membership/domain/errors.h"
#include "membership/events/publish_member.h"
#include "membership/store/columns.h"
#include "membership/store/sql_member.h"

namespace lanting::membership {
namespace {

enum class RowKind { kCommunity = 1, kLink = 2, kGroup = 3, kExternalId = 4, kIdentity = 5, kLinkGroup = 6 };

void ReadGroup(JoinView& view, const Id& community, const pqxx::row& row) {
  const auto id = pg::GetId(row["row_id"]);
  // The target of a link or gate may come twice: as such, and as a main group.
  view.groups[id] = {.community = community,
                     .capacity = pg::GetInt32(row["n2"]),
                     .member_count = pg::GetInt32(row["n3"]),
                     .version = pg::GetInt(row["n4"]),
                     .tag = pg::GetString(row["txt"])};
  if (static_cast<GroupKind>(pg::GetInt(row["n1"])) == GroupKind::kMain) {
    view.communities[community].main_groups.push_back(id);
  }
}

void ReadRow(JoinView& view, const pqxx::row& row) {
  const auto community = pg::GetId(row["row_community"]);
  switch (static_cast<RowKind>(pg::GetInt(row["row_kind"]))) {
    case RowKind::kCommunity:
      view.communities[community] = {.open = pg::GetInt(row["n1"]) == 1,
                                     .rules_version = pg::GetInt32(row["n2"]),
                                     .waiting_count = pg::GetInt32(row["n3"]),
                                     .next_ticket = pg::GetInt(row["n4"])};
      break;
    case RowKind::kLink: {
      auto code = pg::GetString(row["txt"]);
      view.links[code] = {.id = pg::GetId(row["row_id"]),
                          .community = community,
                          .group = pg::GetOptionalId(row["row_group"]).value_or(Id()),
                          .roll_tag = pg::GetString(row["txt2"]),
                          .referrer = pg::GetOptionalId(row["row_member"]).value_or(Id()),
                          .referrer_gone = pg::GetInt(row["n4"]) == 0,
                          .gate_open = pg::GetInt(row["n3"]) == 1,
                          .revoke_time = pg::GetOptionalTime(row["row_time2"]),
                          .max_uses = pg::GetInt32(row["n1"]),
                          .uses = pg::GetInt32(row["n2"]),
                          .expire_time = pg::GetOptionalTime(row["row_time"])};
      break;
    }
    case RowKind::kGroup:
      ReadGroup(view, community, row);
      break;
    case RowKind::kLinkGroup:
      view.links[pg::GetString(row["txt2"])].groups.push_back(pg::GetId(row["row_group"]));
      break;
    case RowKind::kExternalId:
      view.external_ids.emplace(community, pg::GetString(row["txt"]));
      break;
    case RowKind::kIdentity:
      view.identities.emplace(community, static_cast<Channel>(pg::GetInt(row["n1"])), pg::GetString(row["txt"]));
      break;
  }
}

// The columns of the rows to be written.
struct Columns {
  std::vector<Id> id, community;
  std::vector<std::optional<std::string>> external_id;
  std::vector<std::string> display_name, expectation;
  std::vector<std::int32_t> state;
  std::vector<Id> group;
  std::vector<std::int32_t> source, rules;
  std::vector<std::optional<std::int64_t>> ticket;
  std::vector<Time> at;
  std::vector<std::string> attributes;
  std::vector<std::int32_t> customer_class;
  std::vector<std::optional<std::int32_t>> fan_score, values_fit;
  std::vector<std::optional<Time>> consent_time;
  std::vector<std::string> consent_statement;
  std::vector<Id> referrer;
  std::vector<Id> tag_community;
  std::vector<std::string> tag;
  std::vector<Id> tag_member;
  std::vector<Id> identity_community;
  std::vector<std::int32_t> identity_channel;
  std::vector<std::string> identity_user;
  std::vector<Id> identity_member;

  void Add(const Member& m) {
    id.push_back(m.id);
    community.push_back(m.community);
    external_id.push_back(m.person.external_id.empty() ? std::nullopt : std::optional(m.person.external_id));
    display_name.push_back(m.person.display_name);
    expectation.push_back(m.person.expectation);
    state.push_back(static_cast<std::int32_t>(m.state));
    group.push_back(m.group);
    source.push_back(static_cast<std::int32_t>(m.source));
    rules.push_back(m.person.accepted_rules_version);
    ticket.push_back(m.waiting_ticket);
    at.push_back(m.join_time);
    attributes.push_back(columns::Json(m.person.staff.attributes));
    customer_class.push_back(static_cast<std::int32_t>(m.person.staff.customer_class));
    fan_score.push_back(m.person.staff.fan_score);
    values_fit.push_back(m.person.staff.values_fit);
    consent_time.push_back(m.person.consent.time);
    consent_statement.push_back(m.person.consent.statement);
    referrer.push_back(m.referrer);
    for (const auto& t : m.person.tags) {
      tag_community.push_back(m.community);
      tag.push_back(t);
      tag_member.push_back(m.id);
    }
    for (const auto& i : m.person.identities) {
      identity_community.push_back(m.community);
      identity_channel.push_back(static_cast<std::int32_t>(i.channel));
      identity_user.push_back(i.user_id);
      identity_member.push_back(m.id);
    }
  }
};

// Counters to be moved: of groups, with whether the group took its last place; of communities and links.
struct Counters {
  std::vector<Id> group;
  std::vector<std::int32_t> joined, filled;
  std::vector<Id> community;
  std::vector<std::int32_t> waiting;
  std::vector<Id> link;
  std::vector<std::int32_t> uses;

  explicit Counters(const JoinView& view) {
    for (const auto& [id, g] : view.groups) {
      if (g.new_members == 0) continue;
      group.push_back(id);
      joined.push_back(g.new_members);
      filled.push_back(g.full() || g.became_near_full() ? 1 : 0);  // each is a fact with a version of its own
    }
    for (const auto& [id, c] : view.communities) {
      if (c.new_waiting == 0) continue;
      community.push_back(id);
      waiting.push_back(c.new_waiting);
    }
    for (const auto& [code, l] : view.links) {
      if (l.new_uses == 0) continue;
      link.push_back(l.id);
      uses.push_back(l.new_uses);
    }
  }
};

// A duplicate that the view did not show (somebody wrote without the lock of the community): it can be named when there
// is only one that it can be.
void ExpectConflicts(idempotency::Work& work, const Columns& rows) {
  bool one = rows.id.size() == 1 && rows.external_id.front();
  work.OnConflict("member_external_id_key",
                  one ? errors::ExternalIdTaken(*rows.external_id.front()) : lanting::errors::ConcurrentWrite());
  work.OnConflict("member_identity_pkey",
                  rows.identity_user.size() == 1
                      ? errors::IdentityTaken(ChannelName(static_cast<Channel>(rows.identity_channel.front())),
                                              rows.identity_user.front())
                      : lanting::errors::ConcurrentWrite());
}

// As many groups with a free place as there are places wanted are enough for all of them.
JoinView Load(pg::Tx& tx, const std::vector<const JoinItem*>& items, bool lock, int places) {
  std::set<Id> communities;
  std::set<std::string> codes;
  std::vector<Id> targets, external_communities, identity_communities;
  std::vector<std::string> external_ids, user_ids;
  std::vector<std::int32_t> channels;
  for (const auto* item : items) {
    communities.insert(item->community);
    if (!item->group.IsNil()) targets.push_back(item->group);
    if (!item->invite_code.empty()) codes.insert(item->invite_code);
    if (!item->person.external_id.empty()) {
      external_communities.push_back(item->community);
      external_ids.push_back(item->person.external_id);
    }
    for (const auto& identity : item->person.identities) {
      identity_communities.push_back(item->community);
      channels.push_back(static_cast<std::int32_t>(identity.channel));
      user_ids.push_back(identity.user_id);
    }
  }
  JoinView view;
  if (items.empty()) return view;
  auto rows = tx.Run(sql::kJoinView, tx.tenant(), std::vector<Id>(communities.begin(), communities.end()), lock, places,
                     std::vector<std::string>(codes.begin(), codes.end()), external_communities, external_ids,
                     identity_communities, channels, user_ids);
  for (const auto& row : rows) ReadRow(view, row);
  if (!targets.empty()) {
    for (const auto& row : tx.Run(sql::kJoinGroups, tx.tenant(), targets))
      ReadGroup(view, pg::GetId(row["row_community"]), row);
  }
  for (auto& [id, community] : view.communities) {
    auto& groups = community.main_groups;
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  }
  return view;
}

}  // namespace

JoinView LoadJoinView(pg::Tx& tx, const std::vector<const JoinRequest*>& requests) {
  std::vector<const JoinItem*> items;
  for (const auto* request : requests) {
    for (const auto& item : request->items) items.push_back(&item);
  }
  return Load(tx, items, true, static_cast<int>(items.size()));
}

std::vector<Result<Member>> JoinTrial::Join(pg::Tx& tx, const JoinContext& context,
                                            const std::vector<JoinItem>& items) {
  std::vector<const JoinItem*> pointers;
  for (const auto& item : items) pointers.push_back(&item);
  auto loaded = Load(tx, pointers, false, items_);
  if (!view_) {
    view_ = std::move(loaded);
  } else {
    view_->external_ids.merge(loaded.external_ids);
    view_->identities.merge(loaded.identities);
  }
  std::vector<Result<Member>> members;
  members.reserve(items.size());
  for (const auto& item : items) members.push_back(std::move(DecideJoin(*view_, {item}, context.now).front()));
  return members;
}

std::vector<std::vector<Result<Member>>> DecideJoin(const Id& tenant, JoinView& view, idempotency::Work& work,
                                                    const std::vector<const JoinRequest*>& requests) {
  std::vector<std::vector<Result<Member>>> decided;
  decided.reserve(requests.size());
  Columns rows;
  std::map<Id, const JoinContext*> last_in;  // who took the last place of a group so far
  for (const auto* request : requests) {
    decided.push_back(DecideJoin(view, request->items, request->context.now));
    const auto& members = decided.back();
    if (!std::all_of(members.begin(), members.end(), [](const auto& m) { return m.ok(); })) continue;
    for (const auto& member : members) {
      rows.Add(*member);
      const auto& cause = request->context;
      if (member->state == MemberState::kActive) {
        last_in[member->group] = &request->context;
        work.Publish(events::MemberJoined(*member, false, cause));
      } else {
        work.Publish(events::MemberWaitlisted(*member, cause));
      }
    }
  }
  if (rows.id.empty()) return decided;
  for (const auto& [id, context] : last_in) {
    const auto& group = view.groups.at(id);
    if (group.full()) {
      work.Publish(events::GroupFull(group.community, id, group.capacity, group.version + 1, *context));
    }
  }
  for (const auto& [id, group] : view.groups) {
    const auto last = last_in.find(id);
    if (last == last_in.end() || !group.became_near_full()) continue;
    work.Publish(events::GroupNearFull(group.community, id, group.capacity, group.member_count, group.version + 1,
                                       *last->second));
  }
  Counters counters(view);
  ExpectConflicts(work, rows);
  work.Do(sql::kJoin, tenant, rows.id, rows.community, rows.external_id, rows.display_name, rows.expectation,
          rows.state, rows.group, rows.source, rows.rules, rows.ticket, rows.at, rows.identity_community,
          rows.identity_channel, rows.identity_user, rows.identity_member, counters.group, counters.joined,
          counters.filled, rows.at.back(), counters.community, counters.waiting, counters.link, counters.uses,
          rows.attributes, rows.customer_class, rows.fan_score, rows.values_fit, rows.consent_time,
          rows.consent_statement, rows.referrer, rows.tag_community, rows.tag, rows.tag_member);
  return decided;
}

Result<std::vector<Result<Member>>> Join(pg::Tx& tx, idempotency::Work& work, const JoinContext& context,
                                         const std::vector<JoinItem>& items) {
  std::vector<JoinRequest> requests;
  requests.reserve(items.size());
  for (const auto& item : items) requests.push_back({context, {item}});
  std::vector<const JoinRequest*> pointers;
  for (const auto& request : requests) pointers.push_back(&request);
  auto view = LoadJoinView(tx, pointers);
  std::vector<Result<Member>> members;
  members.reserve(items.size());
  for (auto& one : DecideJoin(tx.tenant(), view, work, pointers)) members.push_back(std::move(one.front()));
  return members;
}

bool LockCommunity(pg::Tx& tx, const Id& community) {
  return !tx.Run(sql::kLockCommunity, tx.tenant(), community).empty();
}

}  // namespace lanting::membership
