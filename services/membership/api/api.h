// Everything the process serves: the services and their handlers.
#pragma once

#include <functional>
#include <list>
#include <vector>

#include "membership/api/community_service.h"
#include "membership/api/duty_service.h"
#include "membership/api/export_service.h"
#include "membership/api/gate_service.h"
#include "membership/api/group_handlers.h"
#include "membership/api/house_rules_service.h"
#include "membership/api/import_service.h"
#include "membership/api/join_batcher.h"
#include "membership/api/key_service.h"
#include "membership/api/member_service.h"
#include "membership/api/naming_service.h"
#include "membership/api/onboarding_service.h"
#include "membership/api/person_service.h"
#include "membership/api/placement_service.h"
#include "membership/api/profile_service.h"
#include "membership/api/segment_service.h"
#include "membership/api/settings_service.h"
#include "membership/api/staff_service.h"
#include "membership/api/tenant_service.h"
#include "membership/api/upload_service.h"

namespace lanting::membership {

class Api {
 public:
  // All must outlive this; `wake_imports` is called when an import was accepted, `key_usage` told which keys are used.
  Api(pg::Pool& pool, JoinBatcher& joins, std::function<void()> wake_imports, KeyUsage* key_usage = nullptr);

  // For the server, which must not outlive this.
  std::vector<rpc::Service*> services();

 private:
  // lanting.membership.v1.<name>, still without handlers.
  rpc::Service& Add(const std::string& name);

  CommunityService communities_;
  GroupHandlers groups_;
  HouseRulesService house_rules_;
  NamingService naming_;
  OnboardingService onboarding_;
  PlacementService placements_;
  GateService gates_;
  MemberService members_;
  PersonService persons_;
  ProfileService profiles_;
  SegmentService segments_;
  ImportService imports_;
  UploadService uploads_;
  ExportService exports_;
  StaffService staff_;
  DutyService duties_;
  KeyService keys_;
  SettingsService settings_;
  TenantService tenants_;
  std::list<rpc::Service> services_;
};

}  // namespace lanting::membership
