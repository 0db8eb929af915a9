// Migrations: SQL files embedded in the binary (cmake/Migrations.cmake), applied in order, forward only. Versions 1..99
// are the platform's and are applied in every service's schema; a service's NNNN_words.sql is version 100 + NNNN.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "platform/base/result.h"

namespace lanting::pg {

struct Migration {
  int version;
  std::string_view name;
  std::string_view sql;
};

struct MigrateOptions {
  std::chrono::milliseconds wait_for_other{60'000};  // for another migrator, which holds an advisory lock
  std::chrono::milliseconds lock_timeout{10'000};    // for a table that is in use: queries queue behind the waiter
};

// Brings `schema` (made by infra/postgres/bootstrap.sql) to the last of `migrations` as its owner. Each migration is
// one transaction with search_path = schema and is noted in <schema>.schema_migrations with its SHA-256. Returns how
// many were applied now; 0 means it was up to date. Refuses (FAILED_PRECONDITION, reason MIGRATION_CHANGED) when an
// applied migration's text differs; versions in the database that this binary does not know are left alone, so an old
// binary runs against a newer schema. Any number of migrators may run at once.
Result<int> Migrate(const std::string& owner_url, const std::string& schema, std::span<const Migration> migrations,
                    const MigrateOptions& options = {});

// The highest applied version; 0 if nothing was ever applied. Any role of the service may ask.
Result<int> SchemaVersion(const std::string& url, const std::string& schema);

}  // namespace lanting::pg
