// lantingctl tenant ... and lantingctl key ...
#include <ctime>

#include "context.h"
#include "lanting/membership/v1/tenant_service.pb.h"
#include "platform/base/id.h"

namespace lanting::ctl {
namespace {

namespace pb = membership::v1;

std::string Date(const google::protobuf::Timestamp& t) {
  std::time_t seconds = t.seconds();
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%SZ", &utc);
  return seconds == 0 ? "-" : text;
}

std::string TenantName(const std::string& id) { return id.starts_with("tenants/") ? id : "tenants/" + id; }
std::string KeyName(const std::string& id) { return id.starts_with("keys/") ? id : "keys/" + id; }

std::string Join(const google::protobuf::RepeatedPtrField<std::string>& items) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ",") + item;
  return out;
}

// A key's secret is shown once: on its own line, so that it can be copied or piped.
void PrintKey(const Context& context, const pb::Key& key) {
  Print(context, key, [&] {
    return "Made " + key.name() + " with scopes " + Join(key.scopes()) + ".\nThe key is shown only now:\n" +
           key.secret();
  });
}

std::string Describe(const pb::TenantLimits& limits) {
  const auto line = [](const char* what, bool set, int n) {
    return std::string(what) + (!set ? "default" : n == 0 ? "no limit" : std::to_string(n)) + "\n";
  };
  return limits.name() + "\n" +
         line("  a key, per second:        ", limits.has_key_per_second(), limits.key_per_second()) +
         line("  a key, at once:           ", limits.has_key_burst(), limits.key_burst()) +
         line("  the tenant, per second:   ", limits.has_tenant_per_second(), limits.tenant_per_second()) +
         line("  the tenant, at once:      ", limits.has_tenant_burst(), limits.tenant_burst()) +
         line("  calls in flight:          ", limits.has_max_in_flight(), limits.max_in_flight()) +
         "  written:                  " + Date(limits.update_time());
}

// Shows the limits of a tenant, or changes those that are given.
void AddLimits(CLI::App& tenant, Context& context) {
  auto* limits = tenant.add_subcommand(
      "limits",
      "what a tenant may use of the gateway: shows it, or changes what is given; effective within 10 seconds");
  static std::string id, request_id;
  static int key_per_second, key_burst, per_second, burst, in_flight;
  static bool defaults;
  limits->add_option("tenant", id, "id or name")->required();
  const auto number = [&](const char* name, int& value, const char* help, int least, int most) {
    return limits->add_option(name, value, help)->check(CLI::Range(least, most));
  };
  constexpr int kMostRate = 100'000, kMost = 1'000'000;
  auto* of_key = number("--key-per-second", key_per_second, "requests a second of one key; 0: no limit", 0, kMostRate);
  auto* of_key_burst = number("--key-burst", key_burst, "requests of one key at once", 1, kMost);
  auto* of_tenant = number("--per-second", per_second, "requests a second of the tenant; 0: no limit", 0, kMostRate);
  auto* of_burst = number("--burst", burst, "requests of the tenant at once", 1, kMost);
  auto* of_flight = number("--in-flight", in_flight, "calls in flight, of each gateway; 0: no limit", 0, kMostRate);
  limits->add_flag("--defaults", defaults, "first forget all that was set");
  limits->add_option("--request-id", request_id, "idempotency key");
  limits->callback([=, &context] {
    context.NeedAdminKey();
    const std::string name = TenantName(id) + "/limits";
    pb::UpdateTenantLimitsRequest update;
    auto* wanted = update.mutable_tenant_limits();
    wanted->set_name(name);
    if (of_key->count() > 0) wanted->set_key_per_second(key_per_second);
    if (of_key_burst->count() > 0) wanted->set_key_burst(key_burst);
    if (of_tenant->count() > 0) wanted->set_tenant_per_second(per_second);
    if (of_burst->count() > 0) wanted->set_tenant_burst(burst);
    if (of_flight->count() > 0) wanted->set_max_in_flight(in_flight);
    const bool given =
        of_key->count() + of_key_burst->count() + of_tenant->count() + of_burst->count() + of_flight->count() > 0;
    auto got = [&]() -> Result<pb::TenantLimits> {
      if (!given && !defaults) {
        pb::GetTenantLimitsRequest get;
        get.set_name(name);
        return CallMembership<pb::TenantLimits>(context, "TenantService", "GetTenantLimits", get, context.admin_key);
      }
      if (defaults) update.mutable_update_mask()->add_paths("*");
      update.set_request_id(request_id.empty() ? Id::New().ToString() : request_id);
      return CallMembership<pb::TenantLimits>(context, "TenantService", "UpdateTenantLimits", update,
                                              context.admin_key);
    }();
    if (!got.ok()) return Report(context, got.error());
    Print(context, *got, [&] { return Describe(*got); });
  });
}

template <typename Reply, typename Request, typename Row>
void PrintPages(Context& context, const std::string& service, const std::string& method, const std::string& credential,
                const Cells& header, Row row) {
  Request request;
  request.set_page_size(1000);
  std::vector<Cells> rows;
  do {
    auto page = CallMembership<Reply>(context, service, method, request, credential);
    if (!page.ok()) return Report(context, page.error());
    if (context.json) std::printf("%s\n", ToJson(*page).c_str());
    row(*page, rows);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  if (!context.json) PrintTable(header, rows);
}

}  // namespace

void AddTenant(CLI::App& app, Context& context) {
  auto* tenant = app.add_subcommand("tenant", "customer organisations (needs the operator's key)");
  tenant->require_subcommand(1);

  auto* create = tenant->add_subcommand("create", "make a tenant");
  static std::string display_name, request_id;
  create->add_option("--name", display_name, "display name")->required();
  create->add_option("--request-id", request_id, "idempotency key: a retry with the same one makes no second tenant");
  create->callback([&] {
    context.NeedAdminKey();
    pb::CreateTenantRequest request;
    request.mutable_tenant()->set_display_name(display_name);
    request.set_request_id(request_id.empty() ? Id::New().ToString() : request_id);
    auto made = CallMembership<pb::Tenant>(context, "TenantService", "CreateTenant", request, context.admin_key);
    if (!made.ok()) return Report(context, made.error());
    Print(context, *made, [&] { return "Made " + made->name() + " (" + made->display_name() + ")."; });
  });

  auto* list = tenant->add_subcommand("list", "all tenants, oldest first");
  list->callback([&] {
    context.NeedAdminKey();
    PrintPages<pb::ListTenantsResponse, pb::ListTenantsRequest>(
        context, "TenantService", "ListTenants", context.admin_key, {"NAME", "DISPLAY NAME", "CREATED"},
        [](const pb::ListTenantsResponse& page, std::vector<Cells>& rows) {
          for (const auto& t : page.tenants()) rows.push_back({t.name(), t.display_name(), Date(t.create_time())});
        });
  });

  auto* get = tenant->add_subcommand("get", "one tenant");
  static std::string id;
  get->add_option("tenant", id, "id or name")->required();
  get->callback([&] {
    context.NeedAdminKey();
    pb::GetTenantRequest request;
    request.set_name(TenantName(id));
    auto got = CallMembership<pb::Tenant>(context, "TenantService", "GetTenant", request, context.admin_key);
    if (!got.ok()) return Report(context, got.error());
    Print(context, *got, [&] { return got->name() + "  " + got->display_name() + "  " + Date(got->create_time()); });
  });
  AddLimits(*tenant, context);
}

void AddKey(CLI::App& app, Context& context) {
  auto* key = app.add_subcommand("key", "service keys");
  key->require_subcommand(1);

  auto* create =
      key->add_subcommand("create", "make a key: with --tenant as the operator, otherwise for the tenant of --key");
  static std::string tenant, display_name, request_id, name;
  static std::vector<std::string> scopes;
  create->add_option("--tenant", tenant, "id or name of the tenant");
  create->add_option("--name", display_name, "what the key is for")->required();
  create->add_option("--scope", scopes, "scope, e.g. members.read, members.* or *; repeatable")->required();
  create->add_option("--request-id", request_id, "idempotency key");
  create->callback([&] {
    tenant.empty() ? context.NeedKey() : context.NeedAdminKey();
    pb::Key wanted;
    wanted.set_display_name(display_name);
    for (const auto& scope : scopes) wanted.add_scopes(scope);
    auto id = request_id.empty() ? Id::New().ToString() : request_id;
    auto made = [&]() -> Result<pb::Key> {
      if (tenant.empty()) {
        pb::CreateKeyRequest request;
        *request.mutable_key() = wanted;
        request.set_request_id(id);
        return CallMembership<pb::Key>(context, "KeyService", "CreateKey", request, context.key);
      }
      pb::CreateTenantKeyRequest request;
      request.set_parent(TenantName(tenant));
      *request.mutable_key() = wanted;
      request.set_request_id(id);
      return CallMembership<pb::Key>(context, "TenantService", "CreateTenantKey", request, context.admin_key);
    }();
    if (!made.ok()) return Report(context, made.error());
    PrintKey(context, *made);
  });

  auto* list = key->add_subcommand("list", "the keys of the tenant of --key");
  list->callback([&] {
    context.NeedKey();
    PrintPages<pb::ListKeysResponse, pb::ListKeysRequest>(
        context, "KeyService", "ListKeys", context.key, {"NAME", "FOR", "SCOPES", "CREATED", "EXPIRES", "REVOKED"},
        [](const pb::ListKeysResponse& page, std::vector<Cells>& rows) {
          for (const auto& k : page.keys()) {
            rows.push_back({k.name(), k.display_name(), Join(k.scopes()), Date(k.create_time()), Date(k.expire_time()),
                            Date(k.revoke_time())});
          }
        });
  });

  auto* revoke = key->add_subcommand("revoke", "revoke a key of the tenant of --key; effective within 10 seconds");
  revoke->add_option("name", name, "id or name of the key")->required();
  revoke->callback([&] {
    context.NeedKey();
    pb::RevokeKeyRequest request;
    request.set_name(KeyName(name));
    auto revoked = CallMembership<pb::Key>(context, "KeyService", "RevokeKey", request, context.key);
    if (!revoked.ok()) return Report(context, revoked.error());
    Print(context, *revoked, [&] { return "Revoked " + revoked->name() + "."; });
  });
}

}  // namespace lanting::ctl
