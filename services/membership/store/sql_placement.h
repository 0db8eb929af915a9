// Statements of further places, moves, routing rules and splits. $1 is always the tenant; whoever writes holds the lock
// of the community. Members are locked as they are read: a fact about one carries the version after the one read, and
// what is known of a person changes without the community's lock.
#pragma once

#include "membership/store/sql_community.h"
#include "membership/store/sql_member.h"

namespace lanting::membership::sql {

inline constexpr pg::Statement kLockCommunityState{
    "lock_community_state", "SELECT state FROM community WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE"};

// Members $3 of the community $2: whether they can be placed in the group $4, and where they are.
inline constexpr pg::Statement kPlaceCandidates{
    "place_candidates",
    "SELECT m.id, m.state, m.version, m.group_id,"
    "       EXISTS (SELECT FROM group_place p WHERE p.tenant_id = $1 AND p.group_id = $4 AND p.member_id = m.id)"
    "         AS further"
    "  FROM member m WHERE m.tenant_id = $1 AND m.community_id = $2 AND m.id = ANY ($3::uuid[])"
    " ORDER BY m.id FOR NO KEY UPDATE OF m"};

// Members change places: $5.. one array a column. `home` 1: the first group becomes `target` (a further place there is
// given up); 0: a further place in `source`, if any, is exchanged for one in `target`, if any. Counters of groups
// $13..; bump 1: the group has a fact with a version of its own.
inline constexpr pg::Statement kPlace{
    "place",
    "WITH c AS MATERIALIZED (SELECT * FROM unnest($5::uuid[], $6::int[], $7::uuid[], $8::uuid[], $9::text[], "
    "$10::int[],"
    "     $11::uuid[], $12::text[]) AS c (member, home, source, target, tag, kind, line, detail)),"
    " members AS (UPDATE member m SET group_id = CASE WHEN c.home = 1 THEN c.target ELSE m.group_id END,"
    "     version = m.version + 1, update_time = $3::timestamptz"
    "   FROM c WHERE m.tenant_id = $1::uuid AND m.id = c.member),"
    " gone AS (DELETE FROM group_place p USING c WHERE p.tenant_id = $1::uuid AND p.member_id = c.member"
    "   AND p.group_id = CASE WHEN c.home = 1 THEN c.target ELSE c.source END),"
    " came AS (INSERT INTO group_place (tenant_id, community_id, group_id, member_id, join_time)"
    "   SELECT $1::uuid, $2::uuid, c.target, c.member, $3::timestamptz FROM c WHERE c.home = 0"
    "      AND c.target IS NOT NULL),"
    " tagged AS (INSERT INTO member_tag (tenant_id, community_id, tag, member_id, create_time)"
    "   SELECT $1::uuid, $2::uuid, c.tag, c.member, $3::timestamptz FROM c WHERE c.tag <> '' ON CONFLICT DO NOTHING),"
    " lines AS (INSERT INTO member_history (tenant_id, member_id, id, community_id, kind, detail, actor, at)"
    "   SELECT $1::uuid, c.member, c.line, $2::uuid, c.kind, c.detail::jsonb, $4::text, $3::timestamptz FROM c)"
    " UPDATE chat_group g SET member_count = g.member_count + n.delta, version = g.version + n.bump,"
    "     update_time = CASE WHEN n.bump = 1 THEN $3::timestamptz ELSE g.update_time END"
    "   FROM unnest($13::uuid[], $14::int[], $15::int[]) AS n (id, delta, bump)"
    "  WHERE g.tenant_id = $1::uuid AND g.id = n.id"};

// Everybody with a place in the group $2; the page is appended (platform/resource/page.h). Both halves are read in the
// order of their index.
inline constexpr const char* kListGroupMembers =
    "SELECT " LANTING_MEMBER_COLUMNS
    " FROM (SELECT h.id FROM member h WHERE h.tenant_id = $1::uuid AND h.group_id = $2::uuid AND h.state IN (1, 4)"
    "          AND h.community_id = (SELECT g.community_id FROM chat_group g WHERE g.tenant_id = $1::uuid"
    "                                   AND g.id = $2::uuid)"
    "        UNION ALL"
    "        SELECT p.member_id FROM group_place p WHERE p.tenant_id = $1::uuid AND p.group_id = $2::uuid) AS x (id)"
    " JOIN member m ON m.tenant_id = $1::uuid AND m.id = x.id WHERE true";

// --- routing ---

inline constexpr idempotency::Effect kCreateRoutingRule{
    "create_routing_rule",
    "r AS (INSERT INTO routing_rule (tenant_id, id, community_id, tag, group_id, priority, create_time)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7))",
    7};
inline constexpr pg::Statement kCountRoutingRules{
    "count_routing_rules", "SELECT count(*) AS n FROM routing_rule WHERE tenant_id = $1 AND community_id = $2"};
inline constexpr pg::Statement kGetRoutingRule{
    "get_routing_rule", "SELECT 1 FROM routing_rule WHERE tenant_id = $1 AND community_id = $2 AND id = $3"};
inline constexpr idempotency::Effect kDeleteRoutingRule{
    "delete_routing_rule", "r AS (DELETE FROM routing_rule WHERE tenant_id = $1 AND id = $2)", 2};
inline constexpr const char* kListRoutingRules =
    "SELECT r.id, r.community_id, r.tag, r.group_id, r.priority, r.create_time FROM routing_rule r"
    " WHERE r.tenant_id = $1 AND r.community_id = $2";

// Where the members of each tag go, in order: the groups of the rules (only of the rule $3, if there is one), then the
// other groups that give the tag, in the order of their creation. Open ones only, at most 100 a tag.
inline constexpr pg::Statement kRoutes{
    "routes",
    "WITH r AS (SELECT r.tag, r.group_id, r.priority, r.id FROM routing_rule r"
    "            WHERE r.tenant_id = $1 AND r.community_id = $2 AND ($3::uuid IS NULL OR r.id = $3::uuid)),"
    " t AS (SELECT r.tag, r.group_id, 0 AS later, r.priority, r.id FROM r"
    "       UNION ALL"
    "       SELECT d.tag, g.id, 1, 0, g.id FROM (SELECT DISTINCT tag FROM r) d"
    "        CROSS JOIN LATERAL (SELECT g.id FROM chat_group g WHERE g.tenant_id = $1 AND g.community_id = $2"
    "                              AND g.tag = d.tag AND g.tag <> '' ORDER BY g.id LIMIT 100) g"
    "        WHERE NOT EXISTS (SELECT FROM r WHERE r.tag = d.tag AND r.group_id = g.id))"
    " SELECT t.tag AS route, " LANTING_GROUP_COLUMNS
    "   FROM t JOIN chat_group g ON g.tenant_id = $1 AND g.id = t.group_id"
    "  WHERE g.kind <> 1 ORDER BY t.tag, t.later, t.priority, t.id"};

// ACTIVE members with the tag $3 who have no place in any of the groups $4, in the order of their creation.
inline constexpr pg::Statement kRouteCandidates{
    "route_candidates",
    "SELECT m.id, m.version FROM member_tag t JOIN member m ON m.tenant_id = $1 AND m.id = t.member_id"
    " WHERE t.tenant_id = $1 AND t.community_id = $2 AND t.tag = $3 AND m.state = 1"
    "   AND NOT (m.group_id = ANY ($4::uuid[]))"
    "   AND NOT EXISTS (SELECT FROM group_place p WHERE p.tenant_id = $1 AND p.member_id = m.id"
    "                      AND p.group_id = ANY ($4::uuid[]))"
    " ORDER BY t.member_id LIMIT $5::int FOR NO KEY UPDATE OF m"};
// How many ACTIVE members carry the tag $3, and how many of them have a place in one of the groups $4.
inline constexpr pg::Statement kCountRouted{
    "count_routed",
    "WITH there AS MATERIALIZED (SELECT h.id FROM member h WHERE h.tenant_id = $1 AND h.community_id = $2"
    "     AND h.group_id = ANY ($4::uuid[]) AND h.state = 1"
    "   UNION SELECT p.member_id FROM group_place p WHERE p.tenant_id = $1 AND p.group_id = ANY ($4::uuid[]))"
    " SELECT count(*) AS carriers, count(there.id) AS already_in"
    "   FROM member_tag t JOIN member m ON m.tenant_id = $1 AND m.id = t.member_id LEFT JOIN there ON there.id = m.id"
    "  WHERE t.tenant_id = $1 AND t.community_id = $2 AND t.tag = $3 AND m.state = 1"};

// --- splits ---

// ACTIVE members of the group $3 in the order in which they came, with those of their tags that are among $4.
inline constexpr pg::Statement kSplitMembers{
    "split_members",
    "SELECT m.id, m.version, x.home,"
    "       ARRAY(SELECT t.tag FROM member_tag t WHERE t.tenant_id = $1 AND t.member_id = m.id"
    "                AND t.tag = ANY ($4::text[])) AS tags"
    "  FROM (SELECT h.id, h.join_time, true AS home FROM member h"
    "         WHERE h.tenant_id = $1 AND h.community_id = $2 AND h.group_id = $3 AND h.state = 1"
    "        UNION ALL"
    "        SELECT p.member_id, p.join_time, false FROM group_place p WHERE p.tenant_id = $1 AND p.group_id = $3)"
    "       AS x (id, join_time, home)"
    "  JOIN member m ON m.tenant_id = $1 AND m.id = x.id"
    " WHERE m.state = 1 ORDER BY x.join_time, m.id LIMIT $5::int FOR NO KEY UPDATE OF m"};

inline constexpr pg::Statement kInsertSplit{
    "insert_split",
    "WITH founders AS (INSERT INTO group_founder (tenant_id, group_id, member_id)"
    "   SELECT $1, f.grp, f.member FROM unnest($9::uuid[], $10::uuid[]) AS f (grp, member))"
    " INSERT INTO group_split (tenant_id, id, community_id, parent_group_id, reason, move, parent_member_count,"
    "   create_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};

inline constexpr pg::Statement kGetSplit{
    "get_split",
    "SELECT id, community_id, parent_group_id, reason, move, parent_member_count, create_time FROM group_split"
    " WHERE tenant_id = $1 AND community_id = $2 AND id = $3"};

inline constexpr pg::Statement kCompetitors{
    "competitors",
    "SELECT " LANTING_GROUP_COLUMNS
    ", f.founders, f.stayed FROM chat_group g CROSS JOIN LATERAL (SELECT count(*) AS founders,"
    "     count(*) FILTER (WHERE m.state IN (1, 4) AND (m.group_id = g.id OR EXISTS (SELECT FROM group_place p"
    "        WHERE p.tenant_id = $1 AND p.group_id = g.id AND p.member_id = m.id))) AS stayed"
    "   FROM group_founder o JOIN member m ON m.tenant_id = $1 AND m.id = o.member_id"
    "  WHERE o.tenant_id = $1 AND o.group_id = g.id) f"
    " WHERE g.tenant_id = $1 AND g.split_id = $2 ORDER BY g.member_count - f.founders DESC, f.founders - f.stayed, "
    "g.id"};

inline constexpr pg::Statement kAncestors{
    "ancestors",
    "WITH RECURSIVE a (id, depth) AS (SELECT parent_group_id, 1 FROM chat_group WHERE tenant_id = $1 AND id = $2"
    "   UNION ALL SELECT p.parent_group_id, a.depth + 1 FROM a JOIN chat_group p ON p.tenant_id = $1 AND p.id = a.id"
    "      WHERE a.depth < 20)"
    " SELECT " LANTING_GROUP_COLUMNS " FROM a JOIN chat_group g ON g.tenant_id = $1 AND g.id = a.id ORDER BY a.depth"};

inline constexpr pg::Statement kSiblings{
    "siblings",
    LANTING_GROUP_SELECT "WHERE g.tenant_id = $1 AND g.split_id = $2 AND g.id <> $3 ORDER BY g.id LIMIT 10"};

inline constexpr pg::Statement kDescendants{
    "descendants",
    "WITH RECURSIVE d (id, depth) AS (SELECT id, 1 FROM chat_group WHERE tenant_id = $1 AND parent_group_id = $2"
    "   UNION ALL SELECT k.id, d.depth + 1 FROM d JOIN chat_group k ON k.tenant_id = $1 AND k.parent_group_id = d.id"
    "      WHERE d.depth < 20)"
    " SELECT " LANTING_GROUP_COLUMNS
    " FROM d JOIN chat_group g ON g.tenant_id = $1 AND g.id = d.id ORDER BY d.depth, g.id LIMIT $3::int"};

}  // namespace lanting::membership::sql
