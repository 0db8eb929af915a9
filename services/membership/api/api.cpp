#include "membership/api/api.h"

namespace lanting::membership {

Api::Api(pg::Pool& pool, JoinBatcher& joins, std::function<void()> wake_imports)
    : community_handlers_(pool),
      gate_handlers_(pool),
      member_handlers_(pool, joins),
      import_handlers_(pool, wake_imports),
      upload_handlers_(pool, std::move(wake_imports)),
      export_handlers_(pool),
      key_handlers_(pool),
      settings_handlers_(pool),
      tenant_handlers_(pool),
      communities_("lanting.membership.v1.CommunityService"),
      gates_("lanting.membership.v1.GateService"),
      members_("lanting.membership.v1.MemberService"),
      keys_("lanting.membership.v1.KeyService"),
      settings_("lanting.membership.v1.SettingsService"),
      tenants_("lanting.membership.v1.TenantService") {
  community_handlers_.Register(communities_);
  gate_handlers_.Register(gates_);
  member_handlers_.RegisterJoin(gates_);
  member_handlers_.Register(members_);
  import_handlers_.Register(members_);
  upload_handlers_.Register(members_);
  export_handlers_.Register(members_);
  key_handlers_.Register(keys_);
  settings_handlers_.Register(settings_);
  tenant_handlers_.Register(tenants_);
}

}  // namespace lanting::membership
