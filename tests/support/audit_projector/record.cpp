#include "support/audit_projector/record.h"

namespace lanting::audit {

constexpr pg::Statement kInsert{
    "audit_insert",
    "INSERT INTO audit_entry (tenant_id, event_id, type, subject, aggregate_version, occurred_at) "
    "VALUES ($1::uuid, $2::uuid, $3, $4, $5::bigint, $6::timestamptz)"};

Result<void> Record(pg::Tx& tx, const inbox::EventEnvelope& event) {
  const auto& at = event.occurred_time();
  tx.Run(kInsert, tx.tenant(), Id::Parse(event.event_id()), event.type(), event.subject(),
         static_cast<std::int64_t>(event.aggregate_version()),
         Time(std::chrono::seconds(at.seconds()) + std::chrono::microseconds(at.nanos() / 1000)));
  return {};
}

}  // namespace lanting::audit
