// Everything the process serves: the six services and their handlers.
#pragma once

#include <functional>
#include <vector>

#include "membership/api/community_service.h"
#include "membership/api/export_service.h"
#include "membership/api/gate_service.h"
#include "membership/api/import_service.h"
#include "membership/api/join_batcher.h"
#include "membership/api/key_service.h"
#include "membership/api/member_service.h"
#include "membership/api/settings_service.h"
#include "membership/api/tenant_service.h"
#include "membership/api/upload_service.h"

namespace lanting::membership {

class Api {
 public:
  // All must outlive this; `wake_imports` is called when an import was accepted.
  Api(pg::Pool& pool, JoinBatcher& joins, std::function<void()> wake_imports);

  // For the server, which must not outlive this.
  std::vector<rpc::Service*> services() { return {&communities_, &gates_, &members_, &keys_, &settings_, &tenants_}; }

 private:
  CommunityService community_handlers_;
  GateService gate_handlers_;
  MemberService member_handlers_;
  ImportService import_handlers_;
  UploadService upload_handlers_;
  ExportService export_handlers_;
  KeyService key_handlers_;
  SettingsService settings_handlers_;
  TenantService tenant_handlers_;
  rpc::Service communities_, gates_, members_, keys_, settings_, tenants_;
};

}  // namespace lanting::membership
