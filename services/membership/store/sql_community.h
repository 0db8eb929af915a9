// Statements of communities, house rules and groups. $1 is always the tenant.
#pragma once

#include "platform/idempotency/write.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

#define LANTING_COMMUNITY_SELECT                                                                                   \
  "SELECT c.id, c.external_id, c.display_name, c.template, c.structure, c.purpose, c.vision, c.target_user, "      \
  "c.product, c.positioning, c.offer_minutes, c.declarations, c.locale, c.time_zone, c.state, c.house_rules_version, c.waiting_count, c.version, " \
  "c.create_time, c.update_time, (SELECT coalesce(sum(g.member_count), 0) FROM chat_group g "                      \
  "WHERE g.tenant_id = c.tenant_id AND g.community_id = c.id) AS member_count FROM community c "

inline constexpr pg::Statement kGetCommunity{"get_community",
                                             LANTING_COMMUNITY_SELECT "WHERE c.tenant_id = $1 AND c.id = $2"};
// Members keep joining while others change a community's text; both change its row: one after the other.
inline constexpr pg::Statement kGetCommunityLocked{
    "get_community_locked", LANTING_COMMUNITY_SELECT "WHERE c.tenant_id = $1 AND c.id = $2 FOR NO KEY UPDATE OF c"};
// Continued with the filter, the order and the page.
inline constexpr const char* kListCommunities = LANTING_COMMUNITY_SELECT "WHERE c.tenant_id = $1";

inline constexpr pg::Statement kCommunityExists{"community_exists",
                                                "SELECT 1 FROM community WHERE tenant_id = $1 AND id = $2"};

// $2..$16, $22, $23 community, $17 text of the rules, $18..$21 gate.
inline constexpr idempotency::Effect kOpenCommunity{
    "open_community",
    "c AS (INSERT INTO community (tenant_id, id, external_id, display_name, template, structure, purpose, vision, "
    "target_user, product, declarations, locale, time_zone, state, house_rules_version, version, create_time, "
    "update_time, positioning, offer_minutes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1, "
    "$15, $16, $16, $22, $23)), "
    "r AS (INSERT INTO house_rules (tenant_id, community_id, version, text, create_time) "
    "VALUES ($1, $2, 1, $17, $16)), "
    "g AS (INSERT INTO gate (tenant_id, id, community_id, display_name, kind, questions, create_time) "
    "VALUES ($1, $18, $2, $19, $20, $21, $16))",
    23};

inline constexpr idempotency::Effect kUpdateCommunity{
    "update_community",
    "c AS (UPDATE community SET display_name = $3, structure = $4, purpose = $5, vision = $6, target_user = $7, "
    "product = $8, declarations = $9, locale = $10, time_zone = $11, version = $12, update_time = $13, "
    "positioning = $14, offer_minutes = $15 WHERE tenant_id = $1 AND id = $2)",
    15};

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
  "version, create_time, update_time, tag, purpose, owner, parent_group_id, split_id) "                              \
  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13, $14, $15)"
inline constexpr idempotency::Effect kCreateGroup{"create_group", "g AS (" LANTING_GROUP_INSERT ")", 15};
// For a body that lets people into the new group with its effect.
inline constexpr pg::Statement kInsertGroup{"insert_group", LANTING_GROUP_INSERT};

// Free places of the main groups.
inline constexpr pg::Statement kFreeMainPlaces{
    "free_main_places",
    "SELECT coalesce(sum(g.capacity - g.member_count), 0) AS places FROM chat_group g "
    "WHERE g.tenant_id = $1 AND g.community_id = $2 AND g.kind = 1 AND g.state = 1"};

#define LANTING_GROUP_SELECT                                                                                         \
  "SELECT g.id, g.community_id, g.display_name, g.kind, g.channel, g.channel_group_id, g.capacity, g.member_count, " \
  "g.version, g.create_time, g.update_time, g.state, g.tag, g.purpose, g.owner, g.parent_group_id, g.split_id "         \
  "FROM chat_group g "
inline constexpr pg::Statement kGetGroup{
    "get_group", LANTING_GROUP_SELECT "WHERE g.tenant_id = $1 AND g.community_id = $2 AND g.id = $3"};
inline constexpr const char* kListGroups = LANTING_GROUP_SELECT "WHERE g.tenant_id = $1 AND g.community_id = $2";

}  // namespace lanting::membership::sql
