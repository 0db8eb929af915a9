// Every statement about members. The tenant is always $1; row-level security stands behind it.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

inline constexpr pg::Statement kJoinView{
    "join_view",
    "SELECT * FROM join_view($1::uuid, $2::uuid[], $3::boolean, $4::int, $5::text[], $6::uuid[], $7::text[], "
    "$8::uuid[], $9::int[], $10::text[])"};

inline constexpr pg::Statement kLockCommunity{
    "lock_community", "SELECT 1 FROM community WHERE tenant_id = $1::uuid AND id = $2::uuid FOR NO KEY UPDATE"};

// Groups of $2 that take people, as a row of join_view.
inline constexpr pg::Statement kJoinGroups{"join_groups",
                                           "SELECT 3 AS row_kind, g.id AS row_id, g.community_id AS row_community, "
                                           "g.tag AS txt, g.kind AS n1, g.capacity AS n2,"
                                           " g.member_count AS n3, g.version AS n4 FROM chat_group g"
                                           " WHERE g.tenant_id = $1::uuid AND g.id = ANY ($2::uuid[]) AND g.state = 1"};

// Members $2.., identities $13.., groups $17.. and their time of change $20, communities $21.., links $23.., what
// else is known of the members $25.., tags $32..: arrays, one a column.
inline constexpr idempotency::Effect kJoin{
    "join",
    "joined AS (INSERT INTO member (tenant_id, id, community_id, external_id, display_name, expectation, state,"
    "   group_id, source, accepted_rules_version, waiting_ticket, join_time, create_time, update_time, version,"
    "   attributes, customer_class, fan_score, values_fit, consent_time, consent_statement, referrer_id)"
    "  SELECT $1::uuid, m.id, m.community, m.external_id, m.display_name, m.expectation, m.state, m.group_id, m.source,"
    "         m.rules, m.ticket, m.at, m.at, m.at, 1, m.attributes::jsonb, m.class, m.fan, m.fit, m.consent,"
    "         m.statement, m.referrer"
    "    FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[], $8::uuid[],"
    "                $9::int[], $10::int[], $11::bigint[], $12::timestamptz[], $25::text[], $26::int[], $27::int[],"
    "                $28::int[], $29::timestamptz[], $30::text[], $31::uuid[])"
    "      AS m (id, community, external_id, display_name, expectation, state, group_id, source, rules, ticket, at,"
    "            attributes, class, fan, fit, consent, statement, referrer)),"
    " tagged AS (INSERT INTO member_tag (tenant_id, community_id, tag, member_id, create_time)"
    "  SELECT $1::uuid, t.community, t.tag, t.member, $20::timestamptz"
    "    FROM unnest($32::uuid[], $33::text[], $34::uuid[]) AS t (community, tag, member)),"
    " accepted AS (INSERT INTO rules_acceptance (tenant_id, community_id, member_id, version, accept_time)"
    "  SELECT $1::uuid, m.community, m.id, m.rules, m.at"
    "    FROM unnest($2::uuid[], $3::uuid[], $10::int[], $12::timestamptz[]) AS m (id, community, rules, at)"
    "   WHERE m.rules > 0),"
    " named AS (INSERT INTO member_identity (tenant_id, community_id, channel, user_id, member_id)"
    "  SELECT $1::uuid, i.community, i.channel, i.user_id, i.member"
    "    FROM unnest($13::uuid[], $14::int[], $15::text[], $16::uuid[]) AS i (community, channel, user_id, "
    "member)),"
    " places AS (UPDATE chat_group g SET member_count = g.member_count + n.joined, version = g.version + n.filled,"
    "     update_time = CASE WHEN n.filled = 1 THEN $20::timestamptz ELSE g.update_time END"
    "   FROM unnest($17::uuid[], $18::int[], $19::int[]) AS n (id, joined, filled)"
    "  WHERE g.tenant_id = $1::uuid AND g.id = n.id),"
    " queue AS (UPDATE community c SET waiting_count = c.waiting_count + n.waiting, next_ticket = c.next_ticket + "
    "n.waiting"
    "   FROM unnest($21::uuid[], $22::int[]) AS n (id, waiting) WHERE c.tenant_id = $1::uuid AND c.id = n.id),"
    " used AS (UPDATE invite_link l SET uses = l.uses + n.uses"
    "   FROM unnest($23::uuid[], $24::int[]) AS n (id, uses) WHERE l.tenant_id = $1::uuid AND l.id = n.id)",
    34};

// Columns of a member as member_store reads them; identities as "channel:user id", attributes as JSON
#define LANTING_MEMBER_COLUMNS                                                                               \
  "m.id, m.community_id, m.external_id, m.display_name, m.expectation, m.state, m.group_id, m.source,"       \
  " m.accepted_rules_version, m.waiting_ticket, m.join_time, m.create_time, m.update_time, m.version,"       \
  " m.attributes::text AS attributes, m.customer_class, m.fan_score, m.values_fit, m.consent_time,"          \
  " m.consent_statement, m.referrer_id, m.offer_expire_time, m.missed_offers, m.merged_into, m.leave_time,"  \
  " m.leave_reason,"                                                                                         \
  " ARRAY(SELECT t.tag FROM member_tag t WHERE t.tenant_id = m.tenant_id AND t.member_id = m.id"             \
  "        ORDER BY t.create_time, t.tag) AS tags,"                                                          \
  " ARRAY(SELECT p.group_id::text FROM group_place p WHERE p.tenant_id = m.tenant_id AND p.member_id = m.id" \
  "        ORDER BY p.group_id) AS topic_groups,"                                                            \
  " ARRAY(SELECT i.channel || ':' || i.user_id FROM member_identity i WHERE i.tenant_id = m.tenant_id"       \
  "        AND i.member_id = m.id ORDER BY i.channel) AS identities"

inline constexpr pg::Statement kGetMember{
    "get_member",
    "SELECT " LANTING_MEMBER_COLUMNS
    ", CASE WHEN m.state = 2 THEN (SELECT count(*) FROM member w WHERE w.tenant_id = m.tenant_id"
    "   AND w.community_id = m.community_id AND w.state = 2 AND w.waiting_ticket <= m.waiting_ticket) ELSE 0 END"
    " AS waiting_position"
    " FROM member m WHERE m.tenant_id = $1::uuid AND m.id = $2::uuid AND m.community_id = $3::uuid"};

// Without the place in the queue, which takes counting it.
inline constexpr pg::Statement kGetMemberRow{
    "get_member_row", "SELECT " LANTING_MEMBER_COLUMNS
                      " FROM member m WHERE m.tenant_id = $1::uuid AND m.id = $2::uuid AND m.community_id = $3::uuid"};

// A statement of its own: what the next one reads of the member's tags and identities is what the last holder
// committed.
inline constexpr pg::Statement kLockMember{
    "lock_member",
    "SELECT 1 FROM member WHERE tenant_id = $1::uuid AND id = $2::uuid AND community_id = $3::uuid FOR NO KEY UPDATE"};

// The people of a community $2; filter, order and page are appended (platform/resource/page.h).
inline constexpr const char* kSelectMembers =
    "SELECT " LANTING_MEMBER_COLUMNS " FROM member m WHERE m.tenant_id = $1::uuid AND m.community_id = $2::uuid";
inline constexpr const char* kSelectMembersNotLeft =
    "SELECT " LANTING_MEMBER_COLUMNS
    " FROM member m WHERE m.tenant_id = $1::uuid AND m.community_id = $2::uuid AND m.state NOT IN (3, 5)";

// A member leaves ($4 the group whose place becomes free, or NULL for the queue's).
inline constexpr pg::Statement kLeave{
    "leave",
    "WITH gone AS (UPDATE member SET state = 3, waiting_ticket = NULL, offer_expire_time = NULL, version = "
    "version + 1, update_time = $5::timestamptz, leave_time = $5::timestamptz, leave_reason = $6"
    "   WHERE tenant_id = $1::uuid AND id = $2::uuid),"
    " topics AS (DELETE FROM group_place WHERE tenant_id = $1::uuid AND member_id = $2::uuid RETURNING group_id),"
    " free AS (UPDATE chat_group SET member_count = member_count - 1"
    "   WHERE tenant_id = $1::uuid AND id IN (SELECT group_id FROM topics)),"
    // Those who became part of the member let go of what they kept of the person's.
    " merged AS (UPDATE member SET external_id = NULL WHERE tenant_id = $1::uuid AND merged_into = $2::uuid),"
    " nameless AS (DELETE FROM member_identity WHERE tenant_id = $1::uuid AND member_id = ANY (ARRAY("
    "   SELECT $2::uuid UNION ALL SELECT id FROM member WHERE tenant_id = $1::uuid AND merged_into = $2::uuid))),"
    " place AS (UPDATE chat_group SET member_count = member_count - 1 WHERE tenant_id = $1::uuid AND id = $4::uuid)"
    " UPDATE community SET waiting_count = waiting_count - 1"
    "  WHERE tenant_id = $1::uuid AND id = $3::uuid AND $4::uuid IS NULL"};

}  // namespace lanting::membership::sql
