// Statements of merges. $1 is always the tenant.
#pragma once

#include <array>

#include "platform/pg/tx.h"

namespace lanting::membership::sql {

// --- what belongs to a member and goes with the person ---

// Rows that come from the source to the target with a merge, and go back with its undo. `move`: $2 source, $3 target;
// answers the key of every row that it moved, as text. `give_back`: the same, and $4 the keys: those of them that the
// target still has.
struct MovedRows {
  const char* name;  // in snapshots: never renamed
  pg::Statement move, give_back;
};

// A table with member_id and a unique uuid id.
#define LANTING_MOVED_BY_ID(TABLE)                                                             \
  MovedRows {                                                                                  \
    TABLE,                                                                                     \
        {"merge_move_" TABLE, "UPDATE " TABLE                                                  \
                              " SET member_id = $3::uuid WHERE tenant_id = $1::uuid AND"       \
                              " member_id = $2::uuid RETURNING id::text AS key"},              \
        {"merge_give_back_" TABLE, "UPDATE " TABLE                                             \
                                   " SET member_id = $2::uuid WHERE tenant_id = $1::uuid AND"  \
                                   " member_id = $3::uuid AND id = ANY ($4::text[]::uuid[])"}, \
  }
// A table with at most one row of a member for each KEY, to whose type ARRAY casts text[]: what both have stays with
// each.
#define LANTING_MOVED_ONCE(TABLE, KEY, ARRAY)                                                                      \
  MovedRows {                                                                                                      \
    TABLE,                                                                                                         \
        {"merge_move_" TABLE, "UPDATE " TABLE                                                                      \
                              " a SET member_id = $3::uuid WHERE a.tenant_id = $1::uuid AND"                       \
                              " a.member_id = $2::uuid AND NOT EXISTS (SELECT FROM " TABLE                         \
                              " t WHERE t.tenant_id = $1::uuid AND t.member_id = $3::uuid AND t." KEY " = a." KEY  \
                              ") RETURNING a." KEY "::text AS key"},                                               \
        {"merge_give_back_" TABLE, "UPDATE " TABLE                                                                 \
                                   " SET member_id = $2::uuid WHERE tenant_id = $1::uuid AND member_id = $3::uuid" \
                                   " AND " KEY " = ANY ($4::text[]" ARRAY ")"},                                    \
  }
// A table with id whose COLUMN names a member; FROM and TO are further assignments.
#define LANTING_MOVED_REFERENCE(TABLE, COLUMN, SET)                                                 \
  MovedRows {                                                                                       \
    TABLE "." COLUMN,                                                                               \
        {"merge_move_" TABLE "_" COLUMN,                                                            \
         "UPDATE " TABLE " SET " COLUMN " = $3::uuid" SET " WHERE tenant_id = $1::uuid AND " COLUMN \
         " = $2::uuid AND id <> $3::uuid RETURNING id::text AS key"},                               \
        {"merge_give_back_" TABLE "_" COLUMN,                                                       \
         "UPDATE " TABLE " SET " COLUMN " = $2::uuid" SET " WHERE tenant_id = $1::uuid AND " COLUMN \
         " = $3::uuid AND id = ANY ($4::text[]::uuid[])"},                                          \
  }

// A new table about members gets its line here, and one in sql_erasure.h if it holds personal data. Identities, tags
// and places have rules of their own (domain/merge.h).
inline constexpr std::array kMovedRows{
    LANTING_MOVED_BY_ID("member_history"),
    LANTING_MOVED_BY_ID("member_note"),
    LANTING_MOVED_ONCE("onboarding_step_done", "step", ""),
    LANTING_MOVED_ONCE("onboarding_completion", "community_id", "::uuid[]"),
    LANTING_MOVED_ONCE("group_founder", "group_id", "::uuid[]"),
    // What both are, each stays.
    MovedRows{"staff.member_id",
              {"merge_move_staff_member_id",
               "UPDATE staff s SET member_id = $3::uuid WHERE s.tenant_id = $1::uuid AND s.member_id = $2::uuid"
               " AND NOT EXISTS (SELECT FROM staff t WHERE t.tenant_id = $1::uuid AND t.member_id = $3::uuid"
               " AND t.role = s.role AND t.end_time IS NULL) RETURNING s.id::text AS key"},
              {"merge_give_back_staff_member_id",
               "UPDATE staff SET member_id = $2::uuid WHERE tenant_id = $1::uuid AND member_id = $3::uuid"
               " AND id = ANY ($4::text[]::uuid[])"}},
    LANTING_MOVED_ONCE("rules_acceptance", "version", "::int[]"),
    // Whom the person brought, and by which links.
    LANTING_MOVED_REFERENCE("member", "referrer_id", ", version = version + 1"),
    LANTING_MOVED_REFERENCE("invite_link", "referrer_id", ""),
    // Who became part of the source before: merged_into always names one who is not MERGED.
    LANTING_MOVED_REFERENCE("member", "merged_into", ", version = version + 1"),
};

// --- the two members ---

// In the order of their ids, so that two merges cannot deadlock.
inline constexpr pg::Statement kLockMembers{
    "lock_members",
    "SELECT id FROM member WHERE tenant_id = $1::uuid AND community_id = $2::uuid AND id = ANY ($3::uuid[])"
    " ORDER BY id FOR UPDATE"};

// Everything of a member that a merge or its undo may change.
inline constexpr pg::Statement kWriteMergedMember{
    "write_merged_member",
    "UPDATE member SET external_id = $3, expectation = $4, state = $5, group_id = $6, waiting_ticket = $7,"
    " offer_expire_time = $8, accepted_rules_version = $9, attributes = $10::text::jsonb, customer_class = $11,"
    " fan_score = $12, values_fit = $13, consent_time = $14, consent_statement = $15, referrer_id = $16,"
    " merged_into = $17, join_time = $18, update_time = $19, version = $20"
    " WHERE tenant_id = $1::uuid AND id = $2::uuid"};

// From $2 to $3: identities by channel $4 and user id $5.
inline constexpr pg::Statement kMoveIdentities{
    "move_identities",
    "UPDATE member_identity i SET member_id = $3::uuid FROM unnest($4::int[], $5::text[]) AS p (channel, user_id)"
    " WHERE i.tenant_id = $1::uuid AND i.member_id = $2::uuid AND i.channel = p.channel::smallint"
    " AND i.user_id = p.user_id"};
inline constexpr pg::Statement kMoveTags{
    "move_tags",
    "UPDATE member_tag SET member_id = $3::uuid WHERE tenant_id = $1::uuid AND member_id = $2::uuid"
    " AND tag = ANY ($4::text[])"};
inline constexpr pg::Statement kDropTags{
    "drop_tags",
    "DELETE FROM member_tag WHERE tenant_id = $1::uuid AND member_id = $2::uuid AND tag = ANY ($3::text[])"};
inline constexpr pg::Statement kAddTags{
    "add_tags_back",
    "INSERT INTO member_tag (tenant_id, community_id, tag, member_id, create_time)"
    " SELECT $1::uuid, $2::uuid, t, $3::uuid, $5 FROM unnest($4::text[]) AS t ON CONFLICT DO NOTHING"};
inline constexpr pg::Statement kMovePlaces{
    "move_places",
    "UPDATE group_place SET member_id = $3::uuid WHERE tenant_id = $1::uuid AND member_id = $2::uuid"
    " AND group_id = ANY ($4::uuid[])"};
inline constexpr pg::Statement kDropPlaces{
    "drop_places",
    "WITH gone AS (DELETE FROM group_place WHERE tenant_id = $1::uuid AND member_id = $2::uuid"
    "   AND group_id = ANY ($3::uuid[]) RETURNING group_id)"
    " UPDATE chat_group SET member_count = member_count - 1"
    "  WHERE tenant_id = $1::uuid AND id IN (SELECT group_id FROM gone)"};
inline constexpr pg::Statement kAddPlace{
    "add_place_back",
    "INSERT INTO group_place (tenant_id, community_id, group_id, member_id, join_time) VALUES ($1, $2, $3, $4, $5)"};

// --- places and the queue; under the lock of the community ---

inline constexpr pg::Statement kFreePlaceOf{
    "free_place_of", "UPDATE chat_group SET member_count = member_count - 1 WHERE tenant_id = $1 AND id = $2"};
// A place of the group $2, if it has one. The version grows with the fact that it is full, or nearly.
inline constexpr pg::Statement kTakePlace{
    "take_place",
    "UPDATE chat_group SET member_count = member_count + 1,"
    " version = version + CASE WHEN member_count + 1 = capacity OR (member_count + 1) * 10::bigint >= capacity * "
    "9::bigint"
    "   AND member_count * 10::bigint < capacity * 9::bigint THEN 1 ELSE 0 END, update_time = $3"
    " WHERE tenant_id = $1 AND id = $2 AND state = 1 AND member_count < capacity"
    " RETURNING capacity, member_count, version"};
inline constexpr pg::Statement kLeaveQueue{
    "leave_queue", "UPDATE community SET waiting_count = waiting_count - $3::int WHERE tenant_id = $1 AND id = $2"};
// Answers the ticket of the end; $3: the queue is joined with one that is known.
inline constexpr pg::Statement kJoinQueue{
    "join_queue",
    "UPDATE community SET waiting_count = waiting_count + 1, next_ticket = next_ticket + CASE WHEN $3::boolean THEN 0"
    " ELSE 1 END WHERE tenant_id = $1 AND id = $2 RETURNING next_ticket - 1 AS ticket"};

// --- the merge itself ---

inline constexpr pg::Statement kInsertMerge{
    "insert_merge",
    "INSERT INTO member_merge (tenant_id, id, community_id, target_id, source_id, reason, snapshot, state, actor,"
    " create_time) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9)"};
inline constexpr pg::Statement kEndMerge{"end_merge",
                                         "UPDATE member_merge SET state = 2, snapshot = '', undo_time = $3, undo_actor "
                                         "= $4 WHERE tenant_id = $1 AND id = $2"};
#define LANTING_MERGE_SELECT                                                                                      \
  "SELECT g.id, g.community_id, g.target_id, g.source_id, g.reason, g.snapshot, g.state, g.actor, g.create_time," \
  " g.undo_time FROM member_merge g "
inline constexpr pg::Statement kGetMerge{
    "get_merge", LANTING_MERGE_SELECT "WHERE g.tenant_id = $1 AND g.community_id = $2 AND g.id = $3"};
inline constexpr const char* kListMerges = LANTING_MERGE_SELECT "WHERE g.tenant_id = $1 AND g.community_id = $2";
// Merges that any of the members $2 took part in.
inline constexpr pg::Statement kMergesOf{
    "merges_of", LANTING_MERGE_SELECT
    "WHERE g.tenant_id = $1 AND (g.target_id = ANY ($2::uuid[]) OR g.source_id = ANY ($2::uuid[])) ORDER BY g.id"
    " LIMIT $3::int"};

}  // namespace lanting::membership::sql
