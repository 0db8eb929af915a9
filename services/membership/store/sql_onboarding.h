// Statements of onboarding and of accepted house rules. $1 is always the tenant.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

inline constexpr pg::Statement kGetOnboarding{
    "get_onboarding",
    "SELECT o.steps, o.version, o.update_time FROM onboarding o WHERE o.tenant_id = $1::uuid"
    " AND o.community_id = $2::uuid"};
inline constexpr idempotency::Effect kPutOnboarding{
    "put_onboarding",
    "o AS (INSERT INTO onboarding (tenant_id, community_id, steps, version, update_time)"
    "  VALUES ($1::uuid, $2::uuid, $3::bytea, $4::bigint, $5::timestamptz)"
    "  ON CONFLICT (tenant_id, community_id) DO UPDATE SET steps = excluded.steps, version = excluded.version,"
    "    update_time = excluded.update_time)",
    5};

inline constexpr pg::Statement kOnboardingRecord{
    "onboarding_record",
    "SELECT (SELECT min(r.accept_time) FROM rules_acceptance r WHERE r.tenant_id = $1::uuid"
    "          AND r.member_id = $2::uuid) AS rules_accept_time,"
    " (SELECT c.complete_time FROM onboarding_completion c WHERE c.tenant_id = $1::uuid"
    "    AND c.member_id = $2::uuid) AS complete_time"};
inline constexpr pg::Statement kStepsDone{
    "steps_done",
    "SELECT d.step, d.done_time, d.actor FROM onboarding_step_done d WHERE d.tenant_id = $1::uuid"
    " AND d.member_id = $2::uuid"};

// The end of the day $4 after the day of $3, where the clocks show zone $2; in the order of $4.
#define LANTING_DUE(join_time, zone, days)                                                                             \
  "((date_trunc('day', " join_time " AT TIME ZONE " zone ") + make_interval(days => " days " + 1)) AT TIME ZONE " zone \
  ")"
inline constexpr pg::Statement kDueTimes{
    "due_times",
    "SELECT " LANTING_DUE("$3::timestamptz", "$2::text", "d.days")
    " AS due FROM unnest($4::int[]) WITH ORDINALITY AS d (days, n) WHERE $1::uuid IS NOT NULL ORDER BY d.n"};

// Step $4 of member $2 is done ($7: or is open again); $8: and with it the onboarding.
inline constexpr idempotency::Effect kPutStep{
    "put_onboarding_step",
    "m AS (UPDATE member SET version = $9::bigint, update_time = $6::timestamptz"
    "   WHERE tenant_id = $1::uuid AND id = $2::uuid AND $9::bigint IS NOT NULL),"
    " done AS (INSERT INTO onboarding_step_done (tenant_id, member_id, step, community_id, actor, done_time)"
    "   SELECT $1::uuid, $2::uuid, $4::text, $3::uuid, $5::text, $6::timestamptz WHERE NOT $7::boolean),"
    " again AS (DELETE FROM onboarding_step_done WHERE tenant_id = $1::uuid AND member_id = $2::uuid"
    "   AND step = $4::text AND $7::boolean),"
    " complete AS (INSERT INTO onboarding_completion (tenant_id, member_id, community_id, complete_time)"
    "   SELECT $1::uuid, $2::uuid, $3::uuid, $6::timestamptz WHERE $8::boolean)",
    9};

// Member $2 of community $3 accepts version $4; $6: and settled in with it.
inline constexpr idempotency::Effect kAcceptRules{
    "accept_rules",
    "m AS (UPDATE member SET accepted_rules_version = $4::int, version = $7::bigint, update_time = $5::timestamptz"
    "   WHERE tenant_id = $1::uuid AND id = $2::uuid),"
    " accepted AS (INSERT INTO rules_acceptance (tenant_id, community_id, member_id, version, accept_time)"
    "   VALUES ($1::uuid, $3::uuid, $2::uuid, $4::int, $5::timestamptz) ON CONFLICT DO NOTHING),"
    " complete AS (INSERT INTO onboarding_completion (tenant_id, member_id, community_id, complete_time)"
    "   SELECT $1::uuid, $2::uuid, $3::uuid, $5::timestamptz WHERE $6::boolean)",
    7};

// Of the ACTIVE members of community $2 after $3, at most $4 that are looked at, and of those at most $5 with steps
// past their time at $6. Steps: keys $7, days $8, whether accepting the rules does them $9; $10 the zone. A row without
// an id says where the look ended, when there is more behind.
inline constexpr pg::Statement kOverdueOnboardings{
    "overdue_onboardings",
    "WITH w AS MATERIALIZED (SELECT m.id, m.display_name, m.join_time FROM member m"
    "   WHERE m.tenant_id = $1::uuid AND m.community_id = $2::uuid AND m.state = 1"
    "     AND ($3::uuid IS NULL OR m.id > $3::uuid) ORDER BY m.id LIMIT $4::int),"
    " late AS (SELECT w.id, w.display_name, array_agg(s.key ORDER BY s.n) AS steps"
    "   FROM w CROSS JOIN unnest($7::text[], $8::int[], $9::int[]) WITH ORDINALITY AS s (key, days, by_rules, n)"
    "  WHERE " LANTING_DUE("w.join_time", "$10::text", "s.days") " <= $6::timestamptz"
    "    AND NOT EXISTS (SELECT FROM onboarding_step_done d WHERE d.tenant_id = $1::uuid AND d.member_id = w.id"
    "                     AND d.step = s.key AND s.by_rules = 0)"
    "    AND NOT EXISTS (SELECT FROM rules_acceptance r WHERE r.tenant_id = $1::uuid AND r.member_id = w.id"
    "                     AND s.by_rules = 1)"
    "  GROUP BY w.id, w.display_name ORDER BY w.id LIMIT $5::int)"
    " SELECT id, display_name, steps, NULL::uuid AS last FROM late"
    " UNION ALL"
    " SELECT NULL, NULL, NULL, (SELECT id FROM w ORDER BY id DESC LIMIT 1) WHERE (SELECT count(*) FROM w) = $4::int"
    " ORDER BY id NULLS LAST"};

// --- house rules ---

// Versions of community $2 before $3 (null: from the newest), at most $4.
inline constexpr pg::Statement kListHouseRules{
    "list_house_rules",
    "SELECT r.version, r.text, r.create_time FROM house_rules r WHERE r.tenant_id = $1::uuid"
    " AND r.community_id = $2::uuid AND ($3::int IS NULL OR r.version < $3::int) ORDER BY r.version DESC LIMIT "
    "$4::int"};
inline constexpr pg::Statement kListAcceptances{
    "list_acceptances",
    "SELECT r.version, r.accept_time FROM rules_acceptance r WHERE r.tenant_id = $1::uuid AND r.member_id = $2::uuid"
    " AND ($3::int IS NULL OR r.version < $3::int) ORDER BY r.version DESC LIMIT $4::int"};
inline constexpr pg::Statement kRulesInForce{
    "rules_in_force", "SELECT c.house_rules_version FROM community c WHERE c.tenant_id = $1::uuid AND c.id = $2::uuid"};
inline constexpr pg::Statement kCountAcceptances{
    "count_acceptances",
    "SELECT m.accepted_rules_version AS version, count(*) AS members FROM member m WHERE m.tenant_id = $1::uuid"
    " AND m.community_id = $2::uuid AND m.state = 1 GROUP BY m.accepted_rules_version ORDER BY 1 DESC"};

}  // namespace lanting::membership::sql
