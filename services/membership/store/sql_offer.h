// Statements of the waiting list: coming in from it, and offers of places. The tenant is always $1. Whoever runs one
// that writes holds the lock of the community.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

inline constexpr pg::Statement kLockQueue{
    "lock_queue",
    "SELECT offer_minutes, next_ticket, locale, state FROM community WHERE tenant_id = $1::uuid AND id = $2::uuid"
    " FOR NO KEY UPDATE"};

// Main groups with a free place, in the order of creation, at most $3; none while the community is archived.
inline constexpr pg::Statement kFreePlaces{
    "free_places",
    "SELECT id, capacity, member_count, version FROM chat_group"
    " WHERE tenant_id = $1::uuid AND community_id = $2::uuid AND kind = 1 AND state = 1 AND member_count < capacity"
    " AND EXISTS (SELECT FROM community c WHERE c.tenant_id = $1::uuid AND c.id = $2::uuid AND c.state = 1)"
    " ORDER BY id LIMIT $3::int"};

inline constexpr pg::Statement kFirstWaiting{
    "first_waiting",
    "SELECT id, source, referrer_id, version FROM member"
    " WHERE tenant_id = $1::uuid AND community_id = $2::uuid AND state = 2 ORDER BY waiting_ticket LIMIT $3::int"
    " FOR NO KEY UPDATE"};

// Where people wait beside a free place, of all tenants.
inline constexpr pg::Statement kWaitingCommunities{"waiting_communities",
                                                   "SELECT tenant_id, id FROM waiting_communities($1)"};
// Places that are kept for people, of all tenants, the first to run out first.
inline constexpr pg::Statement kOfferedPlaces{
    "offered_places", "SELECT tenant_id, community_id, offer_expire_time FROM offered_places($1)"};

// Members $3 take a place in the groups $4; counts of groups $6...
#define LANTING_TAKE_PLACES                                                                                       \
  " places AS (UPDATE chat_group g SET member_count = g.member_count + n.joined, version = g.version + n.filled," \
  "     update_time = CASE WHEN n.filled = 1 THEN $5::timestamptz ELSE g.update_time END"                         \
  "   FROM unnest($6::uuid[], $7::int[], $8::int[]) AS n (id, joined, filled)"                                    \
  "  WHERE g.tenant_id = $1::uuid AND g.id = n.id),"                                                              \
  " queue AS (UPDATE community SET waiting_count = waiting_count - cardinality($3::uuid[])"                       \
  "   WHERE tenant_id = $1::uuid AND id = $2::uuid)"
// They are in, with the tags of their groups (R66).
inline constexpr idempotency::Effect kPromote{
    "promote",
    "promoted AS (UPDATE member m SET state = 1, group_id = p.group_id, waiting_ticket = NULL,"
    "     join_time = $5::timestamptz, update_time = $5::timestamptz, version = m.version + 1"
    "   FROM unnest($3::uuid[], $4::uuid[]) AS p (id, group_id) WHERE m.tenant_id = $1::uuid AND m.id = p.id),"
    " tagged AS (INSERT INTO member_tag (tenant_id, community_id, tag, member_id, create_time)"
    "  SELECT $1::uuid, $2::uuid, g.tag, p.id, $5::timestamptz FROM unnest($3::uuid[], $4::uuid[]) AS p (id, group_id)"
    "    JOIN chat_group g ON g.tenant_id = $1::uuid AND g.id = p.group_id WHERE g.tag <> '' ON CONFLICT DO "
    "NOTHING)," LANTING_TAKE_PLACES,
    8};
// They are offered it until $9; lines of their history $10 with detail $11.
inline constexpr idempotency::Effect kOffer{
    "offer",
    "offered AS (UPDATE member m SET state = 4, group_id = p.group_id, waiting_ticket = NULL,"
    "     offer_expire_time = $9::timestamptz, update_time = $5::timestamptz, version = m.version + 1"
    "   FROM unnest($3::uuid[], $4::uuid[]) AS p (id, group_id) WHERE m.tenant_id = $1::uuid AND m.id = p.id),"
    " line AS (INSERT INTO member_history (tenant_id, member_id, id, community_id, kind, detail, actor, at)"
    "  SELECT $1::uuid, h.member, h.id, $2::uuid, 13, h.detail::jsonb, '', $5::timestamptz"
    "    FROM unnest($3::uuid[], $10::uuid[], $11::text[]) AS h (member, id, detail))," LANTING_TAKE_PLACES,
    11};

// The offered place becomes the person's: member $2 of community $3, now $4; the tag $5 of the group, if it has one.
inline constexpr idempotency::Effect kAcceptOffer{
    "accept_offer",
    "accepted AS (UPDATE member SET state = 1, offer_expire_time = NULL, missed_offers = 0, join_time = "
    "$4::timestamptz,"
    "     update_time = $4::timestamptz, version = version + 1 WHERE tenant_id = $1::uuid AND id = $2::uuid),"
    " tagged AS (INSERT INTO member_tag (tenant_id, community_id, tag, member_id, create_time)"
    "  SELECT $1::uuid, $3::uuid, $5::text, $2::uuid, $4::timestamptz WHERE $5::text <> '' ON CONFLICT DO NOTHING)",
    5};
inline constexpr pg::Statement kGroupTag{"group_tag",
                                         "SELECT tag FROM chat_group WHERE tenant_id = $1::uuid AND id = $2::uuid"};

// Offers of a community that ran out at $3, in the order in which they did.
inline constexpr pg::Statement kExpiredOffers{
    "expired_offers",
    "SELECT id, group_id, version, missed_offers FROM member WHERE tenant_id = $1::uuid AND community_id = $2::uuid"
    " AND state = 4 AND offer_expire_time <= $3::timestamptz ORDER BY offer_expire_time, id LIMIT $4::int"
    " FOR NO KEY UPDATE"};

// Members $3, whose places in the groups $4 fall free, go to the end of the queue with the tickets $5; now $6, lines of
// their history $7 with detail $8.
inline constexpr pg::Statement kRequeue{
    "requeue",
    "WITH lapsed AS (UPDATE member m SET state = 2, waiting_ticket = p.ticket, group_id = NULL,"
    "     offer_expire_time = NULL, missed_offers = m.missed_offers + 1, update_time = $6::timestamptz,"
    "     version = m.version + 1"
    "   FROM unnest($3::uuid[], $5::bigint[]) AS p (id, ticket) WHERE m.tenant_id = $1::uuid AND m.id = p.id),"
    " line AS (INSERT INTO member_history (tenant_id, member_id, id, community_id, kind, detail, actor, at)"
    "  SELECT $1::uuid, h.member, h.id, $2::uuid, 14, h.detail::jsonb, '', $6::timestamptz"
    "    FROM unnest($3::uuid[], $7::uuid[], $8::text[]) AS h (member, id, detail)),"
    " places AS (UPDATE chat_group g SET member_count = g.member_count - n.freed"
    "   FROM (SELECT f.id, count(*)::int FROM unnest($4::uuid[]) AS f (id) GROUP BY f.id) AS n (id, freed)"
    "  WHERE g.tenant_id = $1::uuid AND g.id = n.id)"
    " UPDATE community SET waiting_count = waiting_count + cardinality($3::uuid[]),"
    "     next_ticket = next_ticket + cardinality($3::uuid[]) WHERE tenant_id = $1::uuid AND id = $2::uuid"};

// An offer lapses of whom will leave next in the same transaction: two facts, so two versions.
inline constexpr pg::Statement kBumpMember{"bump_member",
                                           "UPDATE member SET version = version + 1, missed_offers = missed_offers + 1"
                                           " WHERE tenant_id = $1::uuid AND id = $2::uuid"};

}  // namespace lanting::membership::sql
