// Who gets a place, who waits and who is refused. Pure: decides on a view that the store has loaded and locked.
//
// Rules: joins go to the main groups in the order of their creation, to the one group of a targeted invite link or
// gate, or to the groups of a rolling link's tag in the order of their creation. Who joins a group with a tag gets the
// tag (R66). Without a place, or when others are waiting already (first come, first served; targeted links and gates
// excepted), the person goes on the waiting list of the community. A capacity is never exceeded.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "membership/domain/channel.h"
#include "membership/domain/member.h"
#include "platform/base/result.h"

namespace lanting::membership {

// One person who wants in.
struct JoinItem {
  Id community;
  Person person;
  JoinSource source = JoinSource::kStaff;
  // Invite links only: the code presented. The link is found, checked and used up by Join.
  std::string invite_code;
  // The one group that takes the person, where it is not the link that says so; nil: the main groups.
  Id group{};
  // Who brought the person, where it is not the link that says so; nil: nobody.
  Id referrer{};
  // The person must have accepted the house rules in force (gates: yes; staff and imports: no).
  bool rules_required = false;
  Id member_id;  // made by the caller
};

struct JoinCommunity {
  bool open = false;
  int rules_version = 0;
  int waiting_count = 0;
  std::int64_t next_ticket = 1;
  std::vector<Id> main_groups;  // those with a free place, in the order of creation
  int new_waiting = 0;          // how many were put on the waiting list since the view was loaded
};

// At least 90 % of the places are taken (R75).
constexpr bool IsNearFull(int member_count, int capacity) {
  return std::int64_t{member_count} * 10 >= std::int64_t{capacity} * 9;
}

struct JoinGroup {
  Id community;
  int capacity = 0;
  int member_count = 0;
  std::int64_t version = 0;
  std::string tag{};
  int new_members = 0;  // how many were let in since the view was loaded

  bool full() const { return member_count >= capacity; }
  // Whether the new members brought it over the mark, and no further (R75).
  bool became_near_full() const {
    return IsNearFull(member_count, capacity) && !IsNearFull(member_count - new_members, capacity) && !full();
  }
};

struct JoinLink {
  Id id, community;
  Id group;                  // nil: the main groups, or those of the tag
  std::string roll_tag{};    // not empty: `groups` it leads to
  std::vector<Id> groups{};  // those with a free place, in the order of creation
  Id referrer{};
  bool referrer_gone = false;
  bool gate_open = true;
  std::optional<Time> revoke_time{};
  int max_uses = 0, uses = 0;
  std::optional<Time> expire_time;
  int new_uses = 0;
};

// What the decision needs to know, and what became of it: a decision that lets people in counts them here.
struct JoinView {
  std::map<Id, JoinCommunity> communities;
  std::map<Id, JoinGroup> groups;
  std::map<std::string, JoinLink> links;                      // by code
  std::set<std::pair<Id, std::string>> external_ids;          // community, external id: taken
  std::set<std::tuple<Id, Channel, std::string>> identities;  // community, channel, user id: taken
};

// Decides the items of one request in order. The answer has one entry per item: the member as it will be, or why the
// person is refused. If any item is refused, the request as a whole changes nothing in the view.
//
// Errors: COMMUNITY_NOT_FOUND, COMMUNITY_ARCHIVED, INVITE_LINK_NOT_FOUND, INVITE_LINK_EXPIRED,
// INVITE_LINK_REVOKED, INVITE_LINK_USED_UP, GATE_CLOSED, REFERRER_GONE, HOUSE_RULES_NOT_ACCEPTED, EXTERNAL_ID_TAKEN,
// IDENTITY_TAKEN, INVALID_FIELDS (paths begin with "member.").
std::vector<Result<Member>> DecideJoin(JoinView& view, const std::vector<JoinItem>& items, Time now);

// At most one identity per channel: a violation for each one too many, as "<field>[i].channel".
std::vector<FieldViolation> CheckIdentities(const std::vector<ChannelIdentity>& identities, const std::string& field);

// --- the waiting list ---

struct FreePlaces {
  Id group;
  int count = 0;
};

// Spreads `waiting` people over the groups in the order given: the group for each of the first of them, as many as
// there are places.
std::vector<Id> DecidePromotions(const std::vector<FreePlaces>& places, std::size_t waiting);

}  // namespace lanting::membership
