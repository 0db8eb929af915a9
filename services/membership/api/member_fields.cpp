#include "membership/api/member_fields.h"

#include <unordered_map>

#include "lanting/membership/v1/member.pb.h"
#include "membership/api/enum_names.h"
#include "membership/store/sql_segment.h"

namespace lanting::membership {
namespace pb = lanting::membership::v1;
namespace {

using paging::FilterField;
using paging::FilterValue;
using paging::ToFilterValue;
using paging::Type;
using Values = std::vector<FilterValue>;

Values Text(const std::string& text) { return text.empty() ? Values{} : Values{text}; }
Values One(std::int64_t number) { return {number}; }
Values One(const std::optional<int>& number) { return number ? One(*number) : Values{}; }
Values One(const std::optional<Time>& time) { return time ? Values{ToFilterValue(*time)} : Values{}; }
Values One(const Id& id) { return id.IsNil() ? Values{} : Values{id.ToUuid()}; }
template <typename Enum>
Values Number(Enum e) {
  return One(static_cast<std::int64_t>(e));
}

Values Groups(const Member& m) {
  auto values = One(m.group);
  for (const auto& group : m.topic_groups) values.push_back(group.ToUuid());
  return values;
}
Values Channels(const Member& m) {
  Values values;
  for (const auto& identity : m.person.identities) values.push_back(static_cast<std::int64_t>(identity.channel));
  return values;
}
Values Attribute(const Member& m, const std::string& key) {
  const auto found = m.person.staff.attributes.find(key);
  return found == m.person.staff.attributes.end() ? Values{} : Values{found->second};
}

// A field, and where it is in a Member.
struct MemberField {
  FilterField field;
  Values (*read)(const Member& member, const std::string& key);
};

const std::vector<MemberField>& ForAll() {
  static const std::vector<MemberField> fields{
      {{"state", "m.state", Type::kEnum, ShortEnumValues(pb::MemberState_descriptor())},
       [](const Member& m, const std::string&) { return Number(m.state); }},
      {{"source", "m.source", Type::kEnum, ShortEnumValues(pb::JoinSource_descriptor())},
       [](const Member& m, const std::string&) { return Number(m.source); }},
      {{"group", "", Type::kId, {}, "communities/*/groups/*", sql::kInGroup},
       [](const Member& m, const std::string&) { return Groups(m); }},
      {{"channel", "", Type::kEnum, ShortEnumValues(pb::Channel_descriptor()), "", sql::kOnChannel},
       [](const Member& m, const std::string&) { return Channels(m); }},
      {{"tags", "", Type::kString, {}, "", sql::kHasTag},
       [](const Member& m, const std::string&) { return Values(m.person.tags.begin(), m.person.tags.end()); }},
      {{"external_id", "m.external_id"},
       [](const Member& m, const std::string&) { return Text(m.person.external_id); }},
      {{"display_name", "m.display_name"},
       [](const Member& m, const std::string&) { return Values{m.person.display_name}; }},
      {{"accepted_rules_version", "m.accepted_rules_version", Type::kInt},
       [](const Member& m, const std::string&) { return One(m.person.accepted_rules_version); }},
      {{"referrer", "m.referrer_id", Type::kId, {}, "communities/*/members/*"},
       [](const Member& m, const std::string&) { return One(m.referrer); }},
      {{"join_time", "m.join_time", Type::kTime}, [](const Member& m, const std::string&) { return One(m.join_time); }},
      {{"create_time", "m.create_time", Type::kTime},
       [](const Member& m, const std::string&) { return One(m.create_time); }},
      {{"consent_time", "m.consent_time", Type::kTime},
       [](const Member& m, const std::string&) { return One(m.person.consent.time); }},
      {{"leave_time", "m.leave_time", Type::kTime},
       [](const Member& m, const std::string&) { return One(m.leave_time); }}};
  return fields;
}

const std::vector<MemberField>& ForStaff() {
  static const std::vector<MemberField> fields{
      {{"customer_class", "m.customer_class", Type::kEnum, ShortEnumValues(pb::CustomerClass_descriptor())},
       [](const Member& m, const std::string&) { return Number(m.person.staff.customer_class); }},
      {{"fan_score", "m.fan_score", Type::kInt},
       [](const Member& m, const std::string&) { return One(m.person.staff.fan_score); }},
      {{"values_fit", "m.values_fit", Type::kInt},
       [](const Member& m, const std::string&) { return One(m.person.staff.values_fit); }},
      {{"attributes", sql::kAttribute}, Attribute}};
  return fields;
}

std::vector<FilterField> Fields(bool staff) {
  std::vector<FilterField> fields;
  for (const auto& f : ForAll()) fields.push_back(f.field);
  for (const auto& f : ForStaff()) {
    if (staff) fields.push_back(f.field);
  }
  return fields;
}

Values Read(const Member& member, const FilterField& field, const std::string& key) {
  static const auto readers = [] {
    std::unordered_map<std::string_view, Values (*)(const Member&, const std::string&)> map;
    for (const auto* fields : {&ForAll(), &ForStaff()}) {
      for (const auto& f : *fields) map.emplace(f.field.name, f.read);
    }
    return map;
  }();
  return readers.at(field.name)(member, key);
}

}  // namespace

const std::vector<FilterField>& MemberFields(bool staff) {
  static const auto all = Fields(true), public_ones = Fields(false);
  return staff ? all : public_ones;
}

bool AsksForStaffView(const paging::Filter& filter) {
  for (const auto& f : ForStaff()) {
    if (filter.Uses(f.field.name)) return true;
  }
  return false;
}

bool Finds(const paging::Filter& filter, const Member& member) {
  const bool gone = member.state == MemberState::kLeft || member.state == MemberState::kMerged;
  if (gone && !filter.Uses("state")) return false;
  return filter.Matches([&](const FilterField& field, const std::string& key) { return Read(member, field, key); });
}

}  // namespace lanting::membership
