// Statements of what is known of members: profiles, identities, tags, notes. $1 is always the tenant.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

// What an update may change of member $2 of community $3, with the tags that go ($15) and come ($16).
inline constexpr idempotency::Effect kUpdateMember{
    "update_member",
    "m AS (UPDATE member SET external_id = $4::text, display_name = $5::text, expectation = $6::text,"
    "     attributes = $7::text::jsonb, customer_class = $8::int, fan_score = $9::int, values_fit = $10::int,"
    "     consent_time = $11::timestamptz, consent_statement = $12::text, version = $13::bigint,"
    "     update_time = $14::timestamptz"
    "   WHERE tenant_id = $1::uuid AND id = $2::uuid AND community_id = $3::uuid),"
    " gone AS (DELETE FROM member_tag WHERE tenant_id = $1::uuid AND community_id = $3::uuid"
    "   AND tag = ANY ($15::text[]) AND member_id = $2::uuid),"
    " came AS (INSERT INTO member_tag (tenant_id, community_id, tag, member_id, create_time)"
    "   SELECT $1::uuid, $3::uuid, t.tag, $2::uuid, $14::timestamptz FROM unnest($16::text[]) AS t (tag))",
    16};

#define LANTING_MEMBER_TOUCH                                                    \
  "m AS (UPDATE member SET version = $4::bigint, update_time = $5::timestamptz" \
  "   WHERE tenant_id = $1::uuid AND id = $2::uuid AND community_id = $3::uuid)"
inline constexpr idempotency::Effect kAddIdentity{
    "add_identity",
    LANTING_MEMBER_TOUCH
    ", i AS (INSERT INTO member_identity (tenant_id, community_id, channel, user_id, member_id)"
    "   VALUES ($1::uuid, $3::uuid, $6::int, $7::text, $2::uuid))",
    7};
inline constexpr idempotency::Effect kRemoveIdentity{
    "remove_identity",
    LANTING_MEMBER_TOUCH
    ", i AS (DELETE FROM member_identity WHERE tenant_id = $1::uuid AND member_id = $2::uuid AND channel = $6::int)",
    6};

// Members $3 of community $2, in the order of their ids.
inline constexpr pg::Statement kLockMembers{
    "lock_members",
    "SELECT id FROM member WHERE tenant_id = $1::uuid AND community_id = $2::uuid AND id = ANY ($3::uuid[])"
    " ORDER BY id FOR NO KEY UPDATE"};
inline constexpr pg::Statement kTagsOfMembers{
    "tags_of_members",
    "SELECT m.id, m.state, m.version,"
    " ARRAY(SELECT t.tag FROM member_tag t WHERE t.tenant_id = m.tenant_id AND t.member_id = m.id"
    "        ORDER BY t.create_time, t.tag) AS tags"
    " FROM member m WHERE m.tenant_id = $1::uuid AND m.community_id = $2::uuid AND m.id = ANY ($3::uuid[])"};
// Members $4 change; tags $6 of members $5 come, tags $8 of members $7 go; lines $9 of the history of members $4.
inline constexpr idempotency::Effect kTagMembers{
    "tag_members",
    "m AS (UPDATE member SET version = version + 1, update_time = $3::timestamptz"
    "   WHERE tenant_id = $1::uuid AND id = ANY ($4::uuid[])),"
    " came AS (INSERT INTO member_tag (tenant_id, community_id, tag, member_id, create_time)"
    "   SELECT $1::uuid, $2::uuid, t.tag, t.member, $3::timestamptz FROM unnest($5::uuid[], $6::text[])"
    "     AS t (member, tag)),"
    " gone AS (DELETE FROM member_tag d USING unnest($7::uuid[], $8::text[]) AS t (member, tag)"
    "   WHERE d.tenant_id = $1::uuid AND d.community_id = $2::uuid AND d.tag = t.tag AND d.member_id = t.member),"
    " history AS (INSERT INTO member_history (tenant_id, member_id, id, community_id, kind, detail, actor, at)"
    "   SELECT $1::uuid, h.member, h.id, $2::uuid, 15, h.detail::jsonb, $11::text, $3::timestamptz"
    "     FROM unnest($4::uuid[], $10::uuid[], $9::text[]) AS h (member, id, detail))",
    11};

// Tags of community $2 after $3, at most $4, with those who carry them and did not leave. Planned anew each time: the
// plan for any community looks up member by member, and takes ten times as long for 100,000 of them.
inline constexpr const char* kListTags =
    "SELECT t.tag, count(*) AS members FROM member_tag t"
    " JOIN member m ON m.tenant_id = t.tenant_id AND m.id = t.member_id"
    " WHERE t.tenant_id = $1::uuid AND t.community_id = $2::uuid AND t.tag > $3::text AND m.state NOT IN (3, 5)"
    " GROUP BY t.tag ORDER BY t.tag LIMIT $4::int";

// Of the ACTIVE members of community $2: how many, and how many wrote what they hope to get.
inline constexpr pg::Statement kCountExpectations{
    "count_expectations",
    "SELECT count(*) AS active, count(*) FILTER (WHERE m.expectation <> '') AS stated FROM member m"
    " WHERE m.tenant_id = $1::uuid AND m.community_id = $2::uuid AND m.state = 1"};
// The beginnings of what they wrote, the last who came first, at most $3.
inline constexpr pg::Statement kListExpectations{
    "list_expectations",
    "SELECT left(m.expectation, 100) AS expectation FROM member m WHERE m.tenant_id = $1::uuid"
    " AND m.community_id = $2::uuid AND m.state = 1 AND m.expectation <> '' ORDER BY m.id DESC LIMIT $3::int"};

// Whether the member $2 of community $3 is there, with what replies about them are written in.
inline constexpr pg::Statement kMemberLocale{
    "member_locale",
    "SELECT c.locale FROM member m JOIN community c ON c.tenant_id = m.tenant_id AND c.id = m.community_id"
    " WHERE m.tenant_id = $1::uuid AND m.id = $2::uuid AND m.community_id = $3::uuid"};

inline constexpr idempotency::Effect kCreateNote{
    "create_note",
    "n AS (INSERT INTO member_note (tenant_id, member_id, id, community_id, text, author, author_name, create_time)"
    "  VALUES ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::text, $6::text, $7::text, $8::timestamptz))",
    8};
inline constexpr idempotency::Effect kDeleteNote{
    "delete_note",
    "n AS (DELETE FROM member_note WHERE tenant_id = $1::uuid AND member_id = $2::uuid AND id = $3::uuid)", 3};
inline constexpr pg::Statement kLockNote{
    "lock_note",
    "SELECT 1 FROM member_note WHERE tenant_id = $1::uuid AND member_id = $2::uuid AND id = $3::uuid"
    " AND community_id = $4::uuid FOR UPDATE"};
// Of member $2; continued with the page.
inline constexpr const char* kListNotes =
    "SELECT n.id, n.member_id, n.community_id, n.text, n.author, n.author_name, n.create_time FROM member_note n"
    " WHERE n.tenant_id = $1::uuid AND n.member_id = $2::uuid";

}  // namespace lanting::membership::sql
