// What may change of a member's profile, and what a change is. Pure.
#pragma once

#include <string>
#include <vector>

#include "membership/domain/member.h"
#include "platform/base/result.h"

namespace lanting::membership {

inline constexpr int kMaxTags = 50;

// Not of people who left or are part of another member: MEMBER_GONE.
Result<void> CheckPresent(const Member& member);

// Keys are [A-Za-z0-9_]{1,64}, values at most 1,000 characters: a violation for each that is not, below `field`.
std::vector<FieldViolation> CheckAttributes(const StaffView& staff, const std::string& field);

struct TagChange {
  std::vector<std::string> added, removed;
  bool empty() const { return added.empty() && removed.empty(); }
};
TagChange DiffTags(const std::vector<std::string>& before, const std::vector<std::string>& after);

// `tags` with the change of one call of TagMembers. TOO_MANY_TAGS if they would be more than kMaxTags, unless none is
// added.
Result<TagChange> DecideTags(const std::vector<std::string>& tags, const std::vector<std::string>& add,
                             const std::vector<std::string>& remove);

// What an update does to a member.
struct ProfileChange {
  std::vector<std::string> fields;  // names of those that changed, without tags: "display_name", "staff.fan_score"
  TagChange tags;
  bool empty() const { return fields.empty() && tags.empty(); }
};

// Makes `member` the person that is wanted. A consent without a time is of now. The version grows by one for each fact:
// one if fields changed, and one more if tags did. INVALID_FIELDS with paths below "member.": an identity, the accepted
// rules or a set external id would change; attributes of a wrong form; too many tags.
Result<ProfileChange> DecideUpdate(Member& member, Person wanted, Time now);

// Adds an identity. False: the member has it already. CHANNEL_IDENTITY_EXISTS.
Result<bool> DecideAddIdentity(Member& member, const ChannelIdentity& identity, Time now);
// IDENTITY_NOT_FOUND.
Result<void> DecideRemoveIdentity(Member& member, Channel channel, Time now);

}  // namespace lanting::membership
