#include "membership/api/api.h"

namespace lanting::membership {

Api::Api(pg::Pool& pool, JoinBatcher& joins, std::function<void()> wake_imports)
    : community_handlers_(pool),
      gate_handlers_(pool),
      member_handlers_(pool, joins),
      import_handlers_(pool, std::move(wake_imports)),
      key_handlers_(pool),
      settings_handlers_(pool),
      tenant_handlers_(pool),
      group_handlers_(pool),
      placement_handlers_(pool),
      profile_handlers_(pool),
      house_rules_handlers_(pool),
      naming_handlers_(pool),
      onboarding_handlers_(pool),
      communities_("lanting.membership.v1.CommunityService"),
      gates_("lanting.membership.v1.GateService"),
      members_("lanting.membership.v1.MemberService"),
      keys_("lanting.membership.v1.KeyService"),
      settings_("lanting.membership.v1.SettingsService"),
      tenants_("lanting.membership.v1.TenantService"),
      placements_("lanting.membership.v1.PlacementService") {
      profiles_("lanting.membership.v1.ProfileService"),
      house_rules_("lanting.membership.v1.HouseRulesService"),
      naming_("lanting.membership.v1.NamingService"),
      onboarding_("lanting.membership.v1.OnboardingService") {
  community_handlers_.Register(communities_);
  gate_handlers_.Register(gates_);
  member_handlers_.RegisterJoin(gates_);
  member_handlers_.Register(members_);
  import_handlers_.Register(members_);
  key_handlers_.Register(keys_);
  settings_handlers_.Register(settings_);
  tenant_handlers_.Register(tenants_);
  group_handlers_.Register(communities_);
  placement_handlers_.Register(placements_);
  profile_handlers_.RegisterUpdate(members_);
  profile_handlers_.Register(profiles_);
  house_rules_handlers_.Register(house_rules_);
  naming_handlers_.Register(naming_);
  onboarding_handlers_.Register(onboarding_);
}

}  // namespace lanting::membership
