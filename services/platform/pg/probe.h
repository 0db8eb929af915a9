// The service of the platform's own tests: schema "probe".
#pragma once

#include <string>

#include "platform/pg/pool.h"
#include "platform/testing/pg_fixture.h"
#include "probe/migrations.gen.h"

namespace lanting::probe {

struct Probe {
  testing::PgDatabase db{{{"probe", kMigrations}}};
  std::string Url(testing::PgRole role = testing::PgRole::kApp) const { return db.Url("probe", role); }
  pg::PoolOptions Options() const { return {.url = Url(), .application_name = "probe"}; }
};

inline Deadline Soon() { return DeadlineIn(std::chrono::seconds(20)); }

}  // namespace lanting::probe
