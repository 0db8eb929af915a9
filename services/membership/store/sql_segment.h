// Statements of segments, and the conditions that their filters (and those of ListMembers) consist of. $1 is the
// tenant.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

// --- conditions on member m of community $2; {value} and {key} become placeholders ---

// As a join with a unique key, which the planner may drive from either side: a rare tag from the tag's own index, which
// is in the order of the members' ids, a frequent one from the members.
inline constexpr const char* kHasTag =
    "EXISTS (SELECT FROM member_tag t WHERE t.tenant_id = $1::uuid AND t.community_id = $2::uuid"
    " AND t.tag = {value} AND t.member_id = m.id)";

// The home group or a topic group. As one set of ids: an OR with the member's own column would look at every member.
inline constexpr const char* kInGroup =
    "EXISTS (SELECT FROM (SELECT h.id FROM member h WHERE h.tenant_id = $1::uuid AND h.community_id = $2::uuid"
    " AND h.group_id = {value} UNION ALL SELECT p.member_id FROM group_place p WHERE p.tenant_id = $1::uuid"
    " AND p.group_id = {value}) x WHERE x.id = m.id)";

inline constexpr const char* kOnChannel =
    "EXISTS (SELECT FROM member_identity i WHERE i.tenant_id = $1::uuid AND i.member_id = m.id"
    " AND i.channel = {value})";

inline constexpr const char* kAttribute = "m.attributes ->> {key}";

// --- counting; continued with a filter ---

#define LANTING_MEMBERS_OF " FROM member m WHERE m.tenant_id = $1::uuid AND m.community_id = $2::uuid"
inline constexpr const char* kNotLeft = " AND m.state NOT IN (3, 5)";
// The same in words that the partial index of external ids is not taken for: through it a count reads every row.
inline constexpr const char* kNotLeftToCount = " AND (m.state IN (3, 5)) IS NOT TRUE";
inline constexpr const char* kCountMembers = "SELECT count(*)" LANTING_MEMBERS_OF;
inline constexpr const char* kSampleMembers = "SELECT m.id" LANTING_MEMBERS_OF;
inline constexpr const char* kSampleTail = " ORDER BY m.id LIMIT 10";
#undef LANTING_MEMBERS_OF

// Until the end of the transaction, how the planner is to go about it. Each tag of a filter is a join; more than five
// at a time it need not weigh against each other, which took it half a second for fifty.
#define LANTING_PLAN(hash_and_merge, work_mem)                                                                        \
  "SELECT set_config('enable_hashjoin', '" hash_and_merge "', true), set_config('enable_mergejoin', '" hash_and_merge \
  "', true), set_config('work_mem', '" work_mem                                                                       \
  "', true), set_config('join_collapse_limit', '5', true), "                                                          \
  "set_config('from_collapse_limit', '5', true)"
// The first members of a list are found by walking an index in the order of their ids and asking about each, never by
// reading all of a tag and hashing it: where the planner takes that for cheaper, it has taken a large set for a small
// one.
inline constexpr pg::Statement kPlanPage{"plan_page", LANTING_PLAN("off", "64kB")};
// A count looks at everybody: 64 MB hold a set of some 300,000 ids, which otherwise is searched once a member.
inline constexpr pg::Statement kPlanCount{"plan_count", LANTING_PLAN("on", "64MB")};
#undef LANTING_PLAN

// --- segments ---

#define LANTING_SEGMENT_SELECT                                                                                     \
  "SELECT s.id, s.community_id, s.display_name, s.filter, s.description, s.create_time, s.update_time, s.version " \
  "FROM segment s WHERE s.tenant_id = $1"
inline constexpr pg::Statement kGetSegment{"get_segment",
                                           LANTING_SEGMENT_SELECT " AND s.community_id = $2 AND s.id = $3"};
inline constexpr pg::Statement kLockSegment{
    "lock_segment", LANTING_SEGMENT_SELECT " AND s.community_id = $2 AND s.id = $3 FOR NO KEY UPDATE"};
inline constexpr const char* kListSegments = LANTING_SEGMENT_SELECT " AND s.community_id = $2::uuid";
inline constexpr pg::Statement kAllSegments{"all_segments",
                                            LANTING_SEGMENT_SELECT " AND s.community_id = $2 ORDER BY s.id"};
inline constexpr pg::Statement kSomeSegments{
    "some_segments", LANTING_SEGMENT_SELECT " AND s.community_id = $2 AND s.id = ANY ($3::uuid[]) ORDER BY s.id"};
#undef LANTING_SEGMENT_SELECT

inline constexpr pg::Statement kCountSegments{
    "count_segments", "SELECT count(*) FROM segment WHERE tenant_id = $1 AND community_id = $2"};

inline constexpr idempotency::Effect kCreateSegment{
    "create_segment",
    "s AS (INSERT INTO segment (tenant_id, id, community_id, display_name, filter, description, create_time, "
    "update_time, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8))",
    8};
inline constexpr idempotency::Effect kUpdateSegment{
    "update_segment",
    "s AS (UPDATE segment SET display_name = $3, filter = $4, description = $5, update_time = $6, version = $7 "
    "WHERE tenant_id = $1 AND id = $2)",
    7};
inline constexpr idempotency::Effect kDeleteSegment{"delete_segment",
                                                    "s AS (DELETE FROM segment WHERE tenant_id = $1 AND id = $2)", 2};

}  // namespace lanting::membership::sql
