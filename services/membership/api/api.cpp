#include "membership/api/api.h"

namespace lanting::membership {

Api::Api(pg::Pool& pool, JoinBatcher& joins, std::function<void()> wake_imports, KeyUsage* key_usage)
    : communities_(pool),
      groups_(pool),
      house_rules_(pool),
      naming_(pool),
      onboarding_(pool),
      placements_(pool),
      gates_(pool),
      members_(pool, joins),
      persons_(pool),
      profiles_(pool),
      segments_(pool),
      imports_(pool, wake_imports),
      uploads_(pool, std::move(wake_imports)),
      exports_(pool),
      staff_(pool),
      duties_(pool),
      keys_(pool),
      settings_(pool),
      tenants_(pool, key_usage) {
  auto& communities = Add("CommunityService");
  communities_.Register(communities);
  groups_.Register(communities);
  auto& gates = Add("GateService");
  gates_.Register(gates);
  members_.RegisterJoin(gates);
  auto& members = Add("MemberService");
  members_.Register(members);
  profiles_.RegisterUpdate(members);
  imports_.Register(members);
  uploads_.Register(members);
  exports_.Register(members);
  house_rules_.Register(Add("HouseRulesService"));
  naming_.Register(Add("NamingService"));
  onboarding_.Register(Add("OnboardingService"));
  persons_.Register(Add("PersonService"));
  placements_.Register(Add("PlacementService"));
  profiles_.Register(Add("ProfileService"));
  segments_.Register(Add("SegmentService"));
  staff_.Register(Add("StaffService"));
  duties_.Register(Add("DutyService"));
  keys_.Register(Add("KeyService"));
  settings_.Register(Add("SettingsService"));
  tenants_.Register(Add("TenantService"));
}

rpc::Service& Api::Add(const std::string& name) { return services_.emplace_back("lanting.membership.v1." + name); }

std::vector<rpc::Service*> Api::services() {
  std::vector<rpc::Service*> all;
  for (auto& service : services_) all.push_back(&service);
  return all;
}

}  // namespace lanting::membership
