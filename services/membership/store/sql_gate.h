// Statements of gates, invite links and applications. $1 is always the tenant.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

inline constexpr idempotency::Effect kCreateGate{
    "create_gate",
    "g AS (INSERT INTO gate (tenant_id, id, community_id, display_name, kind, questions, create_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7))",
    7};

#define LANTING_GATE_SELECT \
  "SELECT g.id, g.community_id, g.display_name, g.kind, g.questions, g.create_time FROM gate g "
inline constexpr pg::Statement kGetGate{
    "get_gate", LANTING_GATE_SELECT "WHERE g.tenant_id = $1 AND g.community_id = $2 AND g.id = $3"};
inline constexpr const char* kListGates = LANTING_GATE_SELECT "WHERE g.tenant_id = $1 AND g.community_id = $2";

// The community ($2), its gate ($3) and its group ($4) that a link is to be made for; null where there is none.
inline constexpr pg::Statement kLinkTargets{
    "link_targets",
    "SELECT g.kind, t.id AS group_id FROM community c "
    "LEFT JOIN gate g ON g.tenant_id = c.tenant_id AND g.community_id = c.id AND g.id = $3 "
    "LEFT JOIN chat_group t ON t.tenant_id = c.tenant_id AND t.community_id = c.id AND t.id = $4 "
    "WHERE c.tenant_id = $1 AND c.id = $2"};

inline constexpr idempotency::Effect kCreateInviteLink{
    "create_invite_link",
    "l AS (INSERT INTO invite_link (tenant_id, id, community_id, gate_id, group_id, code, max_uses, expire_time, "
    "create_time, referrer_id, roll_tag) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))",
    11};

#define LANTING_LINK_SELECT                                                                                       \
  "SELECT l.id, l.community_id, l.gate_id, l.group_id, l.code, l.max_uses, l.uses, l.expire_time, l.create_time, " \
  "l.referrer_id, l.roll_tag, l.revoke_time "                                                                     \
  "FROM invite_link l "
inline constexpr pg::Statement kGetInviteLink{
    "get_invite_link", LANTING_LINK_SELECT "WHERE l.tenant_id = $1 AND l.community_id = $2 AND l.id = $3"};
inline constexpr const char* kListInviteLinks = LANTING_LINK_SELECT "WHERE l.tenant_id = $1 AND l.community_id = $2";

// What a submission is decided on: rules in force, gate ($3), and one identity of $4/$5 that is not free.
inline constexpr pg::Statement kSubmissionView{
    "submission_view",
    "SELECT c.house_rules_version, g.id, g.community_id, g.display_name, g.kind, g.questions, g.create_time, "
    "t.channel, t.user_id, t.application_id FROM community c "
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

inline constexpr idempotency::Effect kSubmitApplication{
    "submit_application",
    "a AS (INSERT INTO application (tenant_id, id, community_id, gate_id, display_name, external_id, form, "
    "accepted_rules_version, state, version, create_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)), "
    "i AS (INSERT INTO application_identity (tenant_id, community_id, channel, user_id, application_id) "
    "SELECT $1::uuid, $3::uuid, p.channel, p.user_id, $2::uuid "
    "FROM unnest($12::int[], $13::text[]) AS p (channel, user_id))",
    13};

#define LANTING_APPLICATION_SELECT                                                                            \
  "SELECT a.id, a.community_id, a.gate_id, a.display_name, a.external_id, a.form, a.accepted_rules_version, " \
  "a.state, a.decision_reason, a.member_id, a.version, a.create_time, a.decide_time FROM application a "
inline constexpr pg::Statement kGetApplication{
    "get_application", LANTING_APPLICATION_SELECT "WHERE a.tenant_id = $1 AND a.community_id = $2 AND a.id = $3"};
inline constexpr pg::Statement kLockApplication{
    "lock_application",
    LANTING_APPLICATION_SELECT "WHERE a.tenant_id = $1 AND a.community_id = $2 AND a.id = $3 FOR UPDATE"};
inline constexpr const char* kListApplications =
    LANTING_APPLICATION_SELECT "WHERE a.tenant_id = $1 AND a.community_id = $2";

#define LANTING_APPLICATION_DECIDE                                                                           \
  "UPDATE application SET state = $3, decision_reason = $4, member_id = $5, decide_time = $6, version = $7 " \
  "WHERE tenant_id = $1 AND id = $2"
// A decided application holds its identities no longer.
#define LANTING_APPLICATION_RELEASE "DELETE FROM application_identity WHERE tenant_id = $1 AND application_id = $2"
inline constexpr idempotency::Effect kDecideApplication{
    "decide_application", "i AS (" LANTING_APPLICATION_RELEASE "), a AS (" LANTING_APPLICATION_DECIDE ")", 7};
// For a body whose effect is the join of the applicant.
inline constexpr pg::Statement kDecideApplicationNow{
    "decide_application_now", "WITH i AS (" LANTING_APPLICATION_RELEASE ") " LANTING_APPLICATION_DECIDE};

}  // namespace lanting::membership::sql
