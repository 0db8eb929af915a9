#include "membership/domain/profile.h"

#include <algorithm>

#include "membership/domain/channel.h"
#include "membership/domain/names.h"
#include "membership/domain/profile_errors.h"
#include "platform/base/strings.h"

namespace lanting::membership {
namespace {

constexpr std::size_t kMaxAttributeKey = 64, kMaxAttributeValue = 1000;

bool IsAttributeKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxAttributeKey && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool Contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

FieldViolation Fixed(std::string field, std::string description) {
  return {std::move(field), "IMMUTABLE", std::move(description)};
}

std::vector<FieldViolation> CheckUpdate(const Person& before, const Person& wanted) {
  auto violations = CheckAttributes(wanted.staff, "member.staff.attributes");
  if (!before.external_id.empty() && wanted.external_id != before.external_id)
    violations.push_back(Fixed("member.externalId", "Is set once."));
  if (wanted.identities != before.identities)
    violations.push_back(Fixed("member.identities", "Change by :addIdentity and :removeIdentity."));
  if (wanted.accepted_rules_version != before.accepted_rules_version)
    violations.push_back(Fixed("member.acceptedRulesVersion", "Changes by :acceptHouseRules."));
  return violations;
}

// Each field of a person that an update may change, but tags.
std::vector<std::string> ChangedFields(const Person& before, const Person& after) {
  std::vector<std::string> fields;
  auto note = [&](bool changed, const char* name) {
    if (changed) fields.emplace_back(name);
  };
  note(before.display_name != after.display_name, "display_name");
  note(before.external_id != after.external_id, "external_id");
  note(before.expectation != after.expectation, "expectation");
  note(before.consent.statement != after.consent.statement || before.consent.time != after.consent.time, "consent");
  note(before.staff.customer_class != after.staff.customer_class, "staff.customer_class");
  note(before.staff.fan_score != after.staff.fan_score, "staff.fan_score");
  note(before.staff.values_fit != after.staff.values_fit, "staff.values_fit");
  note(before.staff.attributes != after.staff.attributes, "staff.attributes");
  return fields;
}

}  // namespace

Result<void> CheckPresent(const Member& member) {
  if (member.state == MemberState::kLeft || member.state == MemberState::kMerged)
    return errors::MemberGone(names::Member(member.community, member.id));
  return {};
}

std::vector<FieldViolation> CheckAttributes(const StaffView& staff, const std::string& field) {
  std::vector<FieldViolation> violations;
  for (const auto& [key, value] : staff.attributes) {
    if (!IsAttributeKey(key)) {
      violations.push_back({field, "INVALID_FORMAT", "A key has 1 to 64 letters of ASCII, digits and _."});
    } else if (const auto length = Utf8Length(value); !length || value.find('\0') != std::string::npos) {
      violations.push_back({field + "." + key, "INVALID_FORMAT", "must be well-formed UTF-8 without NUL"});
    } else if (*length > kMaxAttributeValue) {
      violations.push_back({field + "." + key, "TOO_LONG", "must have at most 1000 characters"});
    }
  }
  return violations;
}

TagChange DiffTags(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  TagChange change;
  for (const auto& tag : after) {
    if (!Contains(before, tag) && !Contains(change.added, tag)) change.added.push_back(tag);
  }
  for (const auto& tag : before) {
    if (!Contains(after, tag)) change.removed.push_back(tag);
  }
  return change;
}

Result<TagChange> DecideTags(const std::vector<std::string>& tags, const std::vector<std::string>& add,
                             const std::vector<std::string>& remove) {
  std::vector<std::string> after;
  for (const auto& tag : tags) {
    if (!Contains(remove, tag)) after.push_back(tag);
  }
  after.insert(after.end(), add.begin(), add.end());
  auto change = DiffTags(tags, after);
  if (!change.added.empty() && tags.size() - change.removed.size() + change.added.size() > kMaxTags)
    return errors::TooManyTags(kMaxTags);
  return change;
}

Result<ProfileChange> DecideUpdate(Member& member, Person wanted, Time now) {
  auto& consent = wanted.consent;
  if (!consent.statement.empty() && !consent.time) consent.time = now;
  if (auto violations = CheckUpdate(member.person, wanted); !violations.empty())
    return lanting::errors::InvalidFields(std::move(violations));
  ProfileChange change{.fields = ChangedFields(member.person, wanted),
                       .tags = DiffTags(member.person.tags, wanted.tags)};
  if (change.empty()) return change;
  // The order of tags is that in which they came; of one moment, that of their text.
  std::sort(change.tags.added.begin(), change.tags.added.end());
  auto& tags = member.person.tags;
  std::erase_if(tags, [&](const std::string& tag) { return Contains(change.tags.removed, tag); });
  tags.insert(tags.end(), change.tags.added.begin(), change.tags.added.end());
  wanted.tags = std::move(tags);
  member.person = std::move(wanted);
  member.update_time = now;
  member.version += (change.fields.empty() ? 0 : 1) + (change.tags.empty() ? 0 : 1);
  return change;
}

Result<bool> DecideAddIdentity(Member& member, const ChannelIdentity& identity, Time now) {
  auto& identities = member.person.identities;
  for (const auto& known : identities) {
    if (known.channel != identity.channel) continue;
    if (known == identity) return false;
    return errors::ChannelIdentityExists(ChannelName(identity.channel));
  }
  identities.push_back(identity);
  std::sort(identities.begin(), identities.end());
  member.update_time = now;
  ++member.version;
  return true;
}

Result<void> DecideRemoveIdentity(Member& member, Channel channel, Time now) {
  if (std::erase_if(member.person.identities, [&](const auto& known) { return known.channel == channel; }) == 0)
    return errors::IdentityNotFound(ChannelName(channel));
  member.update_time = now;
  ++member.version;
  return {};
}

}  // namespace lanting::membership
