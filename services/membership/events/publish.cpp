#include "membership/events/publish.h"

#include "lanting/membership/v1/events.pb.h"
#include "membership/domain/names.h"
#include "membership/store/columns.h"
#include "platform/resource/times.h"

namespace lanting::membership::events {
namespace {

namespace pb = lanting::membership::v1;

template <typename Message>
outbox::Event Make(const Message& message, std::string subject, std::int64_t version, const Cause& cause) {
  return outbox::MakeEvent(message, std::move(subject), version, cause.now, cause.traceparent);
}

}  // namespace

outbox::Event TenantCreated(const Tenant& tenant, const Cause& cause) {
  pb::TenantCreated e;
  e.set_tenant(names::Tenant(tenant.id));
  return Make(e, e.tenant(), 1, cause);
}

outbox::Event CommunityOpened(const Community& community, const Cause& cause) {
  pb::CommunityOpened e;
  e.set_community(names::Community(community.id));
  e.set_template_(static_cast<pb::Template>(community.opened_from));
  e.set_structure(static_cast<pb::Structure>(community.structure));
  columns::ToProto(community.declarations, e.mutable_declarations());
  e.set_locale(community.locale);
  e.set_time_zone(community.time_zone);
  return Make(e, e.community(), 1, cause);
}

outbox::Event CommunityUpdated(const Community& community, const Cause& cause) {
  pb::CommunityUpdated e;
  e.set_community(names::Community(community.id));
  columns::ToProto(community.declarations, e.mutable_declarations());
  e.set_locale(community.locale);
  e.set_time_zone(community.time_zone);
  return Make(e, e.community(), community.version, cause);
}

outbox::Event HouseRulesPublished(const HouseRules& rules, std::int64_t community_version, const Cause& cause) {
  pb::HouseRulesPublished e;
  e.set_house_rules(names::HouseRules(rules.community, rules.version));
  e.set_version(rules.version);
  return Make(e, names::Community(rules.community), community_version, cause);
}

outbox::Event GroupCreated(const Group& group, const Cause& cause) {
  pb::GroupCreated e;
  e.set_group(names::Group(group.community, group.id));
  e.set_kind(static_cast<pb::GroupKind>(group.kind));
  e.set_channel(static_cast<pb::Channel>(group.channel));
  e.set_capacity(group.capacity);
  if (!group.parent.IsNil()) e.set_parent_group(names::Group(group.community, group.parent));
  return Make(e, e.group(), 1, cause);
}

outbox::Event GateCreated(const Gate& gate, const Cause& cause) {
  pb::GateCreated e;
  e.set_gate(names::Gate(gate.community, gate.id));
  e.set_kind(static_cast<pb::GateKind>(gate.kind));
  return Make(e, e.gate(), 1, cause);
}

outbox::Event InviteLinkCreated(const InviteLink& link, const Cause& cause) {
  pb::InviteLinkCreated e;
  e.set_invite_link(names::InviteLink(link.community, link.id));
  e.set_gate(names::Gate(link.community, link.gate));
  return Make(e, e.invite_link(), 1, cause);
}

outbox::Event ApplicationSubmitted(const Application& application, const Cause& cause) {
  pb::ApplicationSubmitted e;
  e.set_application(names::Application(application.community, application.id));
  e.set_gate(names::Gate(application.community, application.gate));
  return Make(e, e.application(), application.version, cause);
}

outbox::Event ApplicationApproved(const Application& application, const Cause& cause) {
  pb::ApplicationApproved e;
  e.set_application(names::Application(application.community, application.id));
  e.set_member(names::Member(application.community, application.member));
  return Make(e, e.application(), application.version, cause);
}

outbox::Event ApplicationRejected(const Application& application, const Cause& cause) {
  pb::ApplicationRejected e;
  e.set_application(names::Application(application.community, application.id));
  return Make(e, e.application(), application.version, cause);
}

outbox::Event KeyCreated(const Key& key, const Cause& cause) {
  pb::KeyCreated e;
  e.set_key(names::Key(key.id));
  for (const auto& scope : key.scopes) e.add_scopes(scope);
  if (key.expire_time) *e.mutable_expire_time() = resource::ToTimestamp(*key.expire_time);
  if (!key.rotated_from.IsNil()) e.set_rotated_from(names::Key(key.rotated_from));
  return Make(e, e.key(), key.version, cause);
}

outbox::Event KeyRotated(const Key& key, const Cause& cause) {
  pb::KeyRotated e;
  e.set_key(names::Key(key.id));
  e.set_replaced_by(names::Key(key.replaced_by));
  *e.mutable_expire_time() = resource::ToTimestamp(*key.expire_time);
  return Make(e, e.key(), key.version, cause);
}

outbox::Event KeyRevoked(const Key& key, const Cause& cause) {
  pb::KeyRevoked e;
  e.set_key(names::Key(key.id));
  return Make(e, e.key(), key.version, cause);
}

}  // namespace lanting::membership::events
