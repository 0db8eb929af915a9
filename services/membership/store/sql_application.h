// Statements of applications, and of what gates test. $1 is always the tenant.
#pragma once

#include "membership/store/sql_gate.h"
#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

// What a submission is decided on: rules in force, language, gate ($3), and one identity of $4/$5 that is not free.
inline constexpr pg::Statement kSubmissionView{
    "submission_view",
    "SELECT c.house_rules_version, c.locale, c.state AS community_state, " LANTING_GATE_COLUMNS
    ", t.channel, t.user_id, t.application_id FROM community c "
    "LEFT JOIN gate g ON g.tenant_id = c.tenant_id AND g.community_id = c.id AND g.id = $3 "
    "LEFT JOIN LATERAL (SELECT p.channel, p.user_id, CASE WHEN m.user_id IS NULL THEN a.application_id END AS "
    "application_id "
    "FROM unnest($4::int[], $5::text[]) AS p (channel, user_id) "
    "LEFT JOIN member_identity m ON m.tenant_id = $1 AND m.community_id = $2 AND m.channel = p.channel "
    "AND m.user_id = p.user_id "
    "LEFT JOIN application_identity a ON a.tenant_id = $1 AND a.community_id = $2 AND a.channel = p.channel "
    "AND a.user_id = p.user_id "
    "WHERE m.user_id IS NOT NULL OR a.user_id IS NOT NULL ORDER BY m.user_id IS NULL LIMIT 1) t ON true "
    "WHERE c.tenant_id = $1 AND c.id = $2"};

#define LANTING_APPLICATION_INSERT                                                                                    \
  "INSERT INTO application (tenant_id, id, community_id, gate_id, display_name, external_id, form, "                  \
  "accepted_rules_version, state, version, create_time, payment_reference, decision_reason, member_id, decide_time) " \
  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
inline constexpr idempotency::Effect kSubmitApplication{
    "submit_application",
    "a AS (" LANTING_APPLICATION_INSERT
    "), i AS (INSERT INTO application_identity (tenant_id, community_id, channel, user_id, application_id) "
    "SELECT $1::uuid, $3::uuid, p.channel, p.user_id, $2::uuid "
    "FROM unnest($16::int[], $17::text[]) AS p (channel, user_id))",
    17};
// An application that was decided at once holds no identities.
inline constexpr pg::Statement kInsertDecided{"insert_decided_application", LANTING_APPLICATION_INSERT};

#define LANTING_APPLICATION_SELECT                                                                            \
  "SELECT a.id, a.community_id, a.gate_id, a.display_name, a.external_id, a.form, a.accepted_rules_version, " \
  "a.state, a.decision_reason, a.member_id, a.version, a.create_time, a.decide_time, a.payment_reference, "   \
  "a.contact_time, a.values_fit"
inline constexpr pg::Statement kGetApplication{
    "get_application",
    LANTING_APPLICATION_SELECT " FROM application a WHERE a.tenant_id = $1 AND a.community_id = $2 AND a.id = $3"};
// Those of $3, in the order of their ids; with their gate.
inline constexpr pg::Statement kLockApplications{
    "lock_applications", LANTING_APPLICATION_SELECT
    ", g.kind, g.group_id FROM application a JOIN gate g ON g.tenant_id = a.tenant_id AND g.id = a.gate_id "
    "WHERE a.tenant_id = $1 AND a.community_id = $2 AND a.id = ANY ($3::uuid[]) ORDER BY a.id FOR UPDATE OF a"};
inline constexpr const char* kListApplications =
    LANTING_APPLICATION_SELECT " FROM application a WHERE a.tenant_id = $1 AND a.community_id = $2";

#define LANTING_APPLICATION_DECIDE                                                                            \
  "UPDATE application SET state = $3, decision_reason = $4, member_id = $5, decide_time = $6, version = $7, " \
  "values_fit = $8 WHERE tenant_id = $1 AND id = $2"
// A decided application holds its identities no longer.
#define LANTING_APPLICATION_RELEASE "DELETE FROM application_identity WHERE tenant_id = $1 AND application_id = $2"
inline constexpr idempotency::Effect kDecideApplication{
    "decide_application", "i AS (" LANTING_APPLICATION_RELEASE "), a AS (" LANTING_APPLICATION_DECIDE ")", 8};
// For a body whose effect is the join of the applicant.
inline constexpr pg::Statement kDecideApplicationNow{
    "decide_application_now", "WITH i AS (" LANTING_APPLICATION_RELEASE ") " LANTING_APPLICATION_DECIDE};

inline constexpr idempotency::Effect kConfirmContact{
    "confirm_contact",
    "a AS (UPDATE application SET state = $3, contact_time = $4, version = $5 WHERE tenant_id = $1 AND id = $2)", 5};

// --- attempts at a gate ($3) by identities $4/$5; whoever asks holds the lock of the community ($2) ---

inline constexpr pg::Statement kAttempts{
    "gate_attempts",
    "SELECT a.attempts, a.last_time FROM unnest($4::int[], $5::text[]) AS p (channel, user_id) "
    "JOIN gate_attempt a ON a.tenant_id = $1 AND a.community_id = $2 AND a.gate_id = $3 AND a.channel = p.channel "
    "AND a.user_id = p.user_id"};
inline constexpr pg::Statement kCountAttempt{
    "count_gate_attempt",
    "INSERT INTO gate_attempt (tenant_id, community_id, gate_id, channel, user_id, attempts, last_time, "
    "expire_time) "
    "SELECT $1::uuid, $2::uuid, $3::uuid, p.channel, p.user_id, $6::int, $7::timestamptz, $8::timestamptz FROM "
    "unnest($4::int[], "
    "$5::text[]) AS p (channel, user_id) "
    "ON CONFLICT (tenant_id, community_id, channel, user_id, gate_id) "
    "DO UPDATE SET attempts = excluded.attempts, last_time = excluded.last_time, expire_time = excluded.expire_time"};
// Of all tenants, at most $1 of those that came back.
inline constexpr pg::Statement kForgetOldAttempts{"forget_old_attempts", "SELECT forget_attempts($1) AS forgotten"};
inline constexpr pg::Statement kForgetAttempts{
    "forget_gate_attempts",
    "DELETE FROM gate_attempt a USING unnest($4::int[], $5::text[]) AS p (channel, user_id) "
    "WHERE a.tenant_id = $1 AND a.community_id = $2 AND a.gate_id = $3 AND a.channel = p.channel "
    "AND a.user_id = p.user_id"};

// Active members of community $2 who are the person of external id $3 or identities $4/$5; whether they are in group $6
// and have tag $7.
inline constexpr pg::Statement kStandings{
    "prerequisite_standings",
    "WITH who AS (SELECT e.id FROM member e WHERE e.tenant_id = $1 AND e.community_id = $2 AND e.external_id = $3 "
    "AND e.state <> 3 UNION SELECT i.member_id FROM unnest($4::int[], $5::text[]) AS p (channel, user_id) "
    "JOIN member_identity i ON i.tenant_id = $1 AND i.community_id = $2 AND i.channel = p.channel "
    "AND i.user_id = p.user_id) "
    "SELECT m.join_time, m.group_id IS NOT DISTINCT FROM $6::uuid OR EXISTS (SELECT FROM group_place p "
    "WHERE p.tenant_id = $1 AND p.group_id = $6::uuid AND p.member_id = m.id) AS in_group, "
    "EXISTS (SELECT FROM member_tag t WHERE t.tenant_id = $1 AND t.community_id = $2 AND t.tag = $7 "
    "AND t.member_id = m.id) AS tagged "
    "FROM who JOIN member m ON m.tenant_id = $1 AND m.id = who.id WHERE m.community_id = $2 AND m.state = 1"};

}  // namespace lanting::membership::sql
