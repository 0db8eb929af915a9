#include "membership/api/convert.h"

#include <algorithm>

#include "membership/domain/join.h"
#include "membership/domain/names.h"
#include "membership/store/columns.h"
#include "platform/resource/etag.h"
#include "platform/resource/times.h"

namespace lanting::membership::convert {

v1::Community ToProto(const Community& c) {
  v1::Community p;
  p.set_name(names::Community(c.id));
  p.set_external_id(c.external_id);
  p.set_display_name(c.display_name);
  p.set_template_(static_cast<v1::Template>(c.opened_from));
  p.set_purpose(c.purpose);
  p.set_vision(c.vision);
  p.set_target_user(c.target_user);
  p.set_product(c.product);
  p.set_positioning(c.positioning);
  p.set_offer_minutes(c.offer_minutes);
  p.set_structure(static_cast<v1::Structure>(c.structure));
  columns::ToProto(c.declarations, p.mutable_declarations());
  p.set_locale(c.locale);
  p.set_time_zone(c.time_zone);
  p.set_state(static_cast<v1::CommunityState>(c.state));
  p.set_house_rules_version(c.house_rules_version);
  p.set_member_count(c.member_count);
  p.set_waiting_count(c.waiting_count);
  *p.mutable_create_time() = resource::ToTimestamp(c.create_time);
  *p.mutable_update_time() = resource::ToTimestamp(c.update_time);
  p.set_type(static_cast<v1::CommunityType>(c.type));
  for (auto purpose : c.purposes) p.add_purposes(static_cast<v1::PurposeKind>(purpose));
  p.set_product_kind(static_cast<v1::ProductKind>(c.product_kind));
  p.set_needs_group(c.needs_group);
  p.set_etag(resource::Etag(c.version, {c.member_count, c.waiting_count, c.needs_group ? 1 : 0}));
  return p;
}

v1::CommunityTemplate ToProto(const TemplateDefaults& d) {
  v1::CommunityTemplate p;
  p.set_template_(static_cast<v1::Template>(d.id));
  p.set_display_name(d.display_name);
  p.set_description(d.description);
  p.set_structure(static_cast<v1::Structure>(d.structure));
  p.set_vision(d.vision);
  p.set_house_rules(d.house_rules);
  columns::ToProto(d.declarations, p.mutable_declarations());
  return p;
}

v1::HouseRules ToProto(const HouseRules& r) {
  v1::HouseRules p;
  p.set_name(names::HouseRules(r.community, r.version));
  p.set_version(r.version);
  p.set_text(r.text);
  *p.mutable_create_time() = resource::ToTimestamp(r.create_time);
  return p;
}

v1::Group ToProto(const Group& g) {
  v1::Group p;
  p.set_name(names::Group(g.community, g.id));
  p.set_display_name(g.display_name);
  p.set_kind(static_cast<v1::GroupKind>(g.kind));
  p.set_channel(static_cast<v1::Channel>(g.channel));
  p.set_channel_group_id(g.channel_group_id);
  p.set_capacity(g.capacity);
  p.set_member_count(g.member_count);
  p.set_state(static_cast<v1::GroupState>(g.state));
  p.set_fill_state(g.member_count >= g.capacity             ? v1::FILL_STATE_FULL
                   : IsNearFull(g.member_count, g.capacity) ? v1::FILL_STATE_NEAR_FULL
                                                            : v1::FILL_STATE_ROOM);
  p.set_tag(g.tag);
  p.set_purpose(g.purpose);
  p.set_owner(g.owner);
  if (!g.parent.IsNil()) p.set_parent_group(names::Group(g.community, g.parent));
  if (!g.split.IsNil()) p.set_split(names::GroupSplit(g.community, g.split));
  *p.mutable_create_time() = resource::ToTimestamp(g.create_time);
  *p.mutable_update_time() = resource::ToTimestamp(g.update_time);
  p.set_etag(resource::Etag(g.version, {g.member_count}));
  return p;
}

v1::Gate ToProto(const Gate& g) {
  v1::Gate p;
  p.set_name(names::Gate(g.community, g.id));
  p.set_display_name(g.display_name);
  p.set_kind(static_cast<v1::GateKind>(g.kind));
  columns::ConfigToProto(g, &p);
  if (!g.group.IsNil()) p.set_group(names::Group(g.community, g.group));
  p.set_state(static_cast<v1::GateState>(g.state));
  p.set_strength(static_cast<v1::GateStrength>(StrengthOf(g)));
  *p.mutable_create_time() = resource::ToTimestamp(g.create_time);
  *p.mutable_update_time() = resource::ToTimestamp(g.update_time);
  p.set_etag(resource::Etag(g.version));
  return p;
}

v1::InviteLink ToProto(const InviteLink& l) {
  v1::InviteLink p;
  p.set_name(names::InviteLink(l.community, l.id));
  p.set_gate(names::Gate(l.community, l.gate));
  if (!l.group.IsNil()) p.set_group(names::Group(l.community, l.group));
  p.set_code(l.code);
  p.set_max_uses(l.max_uses);
  p.set_uses(l.uses);
  if (!l.referrer.IsNil()) p.set_referrer(names::Member(l.community, l.referrer));
  p.set_roll_tag(l.roll_tag);
  if (l.revoke_time) *p.mutable_revoke_time() = resource::ToTimestamp(*l.revoke_time);
  if (l.expire_time) *p.mutable_expire_time() = resource::ToTimestamp(*l.expire_time);
  *p.mutable_create_time() = resource::ToTimestamp(l.create_time);
  return p;
}

v1::Application ToProto(const Application& a) {
  v1::Application p;
  p.set_name(names::Application(a.community, a.id));
  p.set_gate(names::Gate(a.community, a.gate));
  p.set_display_name(a.person.display_name);
  p.set_external_id(a.person.external_id);
  for (const auto& i : a.person.identities) {
    auto* to = p.add_identities();
    to->set_channel(static_cast<v1::Channel>(i.channel));
    to->set_user_id(i.user_id);
  }
  for (const auto& answer : a.answers) {
    auto* to = p.add_answers();
    to->set_key(answer.key);
    to->set_text(answer.text);
  }
  p.set_accepted_rules_version(a.person.accepted_rules_version);
  p.set_state(static_cast<v1::ApplicationState>(a.state));
  p.set_decision_reason(a.decision_reason);
  if (!a.member.IsNil()) p.set_member(names::Member(a.community, a.member));
  *p.mutable_create_time() = resource::ToTimestamp(a.create_time);
  if (a.decide_time) *p.mutable_decide_time() = resource::ToTimestamp(*a.decide_time);
  p.set_payment_reference(a.payment_reference);
  p.set_consent_statement(a.person.consent.statement);
  p.set_attempts_left(a.attempts_left);
  if (a.retry_time) *p.mutable_retry_time() = resource::ToTimestamp(*a.retry_time);
  if (a.contact_time) *p.mutable_contact_time() = resource::ToTimestamp(*a.contact_time);
  if (a.values_fit) p.set_values_fit(*a.values_fit);
  p.set_etag(resource::Etag(a.version));
  return p;
}

v1::Tenant ToProto(const Tenant& t) {
  v1::Tenant p;
  p.set_name(names::Tenant(t.id));
  p.set_display_name(t.display_name);
  *p.mutable_create_time() = resource::ToTimestamp(t.create_time);
  return p;
}

v1::Key ToProto(const Key& k, Time now) {
  v1::Key p;
  p.set_name(names::Key(k.id));
  p.set_display_name(k.display_name);
  for (const auto& scope : k.scopes) p.add_scopes(scope);
  if (k.expire_time) *p.mutable_expire_time() = resource::ToTimestamp(*k.expire_time);
  if (k.revoke_time) *p.mutable_revoke_time() = resource::ToTimestamp(*k.revoke_time);
  *p.mutable_create_time() = resource::ToTimestamp(k.create_time);
  p.set_role(static_cast<v1::StaffRole>(k.role));
  if (!k.rotated_from.IsNil()) p.set_rotated_from(names::Key(k.rotated_from));
  if (!k.replaced_by.IsNil()) p.set_replaced_by(names::Key(k.replaced_by));
  if (k.last_used_time) *p.mutable_last_used_time() = resource::ToTimestamp(*k.last_used_time);
  p.set_state(static_cast<v1::KeyState>(StateOf(k, now)));
  return p;
}

void FromProto(const v1::Community& from, Community* c) {
  c->external_id = from.external_id();
  c->display_name = from.display_name();
  c->opened_from = static_cast<Template>(from.template_());
  c->purpose = from.purpose();
  c->vision = from.vision();
  c->target_user = from.target_user();
  c->product = from.product();
  c->positioning = from.positioning();
  c->offer_minutes = from.offer_minutes();
  c->type = static_cast<CommunityType>(from.type());
  c->purposes.clear();
  for (int kind : from.purposes()) {
    const auto purpose = static_cast<PurposeKind>(kind);
    if (std::find(c->purposes.begin(), c->purposes.end(), purpose) == c->purposes.end()) c->purposes.push_back(purpose);
  }
  c->product_kind = static_cast<ProductKind>(from.product_kind());
  c->structure = static_cast<Structure>(from.structure());
  c->declarations = columns::FromProto(from.declarations());
  c->locale = from.locale();
  c->time_zone = from.time_zone();
}

Group FromProto(const v1::Group& from) {
  Group g;
  g.display_name = from.display_name();
  if (from.kind() != v1::GROUP_KIND_UNSPECIFIED) g.kind = static_cast<GroupKind>(from.kind());
  g.channel = static_cast<Channel>(from.channel());
  g.channel_group_id = from.channel_group_id();
  g.capacity = from.capacity();
  g.tag = from.tag();
  g.purpose = from.purpose();
  g.owner = from.owner();
  return g;
}

void FromProto(const v1::Gate& from, Gate* gate) {
  gate->display_name = from.display_name();
  gate->kind = static_cast<GateKind>(from.kind());
  gate->group = names::Parse(from.group()).second;
  columns::ConfigFromProto(from, gate);
}

InviteLink FromProto(const v1::InviteLink& from) {
  InviteLink l;
  l.gate = names::Parse(from.gate()).second;
  l.group = names::Parse(from.group()).second;
  l.referrer = names::Parse(from.referrer()).second;
  l.roll_tag = from.roll_tag();
  l.max_uses = from.max_uses();
  if (from.has_expire_time()) l.expire_time = resource::FromTimestamp(from.expire_time());
  return l;
}

Application FromProto(const v1::Application& from) {
  Application a;
  a.gate = names::Parse(from.gate()).second;
  a.person.display_name = from.display_name();
  a.person.external_id = from.external_id();
  a.person.accepted_rules_version = from.accepted_rules_version();
  for (const auto& i : from.identities()) {
    a.person.identities.push_back({static_cast<Channel>(i.channel()), i.user_id()});
  }
  for (const auto& answer : from.answers()) a.answers.push_back({answer.key(), answer.text()});
  a.payment_reference = from.payment_reference();
  a.person.consent.statement = from.consent_statement();
  return a;
}

Key FromProto(const v1::Key& from) {
  Key k;
  k.display_name = from.display_name();
  k.scopes.assign(from.scopes().begin(), from.scopes().end());
  k.role = static_cast<StaffRole>(from.role());
  if (from.has_expire_time()) k.expire_time = resource::FromTimestamp(from.expire_time());
  return k;
}

}  // namespace lanting::membership::convert
