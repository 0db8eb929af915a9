#include "membership/api/convert_placement.h"

#include "membership/api/convert.h"
#include "membership/domain/names.h"
#include "platform/resource/times.h"

namespace lanting::membership::convert {

v1::RoutingRule ToProto(const RoutingRule& rule) {
  v1::RoutingRule p;
  p.set_name(names::RoutingRule(rule.community, rule.id));
  p.set_tag(rule.tag);
  p.set_group(names::Group(rule.community, rule.group));
  p.set_priority(rule.priority);
  *p.mutable_create_time() = resource::ToTimestamp(rule.create_time);
  return p;
}

v1::GroupSplit ToProto(const GroupSplit& split, const std::vector<Competitor>& competitors) {
  v1::GroupSplit p;
  p.set_name(names::GroupSplit(split.community, split.id));
  p.set_parent_group(names::Group(split.community, split.parent));
  p.set_reason(split.reason);
  p.set_move(split.move);
  p.set_parent_member_count(split.parent_member_count);
  *p.mutable_create_time() = resource::ToTimestamp(split.create_time);
  for (const auto& c : competitors) {
    auto* to = p.add_competitors();
    *to->mutable_group() = ToProto(c.group);
    to->set_founder_count(c.founders);
    if (split.parent_member_count > 0) to->set_parent_percent(100.0 * c.founders / split.parent_member_count);
    to->set_newcomer_count(c.group.member_count - c.stayed);
    to->set_departed_count(c.founders - c.stayed);
    to->set_growth(c.group.member_count - c.founders);
  }
  return p;
}

SplitPlan FromProto(const v1::SplitGroupRequest& request) {
  SplitPlan plan{
      .move = request.move(),
      .rest = request.assign_rest() == v1::ASSIGN_REST_ROUND_ROBIN ? AssignRest::kRoundRobin : AssignRest::kNone,
      .reason = request.reason()};
  for (const auto& from : request.groups()) {
    SplitSpec spec{.from_tag = from.from_tag()};
    auto& g = spec.group;
    g.display_name = from.display_name();
    g.kind = from.kind() == v1::GROUP_KIND_UNSPECIFIED ? GroupKind::kTopic : static_cast<GroupKind>(from.kind());
    g.channel = static_cast<Channel>(from.channel());
    g.channel_group_id = from.channel_group_id();
    g.capacity = from.capacity();
    g.tag = from.tag();
    g.purpose = from.purpose();
    g.owner = from.owner();
    plan.groups.push_back(std::move(spec));
  }
  return plan;
}

SuitabilityQuestion FromProto(const v1::CheckSuitabilityRequest& request) {
  SuitabilityQuestion q{.product = static_cast<ProductKind>(request.product_kind()),
                        .frequency = static_cast<Frequency>(request.purchase_frequency()),
                        .involvement = static_cast<Degree>(request.decision_involvement()),
                        .shared_topic = static_cast<Degree>(request.shared_topic()),
                        .users = request.user_count(),
                        .fans = request.fan_count(),
                        .hours_per_week = request.hours_per_week(),
                        .value_times_per_week = request.value_times_per_week(),
                        .has_gate = request.gate_kind() != v1::GATE_KIND_UNSPECIFIED};
  for (int value : request.values()) q.values.push_back(static_cast<ValueKind>(value));
  return q;
}

v1::CheckSuitabilityResponse ToProto(const SuitabilityAnswer& answer) {
  v1::CheckSuitabilityResponse p;
  p.set_suitable(static_cast<v1::Suitability>(answer.suitable));
  p.set_score(answer.score);
  for (const auto& reason : answer.reasons) {
    auto* to = p.add_reasons();
    to->set_requirement(reason.requirement);
    to->set_points(reason.points);
    to->set_text(reason.text);
    to->set_advice(reason.advice);
  }
  p.set_strategy(static_cast<v1::CommunityStrategy>(answer.strategy));
  p.set_advice(answer.advice);
  if (answer.suitable != Suitability::kNo) {
    p.set_recommended_template(static_cast<v1::Template>(answer.recommended));
    p.set_recommended_structure(static_cast<v1::Structure>(answer.structure));
  }
  return p;
}

}  // namespace lanting::membership::convert
