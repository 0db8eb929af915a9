// The statement of a member's timeline. $1 is the tenant, $2 the community, $3 the member.
#pragma once

#include "platform/pg/tx.h"

namespace lanting::membership::sql {

// $4: with what is for staff only. After the entry of time $5 and key $6 (null: from the newest), at most $7. An
// entry's key begins with its kind in two digits, so that of one moment the later step comes first. What is read from
// where it is kept is left out where the history has a line of its own: a leave, and tags that came at the time of a
// line.
inline constexpr pg::Statement kTimeline{
    "timeline",
    "SELECT e.at, e.key, e.kind, e.detail, e.actor FROM ("
    " SELECT a.create_time AS at, '01' || a.id AS key, 1 AS kind,"
    "        jsonb_build_object('application', a.id::text) AS detail, '' AS actor"
    "   FROM application a WHERE a.tenant_id = $1::uuid AND a.member_id = $3::uuid AND a.community_id = $2::uuid"
    " UNION ALL"
    " SELECT a.decide_time, '02' || a.id, 2, jsonb_build_object('application', a.id::text), ''"
    "   FROM application a WHERE a.tenant_id = $1::uuid AND a.member_id = $3::uuid AND a.community_id = $2::uuid"
    "    AND a.decide_time IS NOT NULL"
    " UNION ALL"
    // Who waited was put on the list when the row was made.
    " SELECT m.create_time, '03', 3, jsonb_build_object('source', m.source::text), ''"
    "   FROM member m WHERE m.tenant_id = $1::uuid AND m.id = $3::uuid AND m.community_id = $2::uuid"
    "    AND (m.state IN (2, 4) OR m.group_id IS NULL OR m.join_time > m.create_time)"
    " UNION ALL"
    " SELECT m.join_time, '04', 4, jsonb_build_object('source', m.source::text, 'group', m.group_id::text), ''"
    "   FROM member m WHERE m.tenant_id = $1::uuid AND m.id = $3::uuid AND m.community_id = $2::uuid"
    "    AND m.state NOT IN (2, 4) AND m.group_id IS NOT NULL"
    " UNION ALL"
    " SELECT r.accept_time, '05' || lpad(r.version::text, 10, '0'), 5, jsonb_build_object('version', r.version::text),"
    "        ''"
    "   FROM rules_acceptance r WHERE r.tenant_id = $1::uuid AND r.member_id = $3::uuid AND r.community_id = $2::uuid"
    " UNION ALL"
    " SELECT n.create_time, '06' || n.id, 6,"
    "        jsonb_build_object('note', n.id::text, 'author_name', n.author_name, 'text', n.text), n.author"
    "   FROM member_note n WHERE n.tenant_id = $1::uuid AND n.member_id = $3::uuid AND n.community_id = $2::uuid"
    "    AND $4::boolean"
    " UNION ALL"
    " SELECT t.create_time, '15', 15, jsonb_build_object('added', string_agg(t.tag, ', ' ORDER BY t.tag)), ''"
    "   FROM member_tag t WHERE t.tenant_id = $1::uuid AND t.member_id = $3::uuid AND t.community_id = $2::uuid"
    "    AND NOT EXISTS (SELECT FROM member_history h WHERE h.tenant_id = $1::uuid AND h.member_id = $3::uuid"
    "                     AND h.kind = 15 AND h.at = t.create_time)"
    "  GROUP BY t.create_time"
    " UNION ALL"
    " SELECT m.leave_time, '19', 19,"
    "        CASE WHEN $4::boolean THEN jsonb_build_object('text', m.leave_reason) ELSE '{}' END, ''"
    "   FROM member m WHERE m.tenant_id = $1::uuid AND m.id = $3::uuid AND m.community_id = $2::uuid"
    "    AND m.state = 3 AND m.leave_time IS NOT NULL"
    "    AND NOT EXISTS (SELECT FROM member_history h WHERE h.tenant_id = $1::uuid AND h.member_id = $3::uuid"
    "                     AND h.kind = 19 AND h.at = m.leave_time)"
    " UNION ALL"
    " SELECT h.at, lpad(h.kind::text, 2, '0') || h.id, h.kind,"
    "        CASE WHEN $4::boolean THEN h.detail ELSE h.detail - 'text' END, h.actor"
    "   FROM member_history h WHERE h.tenant_id = $1::uuid AND h.member_id = $3::uuid AND h.community_id = $2::uuid"
    ") e"
    " WHERE $5::timestamptz IS NULL OR e.at < $5::timestamptz OR (e.at = $5::timestamptz AND e.key < $6::text COLLATE "
    "\"C\")"
    " ORDER BY e.at DESC, e.key COLLATE \"C\" DESC LIMIT $7::int"};

}  // namespace lanting::membership::sql
