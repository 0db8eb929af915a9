#include "membership/api/convert_member.h"

#include "membership/api/convert.h"
#include "membership/domain/names.h"
#include "platform/resource/etag.h"
#include "platform/resource/times.h"

namespace lanting::membership::convert {
namespace pb = lanting::membership::v1;

pb::Member ToProto(const Member& m) {
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
  return out;
}

Person ToPerson(const pb::Member& m) {
  Person person{.external_id = m.external_id(),
                .display_name = m.display_name(),
                .expectation = m.expectation(),
                .accepted_rules_version = m.accepted_rules_version()};
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
      if (error.reason == "COMMUNITY_NOT_FOUND") return *first;
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
