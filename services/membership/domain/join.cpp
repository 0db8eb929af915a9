#include "membership/domain/join.h"

#include <algorithm>

#include "membership/domain/errors.h"
#include "membership/domain/gate_errors.h"
#include "membership/domain/names.h"

namespace lanting::membership {
namespace {

std::optional<Error> CheckLink(const JoinLink& link, Time now) {
  if (link.revoke_time && *link.revoke_time <= now) return errors::InviteLinkRevoked();
  if (link.expire_time && *link.expire_time <= now) return errors::InviteLinkExpired();
  if (!link.gate_open) return errors::GateClosed();
  if (link.referrer_gone) return errors::ReferrerGone();
  if (link.max_uses > 0 && link.uses >= link.max_uses) return errors::InviteLinkUsedUp();
  return std::nullopt;
}

std::optional<Error> CheckRules(const JoinItem& item, int in_force) {
  int accepted = item.person.accepted_rules_version;
  if (item.rules_required && accepted != in_force) return errors::HouseRulesNotAccepted(in_force);
  if (accepted < 0 || accepted > in_force) {
    return lanting::errors::InvalidField(
        "member.acceptedRulesVersion", "OUT_OF_RANGE",
        "must be 0 or a version of the house rules: the one in force is " + std::to_string(in_force) + ".");
  }
  return std::nullopt;
}

std::optional<Error> CheckUnique(const JoinView& view, const JoinItem& item) {
  const auto& person = item.person;
  if (!person.external_id.empty() && view.external_ids.contains({item.community, person.external_id})) {
    return errors::ExternalIdTaken(person.external_id);
  }
  for (const auto& identity : person.identities) {
    if (view.identities.contains({item.community, identity.channel, identity.user_id})) {
      return errors::IdentityTaken(ChannelName(identity.channel), identity.user_id);
    }
  }
  return std::nullopt;
}

// The group with a place for the person, or nil: the waiting list.
Id FindPlace(const JoinView& view, const JoinItem& item, const JoinCommunity& community, const JoinLink* link) {
  auto has_place = [&](const Id& id) {
    auto group = view.groups.find(id);
    return group != view.groups.end() && !group->second.full();
  };
  if (link != nullptr && !link->group.IsNil()) return has_place(link->group) ? link->group : Id();
  if (!item.group.IsNil()) return has_place(item.group) ? item.group : Id();
  if (link != nullptr && !link->roll_tag.empty()) {
    auto next = std::find_if(link->groups.begin(), link->groups.end(), has_place);
    return next == link->groups.end() ? Id() : *next;
  }
  if (community.waiting_count > 0) return Id();
  auto found = std::find_if(community.main_groups.begin(), community.main_groups.end(), has_place);
  return found == community.main_groups.end() ? Id() : *found;
}

void Count(JoinGroup& group, int n) {
  group.member_count += n;
  group.new_members += n;
}
void Count(JoinCommunity& community, int n) {
  community.waiting_count += n;
  community.next_ticket += n;
  community.new_waiting += n;
}
void Count(JoinLink& link, int n) {
  link.uses += n;
  link.new_uses += n;
}

void Take(JoinView& view, const JoinItem& item) {
  if (!item.person.external_id.empty()) view.external_ids.emplace(item.community, item.person.external_id);
  for (const auto& i : item.person.identities) view.identities.emplace(item.community, i.channel, i.user_id);
}

void AddTag(std::vector<std::string>& tags, const std::string& tag) {
  if (!tag.empty() && std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
}

// Takes back, in reverse order, what DecideOne did for an item that came in or waits.
void Undo(JoinView& view, const JoinItem& item, const Member& member) {
  if (member.state == MemberState::kActive) {
    Count(view.groups.at(member.group), -1);
  } else {
    Count(view.communities.at(item.community), -1);
  }
  if (!item.invite_code.empty()) Count(view.links.at(item.invite_code), -1);
  if (!item.person.external_id.empty()) view.external_ids.erase({item.community, item.person.external_id});
  for (const auto& i : item.person.identities) view.identities.erase({item.community, i.channel, i.user_id});
}

Result<Member> DecideOne(JoinView& view, const JoinItem& item, Time now) {
  auto community = view.communities.find(item.community);
  if (community == view.communities.end()) return errors::CommunityNotFound(names::Community(item.community));
  if (!community->second.open) return errors::CommunityArchived(names::Community(item.community));
  JoinLink* link = nullptr;
  if (!item.invite_code.empty()) {
    auto found = view.links.find(item.invite_code);
    if (found == view.links.end() || found->second.community != item.community) {
      return errors::InviteLinkNotFound(item.invite_code);
    }
    link = &found->second;
    if (auto error = CheckLink(*link, now)) return *error;
  }
  if (auto error = CheckRules(item, community->second.rules_version)) return *error;
  if (auto twice = CheckIdentities(item.person.identities, "member.identities"); !twice.empty())
    return lanting::errors::InvalidFields(twice);
  if (auto error = CheckUnique(view, item)) return *error;

  Member member{.id = item.member_id,
                .community = item.community,
                .person = item.person,
                .source = item.source,
                .join_time = now,
                .create_time = now,
                .update_time = now};
  member.group = FindPlace(view, item, community->second, link);
  member.referrer = link != nullptr && !link->referrer.IsNil() ? link->referrer : item.referrer;
  if (link != nullptr && !link->referrer.IsNil()) member.source = JoinSource::kReferral;
  if (item.rules_required && !member.person.consent.time) member.person.consent.time = now;
  if (!member.person.consent.statement.empty() && !member.person.consent.time) member.person.consent.time = now;
  if (!member.group.IsNil()) {
    auto& group = view.groups.at(member.group);
    Count(group, 1);
    AddTag(member.person.tags, group.tag);
  } else {
    member.state = MemberState::kWaiting;
    member.waiting_ticket = community->second.next_ticket;
    Count(community->second, 1);
    member.waiting_position = community->second.waiting_count;
  }
  if (link != nullptr) Count(*link, 1);
  Take(view, item);
  return member;
}

}  // namespace

std::vector<Result<Member>> DecideJoin(JoinView& view, const std::vector<JoinItem>& items, Time now) {
  std::vector<Result<Member>> decided;
  decided.reserve(items.size());
  bool refused = false;
  for (const auto& item : items) {
    decided.push_back(DecideOne(view, item, now));
    refused |= !decided.back().ok();
  }
  if (refused) {
    for (std::size_t i = items.size(); i-- > 0;) {
      if (decided[i].ok()) Undo(view, items[i], *decided[i]);
    }
  }
  return decided;
}

std::vector<FieldViolation> CheckIdentities(const std::vector<ChannelIdentity>& identities, const std::string& field) {
  std::vector<FieldViolation> violations;
  std::set<Channel> seen;
  for (std::size_t i = 0; i < identities.size(); ++i) {
    if (seen.insert(identities[i].channel).second) continue;
    violations.push_back({field + "[" + std::to_string(i) + "].channel", "DUPLICATE_VALUE",
                          "must be on another channel than the identities before: a person has one per channel."});
  }
  return violations;
}

std::vector<Id> DecidePromotions(const std::vector<FreePlaces>& places, std::size_t waiting) {
  std::vector<Id> groups;
  for (const auto& place : places) {
    for (int i = 0; i < place.count && groups.size() < waiting; ++i) groups.push_back(place.group);
  }
  return groups;
}

}  // namespace lanting::membership
