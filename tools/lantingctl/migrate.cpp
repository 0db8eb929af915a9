// lantingctl migrate: brings the schemas of the services to the version of this binary.
#include "platform/pg/migrate.h"
#include "context.h"
#include "membership/migrations.gen.h"
#include "webhooks/migrations.gen.h"

namespace lanting::ctl {
namespace {

struct ServiceSchema {
  std::string_view name;
  std::span<const pg::Migration> migrations;
};

const std::vector<ServiceSchema>& Services() {
  static const std::vector<ServiceSchema> services = {{"membership", membership::kMigrations},
                                                      {"webhooks", webhooks::kMigrations}};
  return services;
}

const ServiceSchema* FindService(const std::string& name) {
  for (const auto& service : Services()) {
    if (service.name == name) return &service;
  }
  return nullptr;
}

}  // namespace

void AddMigrate(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("migrate", "bring a service's schema up to date; safe to run twice and at once");
  static std::string service, url;
  static bool check = false;
  command->add_option("--service", service, "the service")->required()->check([](const std::string& name) {
    return FindService(name) ? "" : "there is no service " + name;
  });
  command->add_option("--url", url, "libpq URL of the service's owner role")
      ->required()
      ->envname("LANTING_MIGRATE_URL");
  command->add_flag("--check", check, "only say whether the schema is up to date (exit 1 if not)");
  command->callback([&] {
    const auto& found = *FindService(service);
    auto before = pg::SchemaVersion(url, service);
    if (!before.ok()) return Report(context, before.error());
    int applied = 0;
    if (!check) {
      auto migrated = pg::Migrate(url, service, found.migrations);
      if (!migrated.ok()) return Report(context, migrated.error());
      applied = *migrated;
    }
    auto now = pg::SchemaVersion(url, service);
    if (!now.ok()) return Report(context, now.error());
    const int newest = found.migrations.back().version;
    if (*now < newest) context.exit_code = kFailed;
    if (context.json) {
      std::printf("{\"service\":\"%s\",\"applied\":%d,\"version\":%d,\"newest\":%d}\n", service.c_str(), applied, *now,
                  newest);
    } else {
      std::printf("%s: %d applied, version %d of %d\n", service.c_str(), applied, *now, newest);
    }
  });
}

}  // namespace lanting::ctl
