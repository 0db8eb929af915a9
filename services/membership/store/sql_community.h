// Statements of communities, house rules and groups. $1 is always the tenant.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

// No open main group that is not near full (domain/join.h: IsNearFull).
#define LANTING_NEEDS_GROUP                                                                         \
  "NOT EXISTS (SELECT FROM chat_group g WHERE g.tenant_id = c.tenant_id AND g.community_id = c.id " \
  "AND g.kind = 1 AND g.state = 1 AND g.member_count::bigint * 10 < g.capacity::bigint * 9)"
inline constexpr const char* kNeedsGroup = LANTING_NEEDS_GROUP;

// member_count: first places only; further ones are in group_place.
#define LANTING_COMMUNITY_SELECT                                                                                       \
  "SELECT c.id, c.external_id, c.display_name, c.template, c.structure, c.purpose, c.vision, c.target_user, "          \
  "c.product, c.positioning, c.offer_minutes, c.declarations, c.locale, c.time_zone, c.state, c.house_rules_version, " \
  "c.waiting_count, c.version, c.create_time, c.update_time, c.type, c.purposes, c.product_kind, "                     \
  "(SELECT coalesce(sum(g.member_count), 0) FROM chat_group g WHERE g.tenant_id = c.tenant_id "                        \
  "AND g.community_id = c.id) - (SELECT count(*) FROM group_place p WHERE p.tenant_id = c.tenant_id "                  \
  "AND p.community_id = c.id) AS member_count, " LANTING_NEEDS_GROUP " AS needs_group FROM community c "

inline constexpr pg::Statement kGetCommunity{"get_community",
                                             LANTING_COMMUNITY_SELECT "WHERE c.tenant_id = $1 AND c.id = $2"};
// Members keep joining while others change a community's text; both change its row: one after the other.
inline constexpr pg::Statement kGetCommunityLocked{
    "get_community_locked", LANTING_COMMUNITY_SELECT "WHERE c.tenant_id = $1 AND c.id = $2 FOR NO KEY UPDATE OF c"};
// Continued with the filter, the order and the page.
inline constexpr const char* kListCommunities = LANTING_COMMUNITY_SELECT "WHERE c.tenant_id = $1";

inline constexpr pg::Statement kCommunityExists{"community_exists",
                                                "SELECT 1 FROM community WHERE tenant_id = $1 AND id = $2"};

// $2..$16, $22..$26 community, $17 text of the rules, $18..$21 gate.
inline constexpr idempotency::Effect kOpenCommunity{
    "open_community",
    "c AS (INSERT INTO community (tenant_id, id, external_id, display_name, template, structure, purpose, vision, "
    "target_user, product, declarations, locale, time_zone, state, house_rules_version, version, create_time, "
    "update_time, positioning, offer_minutes, type, purposes, product_kind) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
    "$9, "
    "$10, $11, $12, $13, $14, 1, $15, $16, $16, $22, $23, $24, $25::int[], $26)), "
    "r AS (INSERT INTO house_rules (tenant_id, community_id, version, text, create_time) "
    "VALUES ($1, $2, 1, $17, $16)), "
    "g AS (INSERT INTO gate (tenant_id, id, community_id, display_name, kind, questions, create_time) "
    "VALUES ($1, $18, $2, $19, $20, $21, $16))",
    26};

inline constexpr idempotency::Effect kUpdateCommunity{
    "update_community",
    "c AS (UPDATE community SET display_name = $3, structure = $4, purpose = $5, vision = $6, target_user = $7, "
    "product = $8, declarations = $9, locale = $10, time_zone = $11, version = $12, update_time = $13, "
    "positioning = $14, offer_minutes = $15, type = $16, purposes = $17::int[], product_kind = $18 "
    "WHERE tenant_id = $1 AND id = $2)",
    18};

// For a body that lets people in with its effect, as all of these without an Effect.
inline constexpr pg::Statement kSetCommunityState{
    "set_community_state",
    "UPDATE community SET state = $3::int, version = $4, update_time = $5 WHERE tenant_id = $1 AND id = $2"};

inline constexpr idempotency::Effect kPublishHouseRules{
    "publish_house_rules",
    "r AS (INSERT INTO house_rules (tenant_id, community_id, version, text, create_time) VALUES ($1, $2, $3, $4, $5)), "
    "c AS (UPDATE community SET house_rules_version = $3, version = $6, update_time = $5 "
    "WHERE tenant_id = $1 AND id = $2)",
    6};

inline constexpr pg::Statement kGetHouseRules{"get_house_rules",
                                              "SELECT r.version, r.text, r.create_time FROM house_rules r "
                                              "WHERE r.tenant_id = $1 AND r.community_id = $2 AND r.version = $3"};
inline constexpr pg::Statement kGetCurrentHouseRules{
    "get_current_house_rules",
    "SELECT r.version, r.text, r.create_time FROM community c JOIN house_rules r ON r.tenant_id = c.tenant_id "
    "AND r.community_id = c.id AND r.version = c.house_rules_version WHERE c.tenant_id = $1 AND c.id = $2"};

#define LANTING_GROUP_INSERT                                                                                       \
  "INSERT INTO chat_group (tenant_id, id, community_id, display_name, kind, channel, channel_group_id, capacity, " \
  "version, create_time, update_time, tag, purpose, owner, parent_group_id, split_id) "                            \
  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13, $14, $15)"
inline constexpr idempotency::Effect kCreateGroup{"create_group", "g AS (" LANTING_GROUP_INSERT ")", 15};
// For a body that lets people into the new group with its effect.
inline constexpr pg::Statement kInsertGroup{"insert_group", LANTING_GROUP_INSERT};

// Free places of the main groups.
inline constexpr pg::Statement kFreeMainPlaces{
    "free_main_places",
    "SELECT coalesce(sum(g.capacity - g.member_count), 0) AS places FROM chat_group g "
    "WHERE g.tenant_id = $1 AND g.community_id = $2 AND g.kind = 1 AND g.state = 1"};

// Not the counts: they move as members come and go.
inline constexpr pg::Statement kUpdateGroup{
    "update_group",
    "UPDATE chat_group SET display_name = $3, channel_group_id = $4, capacity = $5, state = $6::int, tag = $7, purpose "
    "= $8, "
    "owner = $9, version = $10, update_time = $11 WHERE tenant_id = $1 AND id = $2"};

#define LANTING_GROUP_COLUMNS                                                                                 \
  "g.id, g.community_id, g.display_name, g.kind, g.channel, g.channel_group_id, g.capacity, g.member_count, " \
  "g.version, g.create_time, g.update_time, g.state, g.tag, g.purpose, g.owner, g.parent_group_id, g.split_id"
#define LANTING_GROUP_SELECT "SELECT " LANTING_GROUP_COLUMNS " FROM chat_group g "
// The number of lanting.membership.v1.FillState.
inline constexpr const char* kFillState =
    "(CASE WHEN g.member_count >= g.capacity THEN 3 WHEN g.member_count::bigint * 10 >= g.capacity::bigint * 9 THEN 2 "
    "ELSE 1 END)";
inline constexpr pg::Statement kGetGroup{
    "get_group", LANTING_GROUP_SELECT "WHERE g.tenant_id = $1 AND g.community_id = $2 AND g.id = $3"};
inline constexpr const char* kListGroups = LANTING_GROUP_SELECT "WHERE g.tenant_id = $1 AND g.community_id = $2";

}  // namespace lanting::membership::sql
