#include "membership/api/convert_member.h"

#include <algorithm>

#include "membership/api/convert.h"
#include "membership/domain/names.h"
#include "membership/domain/profile.h"
#include "platform/resource/etag.h"
#include "platform/resource/times.h"

namespace lanting::membership::convert {
namespace pb = lanting::membership::v1;

pb::Member ToProto(const Member& m, bool staff) {
  pb::Member out;
  out.set_name(names::Member(m.community, m.id));
  out.set_external_id(m.person.external_id);
  out.set_display_name(m.person.display_name);
  for (const auto& identity : m.person.identities) {
    auto* i = out.add_identities();
    i->set_channel(static_cast<pb::Channel>(identity.channel));
    i->set_user_id(identity.user_id);
  }
  out.set_expectation(m.person.expectation);
  out.set_state(static_cast<pb::MemberState>(m.state));
  if (!m.group.IsNil()) out.set_group(names::Group(m.community, m.group));
  out.set_source(static_cast<pb::JoinSource>(m.source));
  out.set_accepted_rules_version(m.person.accepted_rules_version);
  out.set_waiting_position(m.waiting_position);
  *out.mutable_join_time() = resource::ToTimestamp(m.join_time);
  *out.mutable_create_time() = resource::ToTimestamp(m.create_time);
  *out.mutable_update_time() = resource::ToTimestamp(m.update_time);
  out.set_etag(resource::Etag(m.version, {m.waiting_position}));
  for (const auto& tag : m.person.tags) out.add_tags(tag);
  if (staff) *out.mutable_staff() = ToProto(m.person.staff);
  if (m.person.consent.time) {
    *out.mutable_consent()->mutable_give_time() = resource::ToTimestamp(*m.person.consent.time);
    out.mutable_consent()->set_statement(m.person.consent.statement);
  }
  if (!m.referrer.IsNil()) out.set_referrer(names::Member(m.community, m.referrer));
  if (m.offer_expire_time) *out.mutable_offer_expire_time() = resource::ToTimestamp(*m.offer_expire_time);
  for (const auto& group : m.topic_groups) out.add_topic_groups(names::Group(m.community, group));
  if (!m.merged_into.IsNil()) out.set_merged_into(names::Member(m.community, m.merged_into));
  if (m.leave_time) *out.mutable_leave_time() = resource::ToTimestamp(*m.leave_time);
  if (staff) out.set_leave_reason(m.leave_reason);
  return out;
}

Result<void> CheckStaffView(const rpc::Call& call, const pb::Member& member, const std::string& field) {
  if (!member.has_staff()) return {};
  if (!SeesStaffView(call)) return lanting::errors::ScopeMissing("members.staff");
  auto violations = CheckAttributes(FromProto(member.staff()), field + ".staff.attributes");
  if (!violations.empty()) return lanting::errors::InvalidFields(std::move(violations));
  return {};
}

pb::StaffView ToProto(const StaffView& staff) {
  pb::StaffView out;
  out.set_customer_class(static_cast<pb::CustomerClass>(staff.customer_class));
  if (staff.fan_score) out.set_fan_score(*staff.fan_score);
  if (staff.values_fit) out.set_values_fit(*staff.values_fit);
  out.mutable_attributes()->insert(staff.attributes.begin(), staff.attributes.end());
  return out;
}

StaffView FromProto(const pb::StaffView& from) {
  StaffView staff{.customer_class = static_cast<CustomerClass>(from.customer_class())};
  if (from.has_fan_score()) staff.fan_score = from.fan_score();
  if (from.has_values_fit()) staff.values_fit = from.values_fit();
  staff.attributes.insert(from.attributes().begin(), from.attributes().end());
  return staff;
}

pb::MemberNote ToProto(const MemberNote& note) {
  pb::MemberNote to;
  to.set_name(names::Note(note.community, note.member, note.id));
  to.set_text(note.text);
  to.set_author(note.author);
  to.set_author_name(note.author_name);
  *to.mutable_create_time() = resource::ToTimestamp(note.create_time);
  return to;
}

Person ToPerson(const pb::Member& m) {
  Person person{.external_id = m.external_id(),
                .display_name = m.display_name(),
                .expectation = m.expectation(),
                .accepted_rules_version = m.accepted_rules_version()};
  for (const auto& tag : m.tags()) {
    auto& tags = person.tags;
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
  }
  person.staff = FromProto(m.staff());
  person.consent.statement = m.consent().statement();
  if (m.consent().has_give_time()) person.consent.time = resource::FromTimestamp(m.consent().give_time());
  for (const auto& i : m.identities()) person.identities.push_back({static_cast<Channel>(i.channel()), i.user_id()});
  return person;
}

Error RefuseBatch(const std::vector<Result<Member>>& decided) {
  constexpr std::string_view kOne = "member.";
  std::optional<Error> first;
  std::vector<FieldViolation> violations;
  for (std::size_t i = 0; i < decided.size(); ++i) {
    if (decided[i].ok()) continue;
    const auto& error = decided[i].error();
    const auto at = "members[" + std::to_string(i) + "]";
    if (!first) {
      first = error;
      // A missing community is the fault of the whole request, not of a member.
      if (error.reason == "COMMUNITY_NOT_FOUND" || error.reason == "COMMUNITY_ARCHIVED") return *first;
      first->message = at + ": " + error.message;
      first->metadata["index"] = std::to_string(i);
    }
    if (error.violations.empty()) violations.push_back({at, error.reason, error.message});
    for (const auto& v : error.violations) {
      bool inside = v.field.starts_with(kOne);
      violations.push_back({inside ? at + "." + v.field.substr(kOne.size()) : at, v.reason, v.description});
    }
  }
  first->violations = std::move(violations);
  return *std::move(first);
}

}  // namespace lanting::membership::convert
