// Statements about duplicates. $1 is always the tenant, $2 the community.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

#define LANTING_IN_COMMUNITY "o.tenant_id = $1::uuid AND o.community_id = $2::uuid AND o.state IN (1, 2, 4)"
#define LANTING_SAME(COLUMN, COMPARE, ORDER)                                                                \
  "(SELECT o.id FROM member o WHERE " LANTING_IN_COMMUNITY " AND o." COLUMN " = m." COLUMN " AND o." COLUMN \
  " <> '' AND o.id " COMPARE " m.id ORDER BY o." COLUMN ", o.id " ORDER " LIMIT $5::int)"
// Pairs of the members $3 and others, $5 for each reason. By the indexes of migration 0009; user ids by the primary key
// of identities, channel ($4) by channel. Others of an equal expectation are compared by name afterwards.
#define LANTING_PAIRS(COMPARE, ORDER) \
  "SELECT m.id AS member, p.id AS other FROM member m CROSS JOIN LATERAL ("                                           \
  LANTING_SAME("name_key", COMPARE, ORDER) " UNION " LANTING_SAME("phone_key", COMPARE, ORDER)                        \
  " UNION " LANTING_SAME("email_key", COMPARE, ORDER) " UNION " LANTING_SAME("unionid_key", COMPARE, ORDER)           \
  " UNION " LANTING_SAME("expectation_key", COMPARE, ORDER)                                                           \
  " UNION (SELECT i.member_id FROM member_identity mine CROSS JOIN unnest($4::int[]) AS c (channel)"                  \
  "   CROSS JOIN LATERAL (SELECT x.member_id FROM member_identity x WHERE x.tenant_id = $1::uuid"                     \
  "     AND x.community_id = $2::uuid AND x.channel = c.channel::smallint AND x.user_id = mine.user_id LIMIT 1) i"    \
  "   WHERE mine.tenant_id = $1::uuid AND mine.member_id = m.id AND c.channel <> mine.channel"                        \
  "     AND i.member_id " COMPARE " m.id LIMIT $5::int)) p"                                                           \
  " WHERE m.tenant_id = $1::uuid AND m.community_id = $2::uuid AND m.id = ANY ($3::uuid[])"                           \
  "   AND NOT EXISTS (SELECT FROM duplicate_dismissal d WHERE d.tenant_id = $1::uuid"                                 \
  "     AND d.member_id = least(m.id, p.id) AND d.other_id = greatest(m.id, p.id))"                                   \
  " ORDER BY m.id, p.id"

// With whomever, and with those who came later: each pair once.
inline constexpr pg::Statement kDuplicatesOf{"duplicates_of", LANTING_PAIRS("<>", "DESC")};
inline constexpr pg::Statement kLaterDuplicates{"later_duplicates", LANTING_PAIRS(">", "ASC")};

// The members from $3 on, of whatever state: what one call looks at.
inline constexpr pg::Statement kMembersFrom{
    "members_from",
    "SELECT id, state FROM member WHERE tenant_id = $1::uuid AND community_id = $2::uuid"
    " AND id >= coalesce($3::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY id LIMIT $4::int"};

inline constexpr pg::Statement kPersonTraits{
    "person_traits",
    "SELECT o.id, o.display_name, o.name_key, o.expectation_key, o.phone_key, o.email_key, o.unionid_key,"
    " ARRAY(SELECT i.channel || ':' || i.user_id FROM member_identity i WHERE i.tenant_id = o.tenant_id"
    "        AND i.member_id = o.id ORDER BY i.channel) AS identities"
    " FROM member o WHERE " LANTING_IN_COMMUNITY " AND o.id = ANY ($3::uuid[])"};

// How many of the members $3 there are.
inline constexpr pg::Statement kExistingMembers{
    "existing_members",
    "SELECT id FROM member WHERE tenant_id = $1::uuid AND community_id = $2::uuid AND id = ANY ($3::uuid[])"};

inline constexpr idempotency::Effect kDismissDuplicate{
    "dismiss_duplicate",
    "d AS (INSERT INTO duplicate_dismissal (tenant_id, community_id, member_id, other_id, actor, create_time)"
    " VALUES ($1::uuid, $2::uuid, least($3::uuid, $4::uuid), greatest($3::uuid, $4::uuid), $5, $6)"
    " ON CONFLICT DO NOTHING)",
    6};

}  // namespace lanting::membership::sql
