// Everything the process serves: its services and their handlers.
#pragma once

#include <functional>
#include <vector>

#include "membership/api/community_service.h"
#include "membership/api/duty_service.h"
#include "membership/api/gate_service.h"
#include "membership/api/import_service.h"
#include "membership/api/join_batcher.h"
#include "membership/api/key_service.h"
#include "membership/api/member_service.h"
#include "membership/api/settings_service.h"
#include "membership/api/staff_service.h"
#include "membership/api/tenant_service.h"

namespace lanting::membership {

class Api {
 public:
  // All must outlive this; `wake_imports` is called when an import was accepted, `key_usage` told which keys are
  // used.
  Api(pg::Pool& pool, JoinBatcher& joins, std::function<void()> wake_imports, KeyUsage* key_usage = nullptr);

  // For the server, which must not outlive this.
  std::vector<rpc::Service*> services() {
    return {&communities_, &gates_, &members_, &keys_, &settings_, &tenants_, &staff_, &duties_};
  }

 private:
  CommunityService community_handlers_;
  GateService gate_handlers_;
  MemberService member_handlers_;
  ImportService import_handlers_;
  KeyService key_handlers_;
  SettingsService settings_handlers_;
  TenantService tenant_handlers_;
  StaffService staff_handlers_;
  DutyService duty_handlers_;
  rpc::Service staff_, duties_;
  rpc::Service communities_, gates_, members_, keys_, settings_, tenants_;
};

}  // namespace lanting::membership
