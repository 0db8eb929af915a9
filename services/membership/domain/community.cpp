#include "membership/domain/community.h"

#include "membership/domain/errors.h"
#include "membership/domain/templates.h"

namespace lanting::membership {
namespace {

template <typename T>
void Take(std::optional<T>& to, const std::optional<T>& from) {
  if (!to) to = from;
}
void Take(std::string& to, const std::string& from) {
  if (to.empty()) to = from;
}

}  // namespace

Declarations Merge(const Declarations& given, const Declarations& defaults) {
  Declarations d = given;
  Take(d.shares_per_day, defaults.shares_per_day);
  Take(d.shares_per_week, defaults.shares_per_week);
  Take(d.shares_per_month, defaults.shares_per_month);
  Take(d.promo_percent_max, defaults.promo_percent_max);
  Take(d.silent_days, defaults.silent_days);
  Take(d.grace_days, defaults.grace_days);
  Take(d.naming_convention, defaults.naming_convention);
  Take(d.reward_terms, defaults.reward_terms);
  Take(d.penalty_terms, defaults.penalty_terms);
  return d;
}

void FillDefaults(Community& community) {
  Take(community.locale, kDefaultLocale);
  Take(community.time_zone, kDefaultTimeZone);
  const auto& defaults = DefaultsOf(community.opened_from, community.locale);
  Take(community.vision, defaults.vision);
  if (community.structure == Structure::kUnspecified) community.structure = defaults.structure;
  community.declarations = Merge(community.declarations, defaults.declarations);
}

HouseRules FirstHouseRules(const Community& community) {
  return {.community = community.id,
          .version = 1,
          .text = DefaultsOf(community.opened_from, community.locale).house_rules,
          .create_time = community.create_time};
}

void FillDefaults(Group& group) {
  if (group.capacity == 0) group.capacity = kDefaultGroupCapacity;
}

}  // namespace lanting::membership
