// Statements of gates and invite links. $1 is always the tenant.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

inline constexpr idempotency::Effect kCreateGate{
    "create_gate",
    "g AS (INSERT INTO gate (tenant_id, id, community_id, display_name, kind, questions, create_time, update_time, "
    "group_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8))",
    8};

inline constexpr idempotency::Effect kUpdateGate{"update_gate",
                                                 "g AS (UPDATE gate SET display_name = $3, questions = $4, group_id = "
                                                 "$5, state = $6, update_time = $7, version = $8 "
                                                 "WHERE tenant_id = $1 AND id = $2)",
                                                 8};

#define LANTING_GATE_COLUMNS                                                                                      \
  "g.id, g.community_id, g.display_name, g.kind, g.questions, g.create_time, g.group_id, g.state AS gate_state, " \
  "g.version AS gate_version, coalesce(g.update_time, g.create_time) AS gate_update_time"
#define LANTING_GATE_SELECT "SELECT " LANTING_GATE_COLUMNS " FROM gate g "
inline constexpr pg::Statement kGetGate{
    "get_gate", LANTING_GATE_SELECT "WHERE g.tenant_id = $1 AND g.community_id = $2 AND g.id = $3"};
inline constexpr pg::Statement kLockGate{
    "lock_gate", LANTING_GATE_SELECT "WHERE g.tenant_id = $1 AND g.community_id = $2 AND g.id = $3 FOR NO KEY UPDATE"};
inline constexpr const char* kListGates = LANTING_GATE_SELECT "WHERE g.tenant_id = $1 AND g.community_id = $2";
inline constexpr pg::Statement kOpenGates{
    "open_gates", "SELECT count(*) AS gates FROM gate WHERE tenant_id = $1 AND community_id = $2 AND state = 1"};

// What a gate names: its group ($3) in its community ($2), and of a prerequisite the community ($4) and its group ($5).
inline constexpr pg::Statement kGateTargets{
    "gate_targets",
    "SELECT EXISTS (SELECT FROM community WHERE tenant_id = $1 AND id = $2) AS community, "
    "EXISTS (SELECT FROM chat_group WHERE tenant_id = $1 AND community_id = $2 AND id = $3) AS own_group, "
    "EXISTS (SELECT FROM community WHERE tenant_id = $1 AND id = $4) AS other_community, "
    "EXISTS (SELECT FROM chat_group WHERE tenant_id = $1 AND community_id = $4 AND id = $5) AS other_group"};

// The community ($2), its gate ($3), group ($4) and member ($5) that a link is to be made for; null where there is
// none.
inline constexpr pg::Statement kLinkTargets{
    "link_targets",
    "SELECT g.kind, g.state, t.id AS group_id, m.state AS referrer_state FROM community c "
    "LEFT JOIN member m ON m.tenant_id = c.tenant_id AND m.community_id = c.id AND m.id = $5 "
    "LEFT JOIN gate g ON g.tenant_id = c.tenant_id AND g.community_id = c.id AND g.id = $3 "
    "LEFT JOIN chat_group t ON t.tenant_id = c.tenant_id AND t.community_id = c.id AND t.id = $4 "
    "WHERE c.tenant_id = $1 AND c.id = $2"};

inline constexpr idempotency::Effect kCreateInviteLink{
    "create_invite_link",
    "l AS (INSERT INTO invite_link (tenant_id, id, community_id, gate_id, group_id, code, max_uses, expire_time, "
    "create_time, referrer_id, roll_tag) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))",
    11};

#define LANTING_LINK_SELECT                                                                                        \
  "SELECT l.id, l.community_id, l.gate_id, l.group_id, l.code, l.max_uses, l.uses, l.expire_time, l.create_time, " \
  "l.referrer_id, l.roll_tag, l.revoke_time "                                                                      \
  "FROM invite_link l "
inline constexpr pg::Statement kGetInviteLink{
    "get_invite_link", LANTING_LINK_SELECT "WHERE l.tenant_id = $1 AND l.community_id = $2 AND l.id = $3"};
inline constexpr pg::Statement kLockInviteLink{
    "lock_invite_link",
    LANTING_LINK_SELECT "WHERE l.tenant_id = $1 AND l.community_id = $2 AND l.id = $3 FOR NO KEY UPDATE"};
inline constexpr idempotency::Effect kRevokeInviteLink{
    "revoke_invite_link", "l AS (UPDATE invite_link SET revoke_time = $3 WHERE tenant_id = $1 AND id = $2)", 3};
inline constexpr const char* kListInviteLinks = LANTING_LINK_SELECT "WHERE l.tenant_id = $1 AND l.community_id = $2";

}  // namespace lanting::membership::sql
