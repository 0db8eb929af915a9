// Everything the process serves: the services and their handlers.
#pragma once

#include <functional>
#include <vector>

#include "membership/api/community_service.h"
#include "membership/api/gate_service.h"
#include "membership/api/group_handlers.h"
#include "membership/api/house_rules_service.h"
#include "membership/api/import_service.h"
#include "membership/api/join_batcher.h"
#include "membership/api/key_service.h"
#include "membership/api/member_service.h"
#include "membership/api/placement_service.h"
#include "membership/api/naming_service.h"
#include "membership/api/onboarding_service.h"
#include "membership/api/profile_service.h"
#include "membership/api/settings_service.h"
#include "membership/api/tenant_service.h"

namespace lanting::membership {

class Api {
 public:
  // All must outlive this; `wake_imports` is called when an import was accepted.
  Api(pg::Pool& pool, JoinBatcher& joins, std::function<void()> wake_imports);

  // For the server, which must not outlive this.
  std::vector<rpc::Service*> services() {
    return {&communities_, &gates_, &members_, &keys_, &settings_, &tenants_, &placements_};
    return {&communities_, &gates_,    &members_,     &keys_,   &settings_,
            &tenants_,     &profiles_, &house_rules_, &naming_, &onboarding_};
  }

 private:
  CommunityService community_handlers_;
  GateService gate_handlers_;
  MemberService member_handlers_;
  ImportService import_handlers_;
  KeyService key_handlers_;
  SettingsService settings_handlers_;
  TenantService tenant_handlers_;
  GroupHandlers group_handlers_;
  PlacementService placement_handlers_;
  rpc::Service communities_, gates_, members_, keys_, settings_, tenants_, placements_;
  ProfileService profile_handlers_;
  HouseRulesService house_rules_handlers_;
  NamingService naming_handlers_;
  OnboardingService onboarding_handlers_;
  rpc::Service communities_, gates_, members_, keys_, settings_, tenants_;
  rpc::Service profiles_, house_rules_, naming_, onboarding_;
};

}  // namespace lanting::membership
